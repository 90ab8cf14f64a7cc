"""Every command line of adg in `cluster_config`, given to the binary: it must be one that adg takes.

What is filled in by whoever reads the files, or by a platform, is filled in here. The profiles are those of
`cluster_config/adg.yaml`, with folders and SQLite in the place of services; there are no files in the source, so that a run ends
with 13, or with 0.
"""

import json
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any

from cases.cluster.dags import DAGS, arguments_of_jobs, composer
from cases.cluster.files import FOLDER, ROOT, files, launched, load, messages, name
from cases.cluster.terraform import planned_commands
from world.adg import VARIABLES

PROGRAMS = ("adg", "adg-retry")
CONFIG = "/opt/adg/adg.yaml"
"""Where all of these files have it."""
SAMPLES = {
    "--module": "vacancy",
    "--start-dt": "2021-04-12",
    "--end-dt": "2021-04-12",
    "--date": "2021-04-12",
    "--profile": "production",
    "--load-type": "delta",
}
"""Values that are filled in, by the flag in front of them."""
PIG = re.compile(r"sh /opt/adg/bin/adg-job [^'\"]*")
LINE = re.compile(r"(?:^|/opt/adg/bin/)adg(?:-retry)? ((?:--\w|doctor|generate-test-data|plan|tables|query|describe|schema).*)")
SHELL = re.compile(r"\s(?:2?>>?|\|\|?|&&|;)|\)\"?$|`")
"""Where a command ends within a line."""
DONE, PARTIAL, MISSING, USAGE = 0, 4, 13, 2


@dataclass(frozen=True)
class CommandLine:
    """One, and where it stands."""

    place: str
    words: list[str]
    """Behind the program's name."""
    variables: dict[str, str] = field(default_factory=dict)


def of_value(place: str, value: Any) -> Iterator[CommandLine]:
    """Those anywhere in a document."""
    if isinstance(value, dict):
        yield from of_mapping(place, value)
    elif isinstance(value, list):
        if len(value) > 1 and isinstance(value[0], str) and is_program(value[0]):
            yield CommandLine(place, [str(word) for word in value[1:]])
        else:
            for each in value:
                yield from of_value(place, each)
    elif isinstance(value, str):
        if value.startswith("{"):
            yield from of_value(place, json.loads(value))
        elif value.startswith("sh "):
            yield from of_pig(place, value)


def of_mapping(place: str, value: dict[str, Any]) -> Iterator[CommandLine]:
    """A container has its command and arguments apart, and its variables beside them."""
    command = value.get("command")
    if isinstance(command, list) and is_program(command[0]):
        words = [str(word) for word in [*command[1:], *value.get("args", [])]]
        given = [each for key in ("environment", "env") for each in value.get(key, []) if "value" in each]
        yield CommandLine(place, words, {each["name"]: each["value"] for each in given})
        value = {key: each for key, each in value.items() if key not in ("command", "args")}
    for each in value.values():
        yield from of_value(place, each)


def of_lines(place: str, text: str, comment: str = "#") -> Iterator[CommandLine]:
    """Those of a shell's lines, or of what is written like them."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.lstrip().startswith(comment):
            continue
        if found := LINE.search(line):
            yield CommandLine(place, shlex.split(SHELL.split(f"{found[1]} ")[0]))
        for query in PIG.findall(line):
            yield from of_pig(place, query)


def of_pig(place: str, query: str) -> Iterator[CommandLine]:
    """Gives the command that Pig's `sh` makes of a line, and adg-job of that. Two hyphens at the beginning of a word begin a comment."""
    words = re.split(r"\s+--|$", query)[0].split()[2:]
    yield CommandLine(place, [*(f"--{word}" if "=" in word else word for word in words), "--config", CONFIG])


def of_markdown(place: str, text: str) -> Iterator[CommandLine]:
    """Those of the fenced blocks."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from of_lines(place, block)


def is_program(word: str) -> bool:
    """Whether a word is adg."""
    return word.rpartition("/")[2] in PROGRAMS


def of_file(path: Path) -> Iterator[CommandLine]:
    """Those of a file that the launcher, Airflow or Terraform do not put together."""
    place = name(path)
    if (place.startswith("emr/") and path.suffix in (".yaml", ".json")) or path.suffix in (".tf", ".py"):
        return
    if path.suffix == ".md":
        yield from of_markdown(place, path.read_text())
    elif path.suffix in (".yaml", ".json"):
        document = load(path)
        parameters = document.get("parameters", {}) if isinstance(document, dict) else {}
        for one in of_value(place, document):
            yield CommandLine(one.place, [reference(word, parameters) for word in one.words], one.variables)
    else:
        yield from of_lines(place, path.read_text())


def reference(word: str, parameters: Any) -> str:
    """A parameter of a job of Batch, as the job definition itself fills it in."""
    return str(parameters[word.removeprefix("Ref::")]) if word.startswith("Ref::") else word


def of_lambda() -> Iterator[CommandLine]:
    """The image's arguments: its entry point is none of adg's programs."""
    path = FOLDER / "lambda/Containerfile"
    (command,) = re.findall(r"^CMD (\[.*\])$", path.read_text(), re.MULTILINE)
    yield CommandLine(name(path), json.loads(command))


def of_steps(place: str, message: dict[str, Any]) -> Iterator[CommandLine]:
    """Those of a cluster's steps."""
    for step in launched(message)["Steps"]:
        yield from of_value(f"{place}: {step['Name']}", step["HadoopJarStep"]["Args"])


