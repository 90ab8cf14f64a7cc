"""The DAGs, loaded without Airflow: what each operator is given, and what its templates become."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import jinja2
import jsonschema

from cases.cluster.files import FOLDER

DAGS = [FOLDER / "dataproc/composer_dag.py", FOLDER / "cloud_run/composer_dag.py"]
OPERATORS = {
    "airflow.providers.google.cloud.operators.dataproc": (
        "DataprocCreateClusterOperator",
        "DataprocSubmitJobOperator",
        "DataprocDeleteClusterOperator",
    ),
    "airflow.providers.google.cloud.operators.cloud_run": ("CloudRunExecuteJobOperator",),
}


class Param:
    """A parameter: its default, and the JSON Schema of what may be said."""

    def __init__(self, default: Any, **schema: Any) -> None:
        self.default = default
        self.schema = schema

    def check(self, value: Any) -> Any:
        """The value, if it may be said."""
        jsonschema.validate(value, self.schema)
        return value


@dataclass
class Operator:
    """A task, and what it was given."""

    kind: str
    given: dict[str, Any]
    after: list[str] = field(default_factory=list)
    teardown_of: str = ""

    def __rshift__(self, other: "Operator") -> "Operator":
        other.after.append(self.given["task_id"])
        return other

    def as_teardown(self, setups: "Operator") -> Self:
        """Comes whatever became of what is between, and says nothing of it."""
        self.teardown_of = setups.given["task_id"]
        return self


@dataclass
class Composer:
    """A DAG."""

    given: dict[str, Any]
    tasks: list[Operator]

    def rendered(self, value: Any, said: dict[str, Any]) -> Any:
        """With templates filled in, as Airflow does, after what was said was checked."""
        params = self.given["params"]
        unknown = said.keys() - params.keys()
        if unknown:
            raise ValueError(f"no parameters: {unknown}")
        values = {name: param.check(said.get(name, param.default)) for name, param in params.items()}
        if isinstance(value, dict):
            return {key: self.rendered(each, said) for key, each in value.items()}
        if isinstance(value, list):
            return [self.rendered(each, said) for each in value]
        if not isinstance(value, str):
            return value
        known = {"params": values, "ts_nodash": "20210412T050000"}
        return jinja2.Environment(undefined=jinja2.StrictUndefined).from_string(value).render(known)

    def task(self, kind: str) -> Operator:
        """The one of its kind."""
        (found,) = (task for task in self.tasks if task.kind == kind)
        return found

    def queries(self, said: dict[str, Any]) -> list[str]:
        """Gives the queries for Pig."""
        jobs = [task.given["job"] for task in self.tasks if "job" in task.given]
        return [query for job in self.rendered(jobs, said) for query in job["pig_job"]["query_list"]["queries"]]


@contextmanager
def airflow(tasks: list[Operator], dags: list[dict[str, Any]]) -> Iterator[None]:
    """Modules of Airflow's names, for the time of an import."""

    class Dag:
        def __init__(self, **given: Any) -> None:
            dags.append(given)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None:
            pass

    def operator(kind: str) -> Any:
        def make(**given: Any) -> Operator:
            tasks.append(Operator(kind, given))
            return tasks[-1]

        return make

    modules: dict[str, dict[str, Any]] = {"airflow": {"DAG": Dag}, "airflow.models.param": {"Param": Param}}
    modules |= {module: {kind: operator(kind) for kind in kinds} for module, kinds in OPERATORS.items()}
    parents = {name.rsplit(".", count)[0] for name in modules for count in range(name.count(".") + 1)}
    before = {name: sys.modules.get(name) for name in parents | modules.keys()}
    for each in before:
        sys.modules[each] = ModuleType(each)
        vars(sys.modules[each]).update(modules.get(each, {}))
    try:
        yield
    finally:
        for each, module in before.items():
            if module is None:
                del sys.modules[each]
            else:
                sys.modules[each] = module


@cache
def composer(path: Path) -> Composer:
    """Loads a DAG."""
    tasks: list[Operator] = []
    dags: list[dict[str, Any]] = []
    with airflow(tasks, dags):
        spec = importlib.util.spec_from_file_location(f"dag_{path.parent.name}", path)
        if spec is None or spec.loader is None:
            raise RuntimeError(f"{path} can't be loaded")
        spec.loader.exec_module(importlib.util.module_from_spec(spec))
    (given,) = dags
    return Composer(given, tasks)


def arguments_of_jobs(path: Path, said: dict[str, Any]) -> list[dict[str, str]]:
    """The variables that executions of Cloud Run are given."""
    dag = composer(path)
    overrides = [task.given["overrides"] for task in dag.tasks if "overrides" in task.given]
    containers = [each for one in dag.rendered(overrides, said) for each in one["container_overrides"]]
    return [{variable["name"]: variable["value"] for variable in container["env"]} for container in containers]
