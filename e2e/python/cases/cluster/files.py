"""The files of `cluster_config`."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[4]
FOLDER = ROOT / "cluster_config"
MESSAGES = FOLDER / "emr/additional_step_args"
LAUNCHER = ("cluster", "configurations", "instances", "steps")
"""The files that the EMR launcher reads, in its order."""


def files(*suffixes: str) -> list[Path]:
    """Those that end so; all, where nothing is said."""
    found = (path for path in sorted(FOLDER.rglob("*")) if path.is_file() and not path.name.startswith("."))
    return [path for path in found if not suffixes or path.name.endswith(suffixes)]


def name(path: Path) -> str:
    """Names a file by its place below the folder."""
    return str(path.relative_to(FOLDER))


def load(path: Path) -> Any:
    """Loads a YAML or JSON file."""
    return json.loads(path.read_text()) if path.suffix == ".json" else yaml.safe_load(path.read_text())


def launched(message: dict[str, Any]) -> dict[str, Any]:
    """Gives the cluster that the launcher makes of its files and a message: `overrides` replace lists, and arguments are added by a step's name."""
    config: dict[str, Any] = {}
    for each in LAUNCHER:
        config |= load(FOLDER / f"emr/{each}.yaml")
    config |= message.get("overrides", {})
    for step, arguments in message.get("additional_step_args", {}).items():
        # The launcher leaves out a step that it does not find, and says nothing.
        found = [each for each in config["Steps"] if each["Name"] == step]
        if len(found) != 1:
            raise ValueError(f"{len(found)} steps are named {step}")
        found[0]["HadoopJarStep"]["Args"] += arguments
    return config


def messages() -> Iterator[tuple[str, dict[str, Any]]]:
    """Gives all messages that the launcher may be sent, with their names: these files, and what the replaced rule sent."""
    for path in sorted(MESSAGES.glob("*.json")):
        yield name(path), load(path)
    for module in ("vacancy", "application", "payment"):
        step = f"submit-job-{module}"
        steps = [each for each in load(FOLDER / "emr/steps.yaml")["Steps"] if each["Name"] == step]
        yield (
            f"the replaced message for {module}",
            {"overrides": {"Steps": steps}, "additional_step_args": {step: ["--module_name", module]}},
        )


def is_read(path: Path) -> bool:
    """Tells whether something stands in a file."""
    return load(path) is not None
