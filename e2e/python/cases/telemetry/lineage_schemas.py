"""Events of OpenLineage against its published schemas.

The schemas are those that the crate `datafusion-openlineage` has with it, byte for byte as they are published. Where it has none of a
fact, the fact must at least be one that OpenLineage's own client for Python can make: no word too many, none missing, and times that are
times. `OPENLINEAGE_SPEC`, a folder of the specification's `*.json`, says the rest.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import attrs
from jsonschema import Draft202012Validator
from openlineage.client.generated import base_subset_dataset, dataset_version_dataset, nominal_time_run, storage_dataset
from referencing import Registry, Resource

CRATE = "datafusion-openlineage"
VERSION = "0.0.12"
CORE = "https://openlineage.io/spec/2-0-2/OpenLineage.json"

CLIENTS = {
    "NominalTimeRunFacet": nominal_time_run.NominalTimeRunFacet,
    "StorageDatasetFacet": storage_dataset.StorageDatasetFacet,
    "DatasetVersionDatasetFacet": dataset_version_dataset.DatasetVersionDatasetFacet,
    "InputSubsetInputDatasetFacet": base_subset_dataset.InputSubsetInputDatasetFacet,
    "OutputSubsetOutputDatasetFacet": base_subset_dataset.OutputSubsetOutputDatasetFacet,
}

Facet = dict[str, Any]


def folder() -> Path:
    """Where the schemas are; cargo fetches them."""
    cargo = Path(os.environ.get("CARGO_HOME", Path.home() / ".cargo"))
    found = sorted(cargo.glob(f"registry/src/*/{CRATE}-{VERSION}/tests/schemas/openlineage"))
    if not found:
        with tempfile.TemporaryDirectory() as empty:
            subprocess.run(["cargo", "info", "--quiet", f"{CRATE}@{VERSION}"], cwd=empty, check=True, capture_output=True)
        found = sorted(cargo.glob(f"registry/src/*/{CRATE}-{VERSION}/tests/schemas/openlineage"))
    return found[0]


class Schemas:
    """The published schemas."""

    def __init__(self) -> None:
        folders = [folder(), *(Path(path) for path in [os.environ.get("OPENLINEAGE_SPEC")] if path)]
        files = [json.loads(path.read_text()) for one in folders for path in one.rglob("*.json")]
        self.known = {schema["$id"]: schema for schema in files if isinstance(schema, dict) and "$id" in schema}
        self.registry: Any = Registry().with_resources(
            (name, Resource.from_contents(schema)) for name, schema in self.known.items()
        )

    def errors(self, event: dict[str, Any]) -> list[str]:
        """Lists the errors of an event and of all its facts."""
        wrong = self._against(event, f"{CORE}#/$defs/RunEvent")
        for facet in facets(event):
            schema = facet["_schemaURL"]
            wrong += self._against(facet, schema) if schema.split("#")[0] in self.known else against_client(facet)
        return wrong

    def _against(self, body: Any, schema: str) -> list[str]:
        validator = Draft202012Validator(
            {"$ref": schema}, registry=self.registry, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        return [f"{schema}: {error.json_path}: {error.message}" for error in validator.iter_errors(body)]


def facets(event: dict[str, Any]) -> list[Facet]:
    """All facts of an event."""
    holders = [event["run"], event["job"], *event["inputs"], *event["outputs"]]
    kinds = ("facets", "inputFacets", "outputFacets")
    return [facet for holder in holders for kind in kinds for facet in holder.get(kind, {}).values()]


def against_client(facet: Facet) -> list[str]:
    """Lists the words of a fact that OpenLineage's own client does not know."""
    name = facet["_schemaURL"].rsplit("/", 1)[-1]
    body = {key: value for key, value in facet.items() if not key.startswith("_")}
    known = {field.name for field in attrs.fields(CLIENTS[name])}
    try:
        CLIENTS[name](**body)
    except (TypeError, ValueError) as error:
        return [f"{name}: {error}"]
    return [f"{name}: {key}" for key in body if key not in known]