def of_dags() -> Iterator[CommandLine]:
    """Those that Airflow submits, with no dates and with all that can be said; the job of Cloud Run with what its DAG says."""
    (job,) = of_value("", load(FOLDER / "cloud_run/job.yaml"))
    every = {"start_dt": "2021-04-12", "end_dt": "2021-04-12", "clean_up_flg": "true", "e2e_test_flg": "false"}
    for given in ({}, every):
        for path in DAGS:
            for query in composer(path).queries(given):
                yield from of_pig(name(path), query)
            for variables in arguments_of_jobs(path, given):
                yield CommandLine(name(path), job.words, variables)


def sources() -> dict[str, Callable[[], Iterable[CommandLine]]]:
    """Gives by name all that has commands, and how to find them there."""
    found: dict[str, Callable[[], Iterable[CommandLine]]] = {name(path): partial(of_file, path) for path in files()}
    found |= {place: partial(of_steps, place, message) for place, message in messages()}
    return {**found, "lambda": of_lambda, "DAGs": of_dags, "Terraform": of_terraform}


def of_terraform() -> Iterator[CommandLine]:
    """Those that Terraform plans."""
    for place, words in planned_commands():
        yield CommandLine(f"terraform/{place}", words)


@cache
def all_commands() -> tuple[CommandLine, ...]:
    """Gives every command there is."""
    return tuple(one for find in sources().values() for one in find())


def filled_in(words: list[str], config: Path) -> list[str]:
    """With this config file, and samples for what somebody else fills in."""
    return [sample(before, word, config) for before, word in zip(["", *words], words, strict=False)]


def sample(before: str, word: str, config: Path) -> str:
    """A word, or what stands for it."""
    if (before, word) == ("--config", CONFIG):
        return str(config)
    flag, equals, value = word.partition("=")
    if not re.search(r"[$%{<]", value if equals else word):
        return word
    found = SAMPLES[(flag if equals else before).replace("_", "-").replace("--module-name", "--module")]
    return f"{flag}={found}" if equals else found


def profiles() -> dict[str, Any]:
    """The profiles of the folder's own file, with folders in the place of buckets."""
    written = load(FOLDER / "adg.yaml")
    local = {
        "metastore": {"sqlite": {"path": "metastore.db"}},
        "ledger": {"sqlite": {"path": "ledger.db"}},
        "scratch": "scratch",
        "reports": "reports",
    }
    found = {}
    for each, says in written["profiles"].items():
        own = says["stores"]["published"]["url"]
        stores = {store: {"url": settings["url"].replace(own, "published")} for store, settings in says["stores"].items()}
        places = {store: at if at["url"].startswith("published") else {"url": "landing"} for store, at in stores.items()}
        # Modules name stores that Google's profile does not have.
        places |= {store: {"url": "landing"} for store in ("application", "payment") if store not in places}
        found[each] = {**local, "stores": places, "protected": says.get("protected", False)}
    return {**written, "profiles": found}


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder in which adg can run, until its block ends."""
    with tempfile.TemporaryDirectory(prefix="adg-cluster-") as temporary:
        folder = Path(temporary)
        for each in ("landing", "published", "modules"):
            (folder / each).mkdir()
        (folder / "adg.yaml").write_text(json.dumps(profiles()))
        for module in (ROOT / "modules").glob("*.yaml"):
            # No key service is here.
            (folder / "modules" / module.name).write_text(
                module.read_text().replace("encryption: key_service", "encryption: none")
            )
        yield folder


def run(folder: Path, one: CommandLine, *more: str) -> tuple[int, str]:
    """The exit code, and what was said."""
    clean = {key: value for key, value in os.environ.items() if key not in VARIABLES}
    # As an indexed Job of Kubernetes gives each of its pods.
    clean |= {"ADG_CONFIG": str(folder / "adg.yaml"), "JOB_COMPLETION_INDEX": "3"} | one.variables
    command = [os.environ["ADG_BIN"], *filled_in(one.words, folder / "adg.yaml"), *more]
    done = subprocess.run(command, cwd=folder, env=clean, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stderr


def tried(one: CommandLine, *more: str) -> tuple[int, str]:
    """The same, in a workspace of its own."""
    with workspace() as folder:
        return run(folder, one, *more)
