"""The schemas of each platform: botocore's models of AWS, Google's discovery documents, the JSON
Schemas of Kubernetes, and that of `adg.yaml`.
"""

import copy
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.resources import files as resources
from typing import Any

import botocore.session
import jsonschema
import kubernetes_validate
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.validate import ParamValidator

from cases.cluster.dags import DAGS, composer

KUBERNETES = ("1.31", "1.34")
"""The oldest that knows all that stands in the file as stable, and a newer one."""

Complain = Callable[[Any], list[str]]
"""A function that lists the errors of a document."""
Way = Sequence[str | int]
"""To a place in a document."""
Wrong = tuple[Way, Any]
"""A place, and a value that is wrong there."""


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
    """Lists everything in a value that a discovery document does not know."""
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


def is_noticed(complain: Complain, spoiled: Any) -> bool:
    """Whether something is wrong."""
    return complain(spoiled) != []


def overridden(schedule: dict[str, Any]) -> list[str]:
    """Lists the errors of the input that the scheduler gives to RunTask."""
    document = {"taskDefinition": "adg", "overrides": json.loads(schedule["Target"]["Input"])}
    return aws("ecs", "RunTask")(document)


def refuses(folder: str, said: dict[str, str]) -> bool:
    """Whether a DAG takes no such parameter."""
    (path,) = (path for path in DAGS if path.parent.name == folder)
    try:
        composer(path).rendered("", said)
    except (jsonschema.ValidationError, ValueError):
        return True
    return False
