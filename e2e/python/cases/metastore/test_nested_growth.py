"""JSON whose objects change from day to day: what each reader sees of all days, after each day, in each metastore.

In the embedded metastore, in Glue and in a Hive Metastore that lets structs change, all of it must be there. One that does not,
which is Hive's default, must refuse the day and nothing else.
"""

import json
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import boto3
import pytest
from pyspark.sql import SparkSession

from cases.metastore.growth import (
    BASE,
    CHANGED,
    COLUMNS,
    DAYS,
    GROWN,
    NEW,
    NEW_MEMBERS,
    PEOPLE,
    SOURCE,
    STRICT,
    VISITS,
    VISITS_AFTER,
    columns_after,
    rows,
)
from world import spark as spark_readers
from world.adg import Records, Table, Workspace
from world.checks import Checks
from world.every_type import KEY
from world.hive import Hive
from world.hive import hive as private_hive
from world.hive_client import HiveClient
from world.moto import Moto
from world.readers import NO_DUCKDB, WITH_DUCKDB, Reader, by_duckdb, by_query
from world.values import canonical

MODULE = """\
version: 1
module: {module}
source: {{ files: "{{date}}_{{collection}}.json", json: {{}} }}
column_names: camel
evolution: {{ new_column: {new_column} }}
limits: {{ error_rate: 1, quarantine_rate: 0 }}
target: {{ database: {module} }}
collections:
  people: {{ columns: {{ rates: "map<string,struct<amount:decimal(9,2)>>" }} }}
  visits: {{}}
"""


@dataclass
class Place:
    """A workspace with its metastore, and who reads its tables."""

    name: str
    """Of its module and its database, too."""
    workspace: Workspace
    checks: Checks
    table: Callable[[str], Table]
    """As the metastore has it."""
    readers: list[Reader]

    def module(self, new_column: str = "add") -> None:
        """Writes the module file."""
        self.workspace.module(self.name, MODULE.format(module=self.name, new_column=new_column))

    def run(self, *days: str, collections: tuple[str, ...] = (), expected: int = 0) -> dict[str, Any]:
        """Runs the first of the days to the last; gives the report."""
        only = [word for name in collections for word in ("--collection", name)]
        self.workspace.run("--module", self.name, "--start-dt", days[0], "--end-dt", days[-1], *only, expected=expected)
        return self.report()

    def report(self) -> dict[str, Any]:
        """The newest report."""
        found: dict[str, Any] = json.loads(max((self.workspace.folder / "reports").iterdir()).read_text())
        return found

    def land(self) -> None:
        """Puts the source's files there."""
        for collection, days in SOURCE.items():
            for day, records in days.items():
                (self.workspace.source / f"{day}_{collection}.json").write_text("".join(f"{record}\n" for record in records))

    def see(self, when: str, collection: str, columns: dict[str, str], wanted: Records) -> None:
        """Whether the metastore has these columns, and all readers these rows."""
        what = f"{self.name}, {when}: {collection}"
        table = self.table(collection)
        self.checks.same(f"{what} has its columns", list(table.columns.items()), list(columns.items()))
        self.checks.same(f"{what} has its partitions", list(table.partitions), sorted({row[KEY] for row in wanted}))
        for reader in self.readers:

            def found(reader: Reader = reader) -> Records:
                return in_order(reader.rows(table, [*columns, KEY]), columns)

            self.checks.gives(f"{what} by {reader.name}", found, wanted)


def in_order(found: Records, columns: dict[str, str]) -> Records:
    """Rows in the one form, by day and number."""
    same = [{name: canonical(kind, row[name]) for name, kind in columns.items()} | {KEY: str(row[KEY])} for row in found]
    return sorted(same, key=lambda row: (row[KEY], row["id"]))


def known_to_spark(session: SparkSession, registers: bool) -> Callable[[Table], Table]:
    """A table as Spark can read it anew: in a metastore that is not Spark's, by way of a copy of its entry."""
    copies: dict[str, Table] = {}

    def known(table: Table) -> Table:
        if not registers:
            session.catalog.refreshTable(table.name)
            return table
        if repr(table) not in copies:
            copies[repr(table)] = replace(table, name=f"copy_{len(copies)}_of_{table.name}")
            spark_readers.register(session, copies[repr(table)])
        return copies[repr(table)]

    return known


