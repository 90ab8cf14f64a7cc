"""One suite for all engines: what adg makes of a module's days by itself, and has a Spark Connect server make of them, is the same.

Real servers: Spark's and Sail's. Row by row and value by value, the counts, what was set aside, and the table's columns. Then one
table whose days are made by one engine and the other in turn, as Spark, Hive's SerDe and DuckDB read it.

Usage: ADG_BIN=… engines.py [--seeds FIRST..LAST] [spark] [sail]. The binary must have the feature `spark`. With seeds nothing is
compared but what they bring. Prints each check; exits 1 where one fails.
"""

import argparse
import json
import re
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from world import readers
from world import spark
from world.adg import Workspace
from world.checks import Checks
from cases.engine.inputs import DAYS, TYPES, Case, cases, plain
from cases.engine.chance import cases as by_chance
from world.published import in_order, sort
from world.spark_connect import sail, spark_connect
from world.values import canonical

SERVERS = {"spark": spark_connect, "sail": sail}
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
    """One day of a case, and what is there then."""
    return ran(workspace, "shop", "shop", day, flags)["things"]


def ran(workspace: Workspace, module: str, database: str, day: str, flags: list[str]) -> dict[str, dict[str, Any]]:
    """One day of a module, and what is there then, by collection."""
    workspace.run("--module", module, "--start-dt", day, "--end-dt", day, *flags)
    report = max((workspace.folder / "reports").iterdir(), key=lambda path: path.name)
    return {told["collection"]: state(workspace, database, told) for told in json.loads(report.read_text())["days"]}


def state(workspace: Workspace, database: str, told: dict[str, Any]) -> dict[str, Any]:
    """What is there of a collection's day, of which a run told this."""
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
    """The rows that the cluster made."""
    return sum(int(found[1]) for day in days for note in day["notes"] if (found := DECIDED.search(note)))


def compare(checks: Checks, folder: Path, case: Case, servers: dict[str, str]) -> None:
    """A case by each engine."""
    wanted = work(folder / "local", case, ["--engine", "local"])
    for server, remote in servers.items():
        try:
            found = work(folder / server, case, ["--engine", "spark", "--spark-remote", remote])
        except RuntimeError as error:
            checks.fail(f"{server}: {case.name}", str(error)[-1500:])
            continue
        wrong = checks.wrong
        for day, (theirs, ours) in enumerate(zip(found, wanted, strict=True), 1):
            differs(checks, f"{server}: {case.name}, day {day}", theirs, ours)
        rows, total = decided(found), sum(len(day["rows"]) for day in found)
        if case.by_cluster not in (None, rows):
            checks.fail(f"{server}: {case.name}: rows that the cluster makes", f"{rows} instead of {case.by_cluster}")
        if checks.wrong == wrong:
            print(f"ok     {server}: {case.name}: {total} rows, {rows} of them made by the cluster")


def differs(checks: Checks, what: str, theirs: dict[str, Any], ours: dict[str, Any]) -> None:
    """Whether anything does."""
    for part in ("columns", "counts", "set aside", "other files", "rows"):
        if theirs[part] != ours[part]:
            checks.same(f"{what}: {part}", theirs[part], ours[part])


def built_in(checks: Checks, folder: Path, servers: dict[str, str]) -> None:
    """The modules that adg has in it: one of CSV, which a cluster reads, and those of JSON, which it does not."""
    flags = {"local": ["--engine", "local"]}
    flags |= {server: ["--engine", "spark", "--spark-remote", remote] for server, remote in servers.items()}
    found = {}
    for name, words in flags.items():
        workspace = Workspace(folder / f"vacancy-{name}")
        made = ("--module", "vacancy", "--date", DAYS[0], "--rows", "400", "--bad-values", "0.001", "--seed", "3")
        workspace.run("generate-test-data", *made)
        found[name] = ran(workspace, "vacancy", "uc_kickstart", DAYS[0], words)
    for server in servers:
        wrong = checks.wrong
        checks.same(f"{server}: vacancy: collections", sorted(found[server]), sorted(found["local"]))
        for name, ours in found["local"].items():
            differs(checks, f"{server}: vacancy: {name}", found[server][name], ours)
        rows = decided(list(found[server].values()))
        if checks.wrong == wrong:
            print(f"ok     {server}: vacancy: {rows} rows made by the cluster")
    workspace = Workspace(folder / "json")
    workspace.module("shop", JSON)
    (workspace.source / f"{DAYS[0]}_things.json").write_text('[{"id": 1, "tags": ["a"]}]')
    for server in servers:
        notes = did(workspace, DAYS[0], flags[server])["notes"]
        checks.same(f"{server}: JSON is read here, and it is said why", [note for note in notes if "records adg finds" in note], notes[:1])


JSON = """\
version: 1
module: shop
source: { files: "{date}_{collection}.json", json: {} }
target: { database: shop }
collections: { things: {} }
"""


def in_turn(checks: Checks, folder: Path, remote: str) -> None:
    """One table, the first day by adg, the second by Spark, the third by adg: of each the same file."""
    case, workspace = Case("in turn", [], {"id": "bigint"} | TYPES, more="row_hash: v2"), Workspace(folder / "turn")
    workspace.module("shop", case.module())
    for day, flags in zip(DAYS, ([], ["--engine", "spark", "--spark-remote", remote], []), strict=False):
        (workspace.source / f"{day}_things_0.csv").write_bytes(plain(1000))
        notes = did(workspace, day, flags)["notes"]
        checks.same(f"in turn: rows by the cluster on {day}", decided([{"notes": notes}]), 1000 if flags else 0)
    table = workspace.table("shop", "things")
    wanted = in_order((file.read_bytes() for file in sorted(table.partitions[DAYS[0]].iterdir())), table.columns)
    session = spark.session(folder)
    spark.register(session, table)
    names = [*table.columns, table.key]
    for name, rows in (
        ("Spark", spark.reader(session, convert=True)),
        ("SerDe", spark.reader(session, convert=False)),
        ("DuckDB", readers.by_duckdb),
    ):
        found = rows(table, names)
        for day in DAYS[:3]:
            of_day = [as_told(table.columns, row) for row in found if str(row[table.key]) == day]
            checks.same(f"in turn: {name} reads {day}", sort(of_day), sort(as_told(table.columns, row, True) for row in wanted))
    session.stop()


def as_told(columns: dict[str, str], row: dict[str, Any], is_canonical: bool = False) -> dict[str, Any]:
    """A row in its one form, with nothing said of blanks at the end of a `char`, which Spark pads."""
    told = {}
    for name, hive in sorted(columns.items()):
        value = row.get(name) if is_canonical else canonical(hive, row[name])
        told[name] = value.rstrip(" ") if hive.startswith("char") and value else value
    return told


def main() -> None:
    """All cases on the servers that are named, or on all."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=lambda text: range(*map(int, text.split(".."))))
    parser.add_argument("servers", nargs="*", default=list(SERVERS))
    asked, checks = parser.parse_args(), Checks()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="adg-engines-")))
        servers = {name: stack.enter_context(SERVERS[name]()).remote for name in asked.servers}
        chosen = [*cases(), *by_chance(1, 30)] if asked.seeds is None else [case for seed in asked.seeds for case in by_chance(seed, 300)]
        for number, case in enumerate(chosen):
            compare(checks, folder / str(number), case, servers)
        if asked.seeds is None:
            built_in(checks, folder, servers)
            if "spark" in servers:
                in_turn(checks, folder, servers["spark"])
    sys.exit(1 if checks.wrong else 0)


if __name__ == "__main__":
    main()
