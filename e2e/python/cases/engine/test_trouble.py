"""What a run does whose Spark Connect server is not there, dies, or is still at work when the run is told to stop.

Usage: ADG_BIN=… engine_trouble.py. The binary must have the feature `spark`. Prints each check; exits 1 where one fails.
"""

import json
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from world.adg import VARIABLES, Workspace
from world.checks import Checks
from cases.engine.inputs import DAYS, TYPES, Case, plain
from world.process import HOST, free_port
from world.spark_connect import sail, spark_connect

UNAVAILABLE, STOPPED = 21, 143
DAY = DAYS[0]
ASKED = ("--module", "shop", "--start-dt", DAY, "--end-dt", DAY)
LOOKED = '"action":"look at the lines"'
"""What the log says when the server has looked at the files, and writes next."""


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
    """How a run ends, and how soon; gives what it said."""
    begun = time.monotonic()
    _, said = process.communicate(timeout=600)
    checks.same(f"{what}: exit code", process.returncode, code)
    took = time.monotonic() - begun
    checks.same(f"{what}: within {seconds:.0f} s ({took:.1f})", took <= seconds, True)
    return said


def told(said: str) -> dict[str, Any]:
    """The error of a date."""
    return next(event for line in said.splitlines() if (event := json.loads(line)).get("event") == "date_failed")


def nobody(checks: Checks, workspace: Workspace) -> None:
    """Nobody listens."""
    remote = f"sc://{HOST}:{free_port()}"
    process = subprocess.Popen(
        [os.environ["ADG_BIN"], *spark_at(remote)], cwd=workspace.folder, stderr=subprocess.PIPE, text=True
    )
    error = told(ends(checks, "nobody", process, UNAVAILABLE, 60))
    checks.same("nobody: it says where, and what to do", (remote in error["error"], "spark.remote" in error["hint"]), (True, True))
    checks.same("nobody: nothing is left", published(workspace), [])


def stranger(checks: Checks, workspace: Workspace) -> None:
    """Somebody listens who never answers, with TLS asked for; the run is told to stop."""
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen(16)
        for options in ("", "/;use_ssl=true;token=hidden"):
            remote = f"sc://{HOST}:{listening.getsockname()[1]}{options}"
            process = subprocess.Popen(
                [os.environ["ADG_BIN"], *spark_at(remote)], cwd=workspace.folder, stderr=subprocess.PIPE, text=True
            )
            time.sleep(3)
            process.send_signal(signal.SIGTERM)
            said = ends(checks, f"stranger {bool(options)}", process, STOPPED, 60)
            checks.same(f"stranger {bool(options)}: no panic, no token", "panic" in said or "hidden" in said, False)
    checks.same("stranger: nothing is left", published(workspace), [])


def looked_for(checks: Checks, workspace: Workspace) -> None:
    """Somebody listens who never answers: the doctor says what it has found before it asks there."""
    yaml = (workspace.folder / "adg.yaml").read_text()
    with socket.socket() as listening:
        listening.bind((HOST, 0))
        listening.listen(16)
        remote = f"sc://{HOST}:{listening.getsockname()[1]}"
        (workspace.folder / "adg.yaml").write_text(yaml.replace("stores:", f'engine: auto\n    spark: {{ remote: "{remote}" }}\n    stores:', 1))
        with subprocess.Popen([os.environ["ADG_BIN"], "doctor"], cwd=workspace.folder, stdout=subprocess.PIPE, text=True) as doctor:
            assert doctor.stdout
            said = [doctor.stdout.readline().split(": ")[0] for _ in range(2)]
            checks.same("looked for: what is said meanwhile", (said, doctor.poll()), (["ok    config", "ok    source"], None))
            doctor.kill()
    (workspace.folder / "adg.yaml").write_text(yaml)