def after(known: Callable[[Table], Table], rows: Callable[[Table, list[str]], Records]) -> Callable[[Table, list[str]], Records]:
    """A reader of what is made known first."""
    return lambda table, names: rows(known(table), names)


def readers(session: SparkSession, workspace: Workspace, registers: bool) -> list[Reader]:
    """All of them."""
    known = known_to_spark(session, registers)
    both = {name: spark_readers.reader(session, convert) for name, convert in (("Spark", True), ("SerDe", False))}
    return [
        Reader("DuckDB", by_duckdb),
        Reader("adg query", by_query(workspace, NO_DUCKDB)),
        Reader("adg query by DuckDB", by_query(workspace, WITH_DUCKDB)),
        *(Reader(name, after(known, rows)) for name, rows in both.items()),
    ]


def in_glue(server: Moto, database: str) -> Callable[[str], Table]:
    """Tables as Glue has them."""
    glue = boto3.client(
        "glue",
        server.region,
        endpoint_url=server.url,
        aws_access_key_id=server.access_key_id,
        aws_secret_access_key=server.secret_access_key,
    )

    def table(name: str) -> Table:
        found = glue.get_table(DatabaseName=database, Name=name)["Table"]
        columns = {column["Name"]: column["Type"] for column in found["StorageDescriptor"]["Columns"]}
        [key] = found["PartitionKeys"]
        parts = glue.get_partitions(DatabaseName=database, TableName=name)["Partitions"]
        folders = {part["Values"][0]: Path(part["StorageDescriptor"]["Location"].removeprefix("file://")) for part in parts}
        return Table(f"{database}.{name}", columns, key["Name"], key["Type"], dict(sorted(folders.items())))

    return table


def in_metastore(client: HiveClient, database: str) -> Callable[[str], Table]:
    """Tables as the Hive Metastore has them."""
    return lambda name: client.table(f"{database}.{name}")


@pytest.fixture(scope="module")
def lenient(hive: Hive) -> Iterator[Hive]:
    """One more service over the shared metastore's tables: it lets structs change."""
    assert hive.database
    with private_hive(hive.database, strict=False) as metastore:
        yield metastore


@pytest.fixture
def make_place(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, checks: Checks, spark: SparkSession, tmp_path: Path
) -> Callable[[str], Place]:
    """Makes a workspace with one of the metastores."""

    def make(name: str) -> Place:
        if name == "embedded":
            workspace = Workspace(tmp_path / name)
            table: Callable[[str], Table] = partial(workspace.table, name)
        elif name == "glue":
            server: Moto = request.getfixturevalue("unchecked_moto")
            monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key_id)
            monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_access_key)
            workspace = Workspace(tmp_path / name, f'glue: {{ region: {server.region}, endpoint: "{server.url}" }}')
            table = in_glue(server, name)
        else:
            metastore: Hive = request.getfixturevalue("lenient" if name == "lenient" else "hive")
            workspace = Workspace(tmp_path / name, f'hive: {{ uris: ["{metastore.uri}"] }}')
            table = in_metastore(HiveClient(spark, metastore.uri), name)
        return Place(name, workspace, checks, table, readers(spark, workspace, registers=name in ("embedded", "glue")))

    return make


@pytest.mark.timeout(900)
@pytest.mark.parametrize("metastore", ["embedded", "glue", "lenient"])
def test_structs_grow_where_they_may_change(checks: Checks, make_place: Callable[[str], Place], metastore: str) -> None:
    """Day by day, and then all days again."""
    place = make_place(metastore)
    place.module()
    place.land()
    for number, day in enumerate(DAYS, start=1):
        [report] = place.run(day, collections=("people",))["days"]
        columns, what = columns_after(day), f"{place.name}, day {number}"
        if day != BASE:
            grown = COLUMNS[day].keys() & columns_after(DAYS[number - 2]).keys()
            told = [name for change in report["schema_changes"] for name in re.findall(r"CHANGE COLUMN `(\w+)`", change)]
            checks.same(f"{what}: the columns said to change", sorted(told), sorted(grown))
        if day == CHANGED:
            filled = ["columns missing in the source, filled with null: exact"]
            gone = [note for note in report["notes"] if note.startswith("columns missing")]
            checks.same(f"{what}: what is said of a column gone", gone, filled)
        invalid_values = [error for row in rows(PEOPLE, columns, [day]) for error in row["error_desc"] or []]
        checks.same(f"{what}: {len(invalid_values)} values are said not to fit", report["value_errors"], len(invalid_values))
        place.see(f"day {number}", "people", columns, rows(PEOPLE, columns, DAYS[:number]))
    place.run(*DAYS)
    place.see("all days again", "people", columns, rows(PEOPLE, columns, DAYS))
    place.see("all days again", "visits", VISITS_AFTER, rows(VISITS, VISITS_AFTER, DAYS))


