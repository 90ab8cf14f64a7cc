"""What each platform's own schema says of `cluster_config`: botocore's models of AWS, Google's discovery documents, the JSON
Schemas of Kubernetes, and that of `adg.yaml`. Each is given something wrong too, which it must notice."""

import copy
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from importlib.resources import files as resources
from typing import Any

import botocore.session
import jsonschema
import kubernetes_validate
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator
from moto.events.models import EventPattern

from world.checks import Checks
from cases.cluster.dags import DAGS, composer
from cases.cluster.files import FOLDER, launched, load, messages
from cases.cluster.terraform import TERRAFORM

KUBERNETES = ("1.31", "1.34")
"""The oldest that knows all that stands in the file as stable, and a newer one."""

Complain = Callable[[Any], list[str]]
"""What is wrong with a document."""
Way = Sequence[str | int]
"""To a place in a document."""
Wrong = tuple[Way, Any]
"""A place, and what is wrong there."""


def aws(service: str, operation: str) -> Complain:
    """By the model of an operation's input."""
    shape = botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape

    def complain(document: Any) -> list[str]:
        report = ParamValidator().validate(document, shape)
        found = report.generate_report().splitlines() if report.has_errors() else []
        return found + list(unlisted(document, shape, operation))

    return complain


def unlisted(value: Any, shape: Shape, at: str) -> Iterator[str]:
    """Texts that are none of those which the model lists, of which botocore itself says nothing."""
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        for key, member in shape.members.items():
            if key in value:
                yield from unlisted(value[key], member, f"{at}.{key}")
    elif isinstance(shape, ListShape) and isinstance(value, list):
        for each in value:
            yield from unlisted(each, shape.member, at)
    elif isinstance(shape, MapShape) and isinstance(value, dict):
        for each in value.values():
            yield from unlisted(each, shape.value, at)
    elif isinstance(shape, StringShape) and shape.enum and value not in shape.enum:
        yield f"{at}: {value} is none of {shape.enum}"


@cache
def discovered(api: str) -> dict[str, Any]:
    """The schemas of a Google API."""
    documents = resources("googleapiclient") / "discovery_cache" / "documents"
    found: dict[str, Any] = json.loads((documents / f"{api}.json").read_text())["schemas"]
    return found


def google(api: str, schema: str, *extra: str) -> Complain:
    """By a schema of a Google API. `extra` are members that only the file's own reader wants."""
    return lambda document: [
        *against({key: each for key, each in document.items() if key not in extra}, {"$ref": schema}, discovered(api), schema)
    ]