def watched(checks: Checks, workspace: Workspace, remote: str) -> None:
    """Who sits at a terminal sees how far the server is."""
    source = workspace.source / f"{DAY}_things_0.csv"
    source.write_bytes(plain(5 * ROWS))
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
    checks.same(f"watched: some, more, all of it {sorted(seen)}", (len(seen) > 2, max(seen, default=0) >= whole - 0.01), (True, True))
    checks.same("watched: rows", f"{5 * ROWS} rows" in drawn, True)
    source.write_bytes(plain(ROWS))
    shutil.rmtree(workspace.folder / "warehouse/data/shop/things")


def what_comes(terminal: int) -> str:
    """Of a terminal's text the next piece; nothing once nobody writes there."""
    try:
        return os.read(terminal, 1 << 16).decode(errors="replace")
    except OSError:
        return ""


def dies(checks: Checks, workspace: Workspace) -> None:
    """The server is killed while it writes."""
    with sail() as server:
        process = started(workspace, server.remote)
        os.kill(server.pid, signal.SIGKILL)
        error = told(ends(checks, "dies", process, UNAVAILABLE, 120))
    checks.same("dies: it says where", server.remote in error["error"], True)
    checks.same("dies: nothing is left", published(workspace), [])


def stopped(checks: Checks, workspace: Workspace, remote: str, rows: int, moments: Sequence[float]) -> None:
    """The run is told to stop while the server plans how to write, or writes, for which it needs more than ten seconds."""
    source = workspace.source / f"{DAY}_things_0.csv"
    source.write_bytes(plain(rows))
    for after in moments:
        what = f"stopped after {after} s, {rows} rows"
        process = started(workspace, remote)
        time.sleep(after)
        process.send_signal(signal.SIGTERM)
        said = ends(checks, what, process, STOPPED, 60)
        checks.same(f"{what}: so does the server", "spark_goes_on" in said, False)
        time.sleep(3)
        checks.same(f"{what}: nothing is left", published(workspace), [])
    source.write_bytes(plain(ROWS))


def again(checks: Checks, workspace: Workspace, remote: str) -> None:
    """Afterwards it is done, and a plan says by whom."""
    engine = "engine: auto\n    spark: {{ remote: \"{}\", from: {} }}\n    stores:"
    yaml = (workspace.folder / "adg.yaml").read_text()
    for size, is_there in (("1GiB", False), ("1KiB", True)):
        (workspace.folder / "adg.yaml").write_text(yaml.replace("stores:", engine.format(remote, size), 1))
        (workspace.folder / "plan.json").unlink(missing_ok=True)
        workspace.run("plan", *ASKED, "--out", "plan.json")
        notes = json.loads((workspace.folder / "plan.json").read_text())["days"][0]["notes"]
        checks.same(f"from {size}: planned", [note for note in notes if f"Spark at {remote}: " in note] != [], is_there)
        workspace.run("--plan", "plan.json")
        report = max((workspace.folder / "reports").iterdir(), key=lambda path: path.name)
        notes = json.loads(report.read_text())["days"][0]["notes"]
        checks.same(f"from {size}: done", any("rows were read and written by Spark" in note for note in notes), is_there)
    rows = workspace.run("query", "select count(*) as n from things", "--format", "csv").split()
    checks.same("afterwards all rows are there", rows, ["n", str(ROWS)])


ROWS = 40_000


def main() -> None:
    """One after the other, at one date."""
    checks = Checks()
    with tempfile.TemporaryDirectory(prefix="adg-engines-") as folder, spark_connect(piece="4m") as server:
        workspace = Workspace(Path(folder) / "work")
        workspace.module("shop", Case("trouble", [], {"id": "bigint"} | TYPES).module())
        (workspace.source / f"{DAY}_things_0.csv").write_bytes(plain(ROWS))
        nobody(checks, workspace)
        stranger(checks, workspace)
        looked_for(checks, workspace)
        watched(checks, workspace, server.remote)
        dies(checks, workspace)
        stopped(checks, workspace, server.remote, 5 * ROWS, (2, 0.1, 0.125, 0.15, 0.175, 0.2))
        with sail() as other:
            stopped(checks, workspace, other.remote, 20 * ROWS, (0, 0.05, 0.1))
        again(checks, workspace, server.remote)
    sys.exit(1 if checks.wrong else 0)


if __name__ == "__main__":
    main()
