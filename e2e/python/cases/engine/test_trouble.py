"""Runs whose Spark Connect server is not there, dies, or is still at work when the run is told to stop."""

import json
import os
import pty
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from cases.engine.inputs import DAYS, TYPES, Case, plain
from world.adg import VARIABLES, Workspace
from world.checks import Checks
from world.process import HOST, free_port
from world.spark_connect import Server
from world.spark_connect import sail as private_sail
from world.spark_connect import spark_connect as private_spark_connect

ROWS = 40_000
UNAVAILABLE, STOPPED = 21, 143
DAY = DAYS[0]
ASKED = ("--module", "shop", "--start-dt", DAY, "--end-dt", DAY)
LOOKED = '"action":"look at the lines"'
"""The line of the log when the server has looked at the files, and writes next."""


def spark_at(remote: str) -> tuple[str, ...]:
    """The words that have a run go there."""
    return (*ASKED, "--engine", "spark", "--spark-remote", remote)


def started(workspace: Workspace, remote: str) -> subprocess.Popen[str]:
    """A run, from when the server has looked at the files."""
    variables = {name: value for name, value in os.environ.items() if name not in VARIABLES} | {"ADG_LOG_LEVEL": "adg=debug"}
    command = [os.environ["ADG_BIN"], *spark_at(remote)]
    process = subprocess.Popen(command, cwd=workspace.folder, env=variables, stderr=subprocess.PIPE, text=True)
    assert process.stderr
    for line in process.stderr:
        if LOOKED in line:
            break
    return process


def published(workspace: Workspace) -> list[str]:
    """All files that are in the table's folder."""
    return sorted(str(path) for path in (workspace.folder / "warehouse/data").rglob("*") if path.is_file())


def ends(checks: Checks, what: str, process: subprocess.Popen[str], code: int, seconds: float) -> str:
    """Waits for the end of a run, and compares how it ends and how soon; gives what it said."""
    begun = time.monotonic()
    _, said = process.communicate(timeout=600)
    checks.same(f"{what}: exit code", process.returncode, code)
    took = time.monotonic() - begun
    checks.same(f"{what}: within {seconds:.0f} s ({took:.1f})", took <= seconds, True)
    return said


def told(said: str) -> dict[str, Any]:
    """The error of a date."""
    return next(event for line in said.splitlines() if (event := json.loads(line)).get("event") == "date_failed")


rows_of = cache(plain)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """Spark's server, whose tasks read small pieces. It is one of its own, for runs are stopped while it works."""
    with private_spark_connect(piece="4m") as started:
        yield started


@pytest.fixture(scope="module")
def other() -> Iterator[Server]:
    """Sail's server."""
    with private_sail() as started:
        yield started


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A day's file, of which nothing is published."""
    made = Workspace(tmp_path / "work")
    made.module("shop", Case("trouble", [], {"id": "bigint"} | TYPES).module())
    land(made, ROWS)
    return made


def land(workspace: Workspace, rows: int) -> Path:
    """Writes the day's file with so many rows."""
    path = workspace.source / f"{DAY}_things_0.csv"
    path.write_bytes(rows_of(rows))
    return path


pytestmark = pytest.mark.timeout(400)


def test_server_that_is_not_there_is_told(checks: Checks, workspace: Workspace) -> None:
    """Nobody listens."""
    remote = f"sc://{HOST}:{free_port()}"
    process = subprocess.Popen(
        [os.environ["ADG_BIN"], *spark_at(remote)], cwd=workspace.folder, stderr=subprocess.PIPE, text=True
    )
    error = told(ends(checks, "nobody", process, UNAVAILABLE, 60))
    checks.same(
        "nobody: it says where, and what to do", (remote in error["error"], "spark.remote" in error["hint"]), (True, True)
    )
    checks.same("nobody: nothing is left", published(workspace), [])