KINDS: dict[str, tuple[type, ...]] = {"string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,)}


def against(value: Any, schema: dict[str, Any], known: dict[str, Any], at: str) -> Iterator[str]:
    """What in a value a discovery document does not know."""
    schema = known[schema["$ref"]] if "$ref" in schema else schema
    kind = schema.get("type")
    if kind == "object":
        if not isinstance(value, dict):
            yield f"{at}: {value!r} is no object"
            return
        for key, each in value.items():
            member = schema.get("properties", {}).get(key, schema.get("additionalProperties"))
            if member is None:
                yield f"{at}: {key} is unknown"
            else:
                yield from against(each, member, known, f"{at}.{key}")
    elif kind == "array":
        if not isinstance(value, list):
            yield f"{at}: {value!r} is no list"
            return
        for each in value:
            yield from against(each, schema["items"], known, at)
    elif schema.get("format") == "int64" and isinstance(value, int):
        # JSON of protocol buffers takes these as texts and as numbers.
        return
    elif kind in KINDS and (not isinstance(value, KINDS[kind]) or (isinstance(value, bool) and kind != "boolean")):
        yield f"{at}: {value!r} is no {kind}"
    elif value not in schema.get("enum", [value]):
        yield f"{at}: {value!r} is none of {schema['enum']}"


def camel(value: Any) -> Any:
    """As JSON has it what Python's client takes: names, and durations."""
    if isinstance(value, dict):
        if value.keys() == {"seconds"}:
            return f"{value['seconds']}s"
        return {camel_name(key): camel(each) if key not in ("metadata", "properties") else each for key, each in value.items()}
    return [camel(each) for each in value] if isinstance(value, list) else value


def camel_name(name: str) -> str:
    """`boot_disk_type` is `bootDiskType`."""
    first, *others = name.split("_")
    return first + "".join(word.title() for word in others)


def kubernetes(document: Any) -> list[str]:
    """By the schemas of some versions, which let nothing unknown through."""
    found = []
    for version in KUBERNETES:
        try:
            kubernetes_validate.validate(document, version, strict=True)
        except kubernetes_validate.ValidationError as error:
            found.append(f"{version}: {error.message}")
    return found


def environments(document: Any) -> list[str]:
    """By the schema that adg prints."""
    printed = subprocess.run([os.environ["ADG_BIN"], "schema"], capture_output=True, check=True).stdout
    return [error.message for error in jsonschema.Draft202012Validator(json.loads(printed)).iter_errors(document)]


def changed(document: Any, way: Way, value: Any) -> Any:
    """A copy with something else at one place."""
    result = copy.deepcopy(document)
    at = result
    for step in way[:-1]:
        at = at[step]
    at[way[-1]] = value
    return result


def check_one(checks: Checks, what: str, complain: Complain, document: Any, *wrong: Wrong) -> None:
    """Nothing is wrong, and what is made wrong is noticed."""
    checks.gives(f"{what}: as its schema says", lambda: complain(document), [])
    for way, value in wrong:
        spoiled = changed(document, way, value)
        checks.gives(f"{what}: {'.'.join(map(str, way))} = {value!r} is noticed", partial(is_noticed, complain, spoiled), True)


def complain_of_message(run_job_flow: Complain, message: dict[str, Any]) -> list[str]:
    """What is wrong with a cluster that a message launches."""
    return run_job_flow(launched(message))


def is_noticed(complain: Complain, spoiled: Any) -> bool:
    """Whether something is wrong."""
    return complain(spoiled) != []


def check_aws(checks: Checks) -> None:
    """EMR by its messages, ECS, Batch, the scheduler."""
    run_job_flow = aws("emr", "RunJobFlow")
    for what, message in messages():
        checks.gives(f"{what}, launched: as EMR's RunJobFlow asks", partial(complain_of_message, run_job_flow, message), [])
    (message,) = (message for what, message in messages() if what.endswith("nightly.json"))
    step: Way = ["Steps", 0]
    wrong: list[Wrong] = [
        ([*step, "ActionOnFailure"], "GO_ON"),
        ([*step, "HadoopJarStep", "Arg"], ["x"]),
        (["Instances", "Subnet"], "x"),
    ]
    check_one(checks, "a cluster's night", run_job_flow, launched(message), *wrong)
    inputs: list[tuple[str, str, str, Wrong]] = [
        ("ecs/task_definition.json", "ecs", "RegisterTaskDefinition", (["requiresCompatibilities"], ["LAMBDA"])),
        ("ecs/rerun.json", "ecs", "RunTask", (["overrides", "containers"], [])),
        ("ecs/generate_test_data.json", "ecs", "RunTask", (["launchType"], "SPOT")),
        ("ecs/schedule.json", "scheduler", "CreateSchedule", (["Target", "EcsParameters", "TaskCount"], "1")),
        (
            "batch/job_definition.json",
            "batch",
            "RegisterJobDefinition",
            (["retryStrategy", "evaluateOnExit", 0, "action"], "STOP"),
        ),
    ]
    for name, service, operation, mistake in inputs:
        check_one(checks, name, aws(service, operation), load(FOLDER / name), mistake)
    checks.same("ecs/schedule.json: its input is what RunTask overrides", overridden(load(FOLDER / "ecs/schedule.json")), [])


def overridden(schedule: dict[str, Any]) -> list[str]:
    """What is wrong with what the scheduler gives to RunTask."""
    document = {"taskDefinition": "adg", "overrides": json.loads(schedule["Target"]["Input"])}
    return aws("ecs", "RunTask")(document)


def check_google(checks: Checks) -> None:
    """Dataproc, Cloud Run, and what the DAGs give to both."""
    template = load(FOLDER / "dataproc/workflow_template.yaml")
    way: Way = ["placement", "managedCluster", "config", "masterConfig"]
    wrong: list[Wrong] = [
        ([*way, "machineType"], "x"),
        ([*way, "numInstances"], "1"),
        (["jobs", 0, "pigJob", "queryList", "queries"], "sh x"),
    ]
    check_one(checks, "dataproc/workflow_template.yaml", google("dataproc.v1", "WorkflowTemplate"), template, *wrong)
    # These are of Kubernetes' shape, and stand in the document.
    job = load(FOLDER / "cloud_run/job.yaml")
    way = ["spec", "template", "spec", "template", "spec"]
    wrong = [([*way, "maxRetry"], 1), ([*way, "containers", 0, "arguments"], []), ([*way, "timeoutSeconds"], [600])]
    check_one(checks, "cloud_run/job.yaml", google("run.v1", "Job"), job, *wrong)

    dataproc, cloud_run = (composer(path) for path in DAGS)
    made = dataproc.task("DataprocCreateClusterOperator").given["cluster_config"]
    cluster = google("dataproc.v1", "ClusterConfig")
    check_one(checks, "the DAG's cluster", cluster, camel(dataproc.rendered(made, {})), (["masterConfig", "machineType"], "x"))
    submitted = camel(dataproc.rendered(dataproc.task("DataprocSubmitJobOperator").given["job"], {}))
    check_one(checks, "the DAG's job", google("dataproc.v1", "Job"), submitted, (["pigJob", "queries"], []))
    overrides = camel(cloud_run.rendered(cloud_run.task("CloudRunExecuteJobOperator").given["overrides"], {}))
    check_one(
        checks,
        "the DAG's overrides",
        google("run.v2", "GoogleCloudRunV2Overrides"),
        overrides,
        (["containerOverrides", 0, "variables"], []),
    )
    checks.same("the DAG: the run comes after its cluster", dataproc.task("DataprocSubmitJobOperator").after, ["create_cluster"])
    deleted = dataproc.task("DataprocDeleteClusterOperator")
    checks.same(
        "the DAG: the cluster is taken down after it", (deleted.after, deleted.teardown_of), (["vacancy"], "create_cluster")
    )
    for path in DAGS:
        for said in ({"start_dt": "2021-04-12; reboot"}, {"clean_up_flg": "yes"}, {"profile": "other"}):
            checks.same(f"{path.parent.name}: {said} is refused", refuses(path.parent.name, said), True)


def refuses(folder: str, said: dict[str, str]) -> bool:
    """Whether a DAG takes no such parameter."""
    (path,) = (path for path in DAGS if path.parent.name == folder)
    try:
        composer(path).rendered("", said)
    except (jsonschema.ValidationError, ValueError):
        return True
    return False


def check_others(checks: Checks) -> None:
    """Kubernetes, and adg's own file."""
    way: Way = ["spec", "jobTemplate", "spec"]
    wrong: list[Wrong] = [
        ([*way, "podFailurePolicies"], {}),
        ([*way, "podFailurePolicy", "rules", 1, "onExitCodes", "values"], ["2"]),
        ([*way, "template", "spec", "containers", 0, "argument"], []),
    ]
    check_one(checks, "kubernetes/cronjob.yaml", kubernetes, load(FOLDER / "kubernetes/cronjob.yaml"), *wrong)
    wrong = [(["spec", "backoffLimitByIndex"], 5), (["spec", "podFailurePolicy", "rules", 1, "onExitCodes", "values"], ["2"])]
    check_one(checks, "kubernetes/catch-up-job.yaml", kubernetes, load(FOLDER / "kubernetes/catch-up-job.yaml"), *wrong)
    check_one(checks, "adg.yaml", environments, load(FOLDER / "adg.yaml"), (["profiles", "gcp", "ledgers"], {}))


# EventBridge looks into lists of objects, moto does not: here stands the one object of the list.
ENDED = {"lastStatus": "STOPPED", "group": "family:adg", "containers": {"name": "adg", "exitCode": 13}}
EVENTS: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "ecs": (
        {"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": ENDED},
        [{"containers": {"exitCode": 0}}, {"lastStatus": "RUNNING"}, {"group": "family:other"}, {"containers": {"name": "adg"}}],
    ),
    "ecs-unborn": (
        {
            "source": "aws.ecs",
            "detail-type": "ECS Task State Change",
            "detail": {"lastStatus": "STOPPED", "group": "family:adg", "stopCode": "TaskFailedToStart", "containers": {}},
        },
        [{"stopCode": "EssentialContainerExited"}],
    ),
    "emr-step": (
        {
            "source": "aws.emr",
            "detail-type": "EMR Step Status Change",
            "detail": {"state": "FAILED", "name": "submit-job-vacancy", "actionOnFailure": "CONTINUE"},
        },
        [{"state": "COMPLETED"}, {"name": "other"}],
    ),
    "emr-cluster": (
        {
            "source": "aws.emr",
            "detail-type": "EMR Cluster State Change",
            "detail": {"state": "TERMINATED_WITH_ERRORS", "name": "adg"},
        },
        [{"state": "TERMINATED"}, {"name": "other"}],
    ),
    "batch": (
        {
            "source": "aws.batch",
            "detail-type": "Batch Job State Change",
            "detail": {"status": "FAILED", "jobName": "adg-vacancy"},
        },
        [{"status": "SUCCEEDED"}, {"jobName": "other"}],
    ),
}
"""For each pattern an event that must be told, and what it would have to say to be none."""


def check_patterns(checks: Checks) -> None:
    """Alarms hear what they should, and nothing else."""
    patterns = {path.stem: path.read_text() for path in sorted((TERRAFORM / "aws_alarms/patterns").glob("*.json"))}
    checks.same("alarms: the patterns", sorted(patterns), sorted(EVENTS))
    for what, (event, others) in EVENTS.items():
        pattern: Any = EventPattern.load(patterns[what])
        checks.gives(f"alarms, {what}: heard", partial(pattern.matches_event, event), True)
        for other in others:
            not_heard = {**event, "detail": {**event["detail"], **other}}
            checks.gives(f"alarms, {what}: {other} is not heard", partial(pattern.matches_event, not_heard), False)


def check_schemas(checks: Checks) -> None:
    """All of them."""
    check_aws(checks)
    check_google(checks)
    check_others(checks)
    check_patterns(checks)
