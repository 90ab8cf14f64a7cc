"""One suite for all engines: what adg makes of a module's days by itself, and has a Spark Connect server make of them, is the same.

Real servers: Spark's and Sail's. Row by row and value by value, the counts, what was set aside, and the table's columns. Then one
table whose days are made by one engine and the other in turn, as Spark, Hive's SerDe and DuckDB read it.
"""

from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from cases.engine.chance import cases as by_chance
from cases.engine.comparison import compare, decided, did, differs, ran
from cases.engine.inputs import DAYS, TYPES, Case, cases, plain
from world import readers
from world import spark as spark_readers
from world.adg import Workspace
from world.checks import Checks
from world.published import in_order, sort
from world.spark_connect import Server
from world.values import canonical

JSON = """\
version: 1
module: shop
source: { files: "{date}_{collection}.json", json: {} }
target: { database: shop }
collections: { things: {} }
"""


@pytest.fixture(scope="session")
def remotes(spark_connect: Server, sail: Server) -> dict[str, str]:
    """The addresses of both servers."""
    return {"spark": spark_connect.remote, "sail": sail.remote}


@pytest.mark.timeout(400)
@pytest.mark.parametrize("case", [*cases(), *by_chance(1, 30)], ids=lambda case: case.name)
def test_engines_make_the_same_table(checks: Checks, tmp_path: Path, remotes: dict[str, str], case: Case) -> None:
    """By adg alone, and by each server."""
    compare(checks, tmp_path, case, remotes)


def flags_of(remotes: dict[str, str]) -> dict[str, list[str]]:
    """The flags that choose each engine."""
    servers = {name: ["--engine", "spark", "--spark-remote", remote] for name, remote in remotes.items()}
    return {"local": ["--engine", "local"]} | servers


@pytest.mark.timeout(400)
def test_engines_make_the_same_of_a_module_that_is_built_in(checks: Checks, tmp_path: Path, remotes: dict[str, str]) -> None:
    """Vacancies are CSV, which a cluster reads."""
    found: dict[str, dict[str, Any]] = {}
    for name, words in flags_of(remotes).items():
        workspace = Workspace(tmp_path / f"vacancy-{name}")
        made = ("--module", "vacancy", "--date", DAYS[0], "--rows", "400", "--bad-values", "0.001", "--seed", "3")
        workspace.run("generate-test-data", *made)
        found[name] = ran(workspace, "vacancy", "uc_kickstart", DAYS[0], words)
    for server in remotes:
        checks.same(f"{server}: collections", sorted(found[server]), sorted(found["local"]))
        for name, ours in found["local"].items():
            differs(checks, f"{server}: {name}", found[server][name], ours)
        print(f"{server}: {decided(list(found[server].values()))} rows made by the cluster")


@pytest.mark.parametrize("server", ["spark", "sail"])
def test_json_is_read_by_adg_itself(checks: Checks, tmp_path: Path, remotes: dict[str, str], server: str) -> None:
    """A note says why."""
    workspace = Workspace(tmp_path / "json")
    workspace.module("shop", JSON)
    (workspace.source / f"{DAYS[0]}_things.json").write_text('[{"id": 1, "tags": ["a"]}]')
    notes = did(workspace, DAYS[0], flags_of(remotes)[server])["notes"]
    checks.same("the note", [note for note in notes if "records adg finds" in note], notes[:1])


@pytest.mark.timeout(400)
def test_engines_take_turns_at_one_table(checks: Checks, tmp_path: Path, spark_connect: Server, spark: SparkSession) -> None:
    """The first day by adg, the second by Spark, the third by adg: of each the same file."""
    case, workspace = Case("in turn", [], {"id": "bigint"} | TYPES, more="row_hash: v2"), Workspace(tmp_path / "turn")
    workspace.module("shop", case.module())
    for day, flags in zip(DAYS, ([], ["--engine", "spark", "--spark-remote", spark_connect.remote], []), strict=False):
        (workspace.source / f"{day}_things_0.csv").write_bytes(plain(1000))
        notes = did(workspace, day, flags)["notes"]
        checks.same(f"rows by the cluster on {day}", decided([{"notes": notes}]), 1000 if flags else 0)
    table = workspace.table("shop", "things")
    wanted = in_order((file.read_bytes() for file in sorted(table.partitions[DAYS[0]].iterdir())), table.columns)
    spark_readers.register(spark, table)
    names = [*table.columns, table.key]
    for name, rows in (
        ("Spark", spark_readers.reader(spark, convert=True)),
        ("SerDe", spark_readers.reader(spark, convert=False)),
        ("DuckDB", readers.by_duckdb),
    ):
        found = rows(table, names)
        for day in DAYS[:3]:
            of_day = [as_told(table.columns, row) for row in found if str(row[table.key]) == day]
            checks.same(f"{name} reads {day}", sort(of_day), sort(as_told(table.columns, row, True) for row in wanted))


def as_told(columns: dict[str, str], row: dict[str, Any], is_canonical: bool = False) -> dict[str, Any]:
    """Gives a row in its one form, with nothing said of blanks at the end of a `char`, which Spark pads."""
    told = {}
    for name, hive in sorted(columns.items()):
        value = row.get(name) if is_canonical else canonical(hive, row[name])
        told[name] = value.rstrip(" ") if hive.startswith("char") and value else value
    return told