@pytest.mark.parametrize("options", ["", "/;use_ssl=true;token=hidden"], ids=["plain", "TLS"])
def test_run_that_waits_for_a_silent_server_can_be_stopped(checks: Checks, workspace: Workspace, options: str) -> None:
    """Somebody listens who never answers."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen(16)
        remote = f"sc://{HOST}:{listening.getsockname()[1]}{options}"
        process = subprocess.Popen(
            [os.environ["ADG_BIN"], *spark_at(remote)], cwd=workspace.folder, stderr=subprocess.PIPE, text=True
        )
        time.sleep(3)
        process.send_signal(signal.SIGTERM)
        said = ends(checks, "stranger", process, STOPPED, 60)
        checks.same("no panic, no token", "panic" in said or "hidden" in said, False)
    checks.same("nothing is left", published(workspace), [])


def test_doctor_tells_its_findings_before_it_asks_a_silent_server(checks: Checks, workspace: Workspace) -> None:
    """Somebody listens who never answers."""
    yaml = (workspace.folder / "adg.yaml").read_text()
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen(16)
        remote = f"sc://{HOST}:{listening.getsockname()[1]}"
        (workspace.folder / "adg.yaml").write_text(
            yaml.replace("stores:", f'engine: auto\n    spark: {{ remote: "{remote}" }}\n    stores:', 1)
        )
        with subprocess.Popen(
            [os.environ["ADG_BIN"], "doctor"], cwd=workspace.folder, stdout=subprocess.PIPE, text=True
        ) as doctor:
            assert doctor.stdout
            said = [doctor.stdout.readline().split(": ")[0] for _ in range(2)]
            checks.same("looked for: what is said meanwhile", (said, doctor.poll()), (["ok    config", "ok    source"], None))
            doctor.kill()


def test_terminal_shows_how_far_the_server_is(checks: Checks, workspace: Workspace, server: Server) -> None:
    """Some of the file, more, and all of it."""
    source, remote = land(workspace, 5 * ROWS), server.remote
    ours, terminal = pty.openpty()
    with subprocess.Popen(
        [os.environ["ADG_BIN"], *spark_at(remote)], cwd=workspace.folder, stdin=terminal, stdout=terminal, stderr=terminal
    ) as run:
        os.close(terminal)
        drawn = "".join(iter(lambda: what_comes(ours), ""))
    os.close(ours)
    checks.same("watched: exit code", run.returncode, 0)
    whole = source.stat().st_size / (1 << 20)
    seen = {float(size) for size, of in re.findall(r"([0-9.]+) MiB/([0-9.]+) MiB", drawn) if abs(float(of) - whole) < 0.01}
    checks.same(
        f"watched: some, more, all of it {sorted(seen)}", (len(seen) > 2, max(seen, default=0) >= whole - 0.01), (True, True)
    )
    checks.same("watched: rows", f"{5 * ROWS} rows" in drawn, True)


def what_comes(terminal: int) -> str:
    """Of a terminal's text the next piece; nothing once nobody writes there."""
    try:
        return os.read(terminal, 1 << 16).decode(errors="replace")
    except OSError:
        return ""


def test_server_that_dies_leaves_nothing(checks: Checks, workspace: Workspace) -> None:
    """It is killed while it writes."""
    with private_sail() as server:
        process = started(workspace, server.remote)
        os.kill(server.pid, signal.SIGKILL)
        error = told(ends(checks, "dies", process, UNAVAILABLE, 120))
    checks.same("dies: it says where", server.remote in error["error"], True)
    checks.same("dies: nothing is left", published(workspace), [])


def check_stopped(checks: Checks, workspace: Workspace, remote: str, rows: int, after: float) -> None:
    """Tells a run to stop while the server plans how to write, or writes, for which it needs more than ten seconds."""
    land(workspace, rows)
    process = started(workspace, remote)
    time.sleep(after)
    process.send_signal(signal.SIGTERM)
    said = ends(checks, f"stopped after {after} s, {rows} rows", process, STOPPED, 60)
    checks.same("so does the server", "spark_still_running" in said, False)
    time.sleep(3)
    checks.same("nothing is left", published(workspace), [])


@pytest.mark.parametrize("after", [2, 0.1, 0.125, 0.15, 0.175, 0.2])
def test_run_on_spark_that_is_stopped_leaves_nothing(checks: Checks, workspace: Workspace, server: Server, after: float) -> None:
    """At moments from the plan to the writing."""
    check_stopped(checks, workspace, server.remote, 5 * ROWS, after)


@pytest.mark.parametrize("after", [0, 0.05, 0.1])
def test_run_on_sail_that_is_stopped_leaves_nothing(checks: Checks, workspace: Workspace, other: Server, after: float) -> None:
    """The same with a file that is larger, for Sail is quicker."""
    check_stopped(checks, workspace, other.remote, 20 * ROWS, after)


@pytest.mark.parametrize(("size", "is_there"), [("1GiB", False), ("1KiB", True)])
def test_plan_tells_which_engine_does_the_date(
    checks: Checks, workspace: Workspace, server: Server, size: str, is_there: bool
) -> None:
    """The server does files from a size on, also after runs that were stopped."""
    remote, settings = server.remote, workspace.folder / "adg.yaml"
    engine = f'engine: auto\n    spark: {{ remote: "{remote}", from: {size} }}\n    stores:'
    settings.write_text(settings.read_text().replace("stores:", engine, 1))
    workspace.run("plan", *ASKED, "--out", "plan.json")
    notes = json.loads((workspace.folder / "plan.json").read_text())["days"][0]["notes"]
    checks.same(f"from {size}: planned", [note for note in notes if f"Spark at {remote}: " in note] != [], is_there)
    workspace.run("--plan", "plan.json")
    report = max((workspace.folder / "reports").iterdir(), key=lambda path: path.name)
    notes = json.loads(report.read_text())["days"][0]["notes"]
    checks.same(f"from {size}: done", any("rows were read and written by Spark" in note for note in notes), is_there)
    rows = workspace.run("query", "select count(*) as n from things", "--format", "csv").split()
    checks.same("all rows are there", rows, ["n", str(ROWS)])