@pytest.mark.timeout(900)
def test_growth_is_refused_alone_where_structs_may_not_change(
    checks: Checks, make_place: Callable[[str], Place], lenient: Hive, adg: Path
) -> None:
    """The Hive Metastore's default: the day and the table that would grow fail, and nothing else."""
    place = make_place("strict")
    before, after = columns_after(BASE), columns_after(GROWN)
    place.module()
    place.land()
    place.run(BASE)

    report = place.run(GROWN, collections=("people",), expected=12)
    failure = report["days"][0]["failure"]
    what = "strict: the table and all columns that would change are named"
    checks.same(what, named(failure["message"]), sorted([*COLUMNS[GROWN], "strict.people"]))
    for way_out in (f"{STRICT}=false", "`evolution.new_column: ignore`"):
        checks.same(f"strict: the hint names {way_out}", way_out in failure["hint"], True)
    place.see("growth refused", "people", before, rows(PEOPLE, before, [BASE]))

    report = place.run(BASE, GROWN, expected=4)
    outcomes = [(day["date"], day["collection"], day["outcome"]) for day in report["days"]]
    wanted = [(day, name, "completed") for day in (BASE, GROWN) for name in SOURCE]
    wanted[2] = (GROWN, "people", "failed")
    checks.same("strict: only the day and the table that would grow fail", sorted(outcomes), sorted(wanted))
    place.see("growth refused again", "people", before, rows(PEOPLE, before, [BASE]))
    place.see("new columns added", "visits", VISITS_AFTER, rows(VISITS, VISITS_AFTER, [BASE, GROWN]))
    [again] = report["rerun"]

    place.module("ignore")
    report = place.run(GROWN, collections=("people",))
    [note] = [note for note in report["days"][0]["notes"] if "ignored" in note]
    checks.same("strict: the members that are left out are named", sorted(note.partition(": ")[2].split(", ")), NEW_MEMBERS)
    ignoring = rows(PEOPLE, before, [BASE, GROWN], ignored=GROWN)
    place.see("new members left out", "people", before, ignoring)

    # As if the service had been started again: it is the same metastore.
    place.module()
    profiles = place.workspace.folder / "adg.yaml"
    strict = profiles.read_text()
    profiles.write_text(re.sub(r"thrift://[^\"]*", lenient.uri, strict))
    words = shlex.split(again)
    narrowest = ["--module", "strict", "--start-dt", GROWN, "--end-dt", GROWN, "--collection", "people"]
    checks.same("strict: the command that runs just the day and table again", words, [str(adg), *narrowest])
    place.workspace.run(*words[1:])
    place.see("growth let in, and the day run again as the report says", "people", after, rows(PEOPLE, after, [BASE, GROWN]))
    table = place.table("people")
    place.workspace.run(*words[1:])
    place.see("once more", "people", after, rows(PEOPLE, after, [BASE, GROWN]))
    folders = [folder for folder in table.partitions[GROWN].parent.iterdir() if any(folder.glob("*.parquet"))]
    # What was published and then replaced is kept for readers that still read it; what never was is swept.
    checks.same("strict: nothing is left of the attempts that failed", len(folders), 3)

    profiles.write_text(strict)
    place.run(CHANGED)
    place.see("strict again, a day without growth", "people", after, rows(PEOPLE, after, DAYS[:3]))
    place.run(NEW, collections=("people",), expected=12)
    place.see("strict again, a day with new columns and growth", "people", after, rows(PEOPLE, after, DAYS[:3]))


def named(message: str) -> list[str]:
    """Lists the columns and tables that a message names."""
    return sorted(set(re.findall(r"[\w.]+", message)) & {*COLUMNS[BASE], "strict.people"})
