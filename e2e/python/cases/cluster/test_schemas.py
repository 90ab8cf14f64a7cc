"""Files of `cluster_config` are what each platform's own schema asks for, and each schema notices a mistake in them."""

from functools import partial
from typing import Any

import pytest

from cases.cluster.dags import DAGS, composer
from cases.cluster.files import FOLDER, launched, load, messages
from cases.cluster.schemas import (
    Complain,
    Way,
    Wrong,
    aws,
    camel,
    changed,
    environments,
    google,
    is_noticed,
    kubernetes,
    overridden,
    refuses,
)
from world.checks import Checks


def check_one(checks: Checks, what: str, complain: Complain, document: Any, *wrong: Wrong) -> None:
    """Finds nothing wrong, and notices what is made wrong."""
    checks.gives(f"{what}: as its schema says", lambda: complain(document), [])
    for way, value in wrong:
        spoiled = changed(document, way, value)
        checks.gives(f"{what}: {'.'.join(map(str, way))} = {value!r} is noticed", partial(is_noticed, complain, spoiled), True)


@pytest.mark.parametrize("message", [pytest.param(message, id=what) for what, message in messages()])
def test_message_launches_a_cluster_of_emr(checks: Checks, message: dict[str, Any]) -> None:
    """EMR's RunJobFlow takes it."""
    checks.gives("as RunJobFlow asks", lambda: aws("emr", "RunJobFlow")(launched(message)), [])


def test_mistakes_in_a_cluster_of_emr_are_noticed(checks: Checks) -> None:
    """A cluster's night."""
    (message,) = (message for what, message in messages() if what.endswith("nightly.json"))
    step: Way = ["Steps", 0]
    wrong: list[Wrong] = [
        ([*step, "ActionOnFailure"], "GO_ON"),
        ([*step, "HadoopJarStep", "Arg"], ["x"]),
        (["Instances", "Subnet"], "x"),
    ]
    check_one(checks, "a cluster's night", aws("emr", "RunJobFlow"), launched(message), *wrong)


INPUTS: list[tuple[str, str, str, Wrong]] = [
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
"""Files that are an operation's input, and a mistake in each."""


@pytest.mark.parametrize(("name", "service", "operation", "mistake"), INPUTS, ids=[name for name, *_ in INPUTS])
def test_file_is_the_input_of_an_operation(checks: Checks, name: str, service: str, operation: str, mistake: Wrong) -> None:
    """By botocore's model of ECS, the scheduler and Batch."""
    check_one(checks, name, aws(service, operation), load(FOLDER / name), mistake)


def test_schedule_overrides_what_run_task_takes() -> None:
    """The scheduler's input is a text in its file."""
    assert overridden(load(FOLDER / "ecs/schedule.json")) == []


def test_workflow_template_is_as_dataproc_asks(checks: Checks) -> None:
    """By Google's discovery document."""
    template = load(FOLDER / "dataproc/workflow_template.yaml")
    way: Way = ["placement", "managedCluster", "config", "masterConfig"]
    wrong: list[Wrong] = [
        ([*way, "machineType"], "x"),
        ([*way, "numInstances"], "1"),
        (["jobs", 0, "pigJob", "queryList", "queries"], "sh x"),
    ]
    check_one(checks, "dataproc/workflow_template.yaml", google("dataproc.v1", "WorkflowTemplate"), template, *wrong)


def test_job_is_as_cloud_run_asks(checks: Checks) -> None:
    """Places of Kubernetes' shape stand in the discovery document too."""
    job = load(FOLDER / "cloud_run/job.yaml")
    way: Way = ["spec", "template", "spec", "template", "spec"]
    wrong: list[Wrong] = [([*way, "maxRetry"], 1), ([*way, "containers", 0, "arguments"], []), ([*way, "timeoutSeconds"], [600])]
    check_one(checks, "cloud_run/job.yaml", google("run.v1", "Job"), job, *wrong)


def test_dags_give_google_what_it_asks_for(checks: Checks) -> None:
    """A cluster, its job, and a job's overrides."""
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


def test_dag_takes_its_cluster_down_after_the_run(checks: Checks) -> None:
    """Also where the run failed."""
    dataproc = composer(DAGS[0])
    checks.same("the DAG: the run comes after its cluster", dataproc.task("DataprocSubmitJobOperator").after, ["create_cluster"])
    deleted = dataproc.task("DataprocDeleteClusterOperator")
    checks.same(
        "the DAG: the cluster is taken down after it", (deleted.after, deleted.teardown_of), (["vacancy"], "create_cluster")
    )


@pytest.mark.parametrize("said", [{"start_dt": "2021-04-12; reboot"}, {"clean_up_flg": "yes"}, {"profile": "other"}], ids=str)
@pytest.mark.parametrize("dag", [path.parent.name for path in DAGS])
def test_dag_refuses_a_wrong_parameter(dag: str, said: dict[str, str]) -> None:
    """Before anything is submitted."""
    assert refuses(dag, said)


def test_jobs_are_as_kubernetes_asks(checks: Checks) -> None:
    """By the schemas of two versions."""
    way: Way = ["spec", "jobTemplate", "spec"]
    wrong: list[Wrong] = [
        ([*way, "podFailurePolicies"], {}),
        ([*way, "podFailurePolicy", "rules", 1, "onExitCodes", "values"], ["2"]),
        ([*way, "template", "spec", "containers", 0, "argument"], []),
    ]
    check_one(checks, "kubernetes/cronjob.yaml", kubernetes, load(FOLDER / "kubernetes/cronjob.yaml"), *wrong)
    wrong = [(["spec", "backoffLimitByIndex"], 5), (["spec", "podFailurePolicy", "rules", 1, "onExitCodes", "values"], ["2"])]
    check_one(checks, "kubernetes/catch-up-job.yaml", kubernetes, load(FOLDER / "kubernetes/catch-up-job.yaml"), *wrong)


def test_adg_yaml_is_as_adg_asks(checks: Checks) -> None:
    """By the schema that the binary prints."""
    check_one(checks, "adg.yaml", environments, load(FOLDER / "adg.yaml"), (["profiles", "gcp", "ledgers"], {}))
