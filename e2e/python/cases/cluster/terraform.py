"""The Terraform modules, as far as that goes where no provider can be had.

All of them: format, structure (`terraform get` loads it), every reference and every argument of a module. Those without a
provider are validated and applied, and what comes out of them is used: commands by `commands.py`, policies by
`test_rights.py`.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2

from cases.cluster.files import FOLDER

TERRAFORM = FOLDER / "terraform"
WITHOUT_PROVIDER = ("aws_policies", "commands")
REFERENCE = re.compile(r"(?<![\w.\"/-])(var|local|module|(?:aws|google)_\w+)((?:\[[^\]]*\])?\.\w+)((?:\[[^\]]*\])?\.\w+)?")
INDEX = re.compile(r"\[[^]]*\]")
FILLED_IN = re.compile(r"\$\{([^}]*)\}")


def folders() -> list[Path]:
    """Those of modules."""
    return sorted({path.parent for path in TERRAFORM.rglob("*.tf")})


def has_terraform() -> bool:
    """Whether it is installed."""
    return shutil.which("terraform") is not None


def terraform(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs it in a folder, with nothing of this machine's or left by another run."""
    with tempfile.TemporaryDirectory(prefix="adg-terraform-") as data:
        (Path(data) / "rc").touch()
        settings = {"TF_CLI_CONFIG_FILE": f"{data}/rc", "TF_IN_AUTOMATION": "1", "CHECKPOINT_DISABLE": "1", "NO_COLOR": "1"}
        if arguments[0] == "get":
            settings["TF_DATA_DIR"] = data
        return subprocess.run(
            ["terraform", *arguments], cwd=folder, env=os.environ | settings, capture_output=True, text=True, check=False
        )


def applied(module: str, **variables: Any) -> dict[str, Any]:
    """The outputs of a module that has no provider."""
    with tempfile.TemporaryDirectory(prefix="adg-terraform-") as temporary:
        folder = Path(temporary) / module
        shutil.copytree(TERRAFORM / module, folder)
        (folder / "terraform.tfvars.json").write_text(json.dumps(variables))
        for arguments in (["init", "-backend=false"], ["validate"], ["apply", "-auto-approve", "-input=false"]):
            done = terraform(folder, *arguments)
            if done.returncode != 0:
                raise RuntimeError(f"terraform {arguments[0]} of {module}: {done.stderr}")
        outputs = json.loads(terraform(folder, "output", "-json").stdout)
        return {output: each["value"] for output, each in outputs.items()}


def plain(value: Any) -> Any:
    """Strips a file's content of all that hcl2 adds: quotes around texts, and notes of its own."""
    if isinstance(value, dict):
        return {key.strip('"'): plain(each) for key, each in value.items() if not key.startswith("__")}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return value[1:-1] if isinstance(value, str) and re.fullmatch(r'".*"', value, re.DOTALL) else value


def says(folder: Path) -> dict[str, list[Any]]:
    """Gives the blocks of all files of a module, by kind."""
    found: dict[str, list[Any]] = {}
    for path in sorted(folder.glob("*.tf")):
        for kind, blocks in plain(hcl2.loads(path.read_text())).items():
            found.setdefault(kind, []).extend(blocks)
    return found


def named(blocks: list[dict[str, Any]]) -> dict[str, Any]:
    """Blocks by their label."""
    return {label: body for block in blocks for label, body in block.items()}


def calls(folder: Path) -> dict[str, dict[str, Any]]:
    """The modules that a module calls, by name."""
    return named(says(folder).get("module", []))


def planned_commands() -> Iterator[tuple[str, list[str]]]:
    """The commands of the runs that the examples plan, and of one of each load."""
    if not has_terraform():
        return
    plans = {"commands": {load: {"module": "vacancy", "load_type": load} for load in ("full", "delta", "incremental")}}
    for folder in folders():
        for call in calls(folder).values():
            runs = call.get("ecs_runs") or call.get("runs")
            if isinstance(runs, dict):
                plans[str(folder.relative_to(TERRAFORM))] = {key: pick(run) for key, run in runs.items()}
    for place, plan in plans.items():
        arguments = applied("commands", profile="gcp" if "gcp" in place else "production", runs=plan)["arguments"]
        yield from ((f"{place}/main.tf: {run}", words) for run, words in arguments.items())


def pick(run: dict[str, Any]) -> dict[str, Any]:
    """Picks the settings of a run that `commands` takes."""
    return {key: value for key, value in run.items() if key in ("module", "load_type", "memory")}


def declared(module: dict[str, list[Any]]) -> set[str]:
    """All that may be referred to: `var.x`, `local.x`, `module.x`, `aws_x.y`."""
    found = {f"var.{label}" for label in named(module.get("variable", []))}
    found |= {f"local.{key}" for block in module.get("locals", []) for key in block}
    found |= {f"module.{label}" for label in named(module.get("module", []))}
    return found | {f"{kind}.{label}" for block in module.get("resource", []) for kind, body in block.items() for label in body}


def code(text: str) -> str:
    """Without comments, and of texts only what is filled into them."""
    text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    return re.sub(
        r'"(?:[^"\\$]|\\.|\$(?!\{)|\$\{(?:[^{}]|\{[^{}]*\})*\})*"', lambda text: " ".join(FILLED_IN.findall(text[0])), text
    )


def unknown_references(folder: Path) -> list[str]:
    """Lists references to names that are not there, outputs of modules included."""
    module = says(folder)
    known = declared(module)
    outputs = {label: named(says((folder / call["source"]).resolve()).get("output", [])) for label, call in calls(folder).items()}
    wrong = []
    for path in sorted(folder.glob("*.tf")):
        for kind, first, second in REFERENCE.findall(code(path.read_text())):
            what = kind + INDEX.sub("", first)
            if what not in known:
                wrong.append(f"{path.name}: {what}")
            elif kind == "module" and second.rpartition(".")[2] not in outputs[what.removeprefix("module.")]:
                wrong.append(f"{path.name}: {what}{second}")
    return wrong


def unknown_arguments(folder: Path) -> list[str]:
    """Lists arguments that calls of modules lack, or that the module does not ask for."""
    wrong = []
    for label, call in calls(folder).items():
        asked = named(says((folder / call["source"]).resolve()).get("variable", []))
        given = call.keys() - {"source", "for_each", "count", "depends_on", "providers"}
        wrong += [f"{label}: {each} is not asked for" for each in given - asked.keys()]
        wrong += [f"{label}: {each} is missing" for each, body in asked.items() if "default" not in body and each not in given]
    return wrong


def undescribed(folder: Path) -> list[str]:
    """Variables and outputs without a description, and variables that nothing uses."""
    module = says(folder)
    wrong = [
        each for kind in ("variable", "output") for each, body in named(module.get(kind, [])).items() if "description" not in body
    ]
    text = "\n".join(code(path.read_text()) for path in folder.glob("*.tf"))
    return wrong + [
        f"{each} is not used" for each in named(module.get("variable", [])) if not re.search(rf"\bvar\.{each}\b", text)
    ]


def refused(module: str, **variables: Any) -> bool:
    """Whether its validation says no."""
    try:
        applied(module, **variables)
    except RuntimeError as error:
        return "Invalid value for variable" in str(error)
    return False
