"""A module's days by adg itself and by a Spark Connect server, and everything in which they must agree."""

import json
import re
from pathlib import Path
from typing import Any

from cases.engine.inputs import DAYS, Case
from world.adg import Workspace
from world.checks import Checks
from world.published import in_order, sort

DECIDED = re.compile(r"(\d+) rows were read and written by Spark")


def work(folder: Path, case: Case, flags: list[str]) -> list[dict[str, Any]]:
    """Does all days of a case, each by itself; gives what is there after each."""
    workspace = Workspace(folder)
    workspace.module("shop", case.module())
    for day, files in zip(DAYS, case.days, strict=False):
        for number, content in enumerate(files):
            (workspace.source / f"{day}_things_{number}.csv").write_bytes(content)
    return [did(workspace, day, flags) for day, _ in zip(DAYS, case.days, strict=False)]


def did(workspace: Workspace, day: str, flags: list[str]) -> dict[str, Any]:
    """Does one day of a case; gives what is there then."""
    return ran(workspace, "shop", "shop", day, flags)["things"]


def ran(workspace: Workspace, module: str, database: str, day: str, flags: list[str]) -> dict[str, dict[str, Any]]:
    """Does one day of a module; gives what is there then, by collection."""
    workspace.run("--module", module, "--start-dt", day, "--end-dt", day, *flags)
    report = max((workspace.folder / "reports").iterdir(), key=lambda path: path.name)
    return {told["collection"]: state(workspace, database, told) for told in json.loads(report.read_text())["days"]}


def state(workspace: Workspace, database: str, told: dict[str, Any]) -> dict[str, Any]:
    """Gives what is there of a collection's day, of which a run told this."""
    table = workspace.table(database, told["collection"])
    files = sorted(table.partitions[told["date"]].iterdir())
    kept = told["quarantine"]
    # Not by `splitlines`, which also ends lines at what may stand in a text.
    aside = [json.loads(line) for line in Path(kept.removeprefix("file://")).read_text().split("\n") if line] if kept else []
    counts = {name: told[name] for name in ("rows_read", "rows_written", "rows_quarantined", "value_errors")}
    return {
        "columns": list(table.columns.items()),
        "rows": sort(in_order((file.read_bytes() for file in files), table.columns)),
        "counts": counts | {"by column": told["value_errors_by_column"]},
        "set aside": sorted((line["reason"], line["text"], line.get("base64", "")) for line in aside),
        "other files": [file.name for file in files if file.suffix != ".parquet"],
        "notes": told["notes"],
    }


def decided(days: list[dict[str, Any]]) -> int:
    """Counts the rows that the cluster made."""
    return sum(int(found[1]) for day in days for note in day["notes"] if (found := DECIDED.search(note)))


def compare(checks: Checks, folder: Path, case: Case, servers: dict[str, str]) -> None:
    """Does a case by each engine."""
    wanted = work(folder / "local", case, ["--engine", "local"])
    for server, remote in servers.items():
        try:
            found = work(folder / server, case, ["--engine", "spark", "--spark-remote", remote])
        except RuntimeError as error:
            checks.fail(f"{server}: {case.name}", str(error)[-1500:])
            continue
        for day, (theirs, ours) in enumerate(zip(found, wanted, strict=True), 1):
            differs(checks, f"{server}: {case.name}, day {day}", theirs, ours)
        if case.by_cluster is not None:
            checks.same(f"{server}: {case.name}: rows that the cluster makes", decided(found), case.by_cluster)


def differs(checks: Checks, what: str, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Compares each part of what is there. The order of keys means nothing."""
    for part in ("columns", "counts", "set aside", "other files", "rows"):
        if theirs[part] == ours[part]:
            checks.ok(f"{what}: {part}")
        else:
            checks.same(f"{what}: {part}", theirs[part], ours[part])
