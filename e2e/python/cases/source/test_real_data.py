"""Real data through adg, against DuckDB over the raw files: a catch-up of thousands of days, then the same again for nothing."""

import csv
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from world.adg import Table, Workspace
from world.checks import Checks

MODULE = """\
version: 1
module: {name}
source: {{ files: "{{date}}_{{collection}}.csv", missing: {missing} }}
limits: {{ error_rate: 1, quarantine_rate: 0 }}
catchup: {{ start: {start} }}
target: {{ database: real }}
collections:
  {name}: {{ columns: {{ {columns} }} }}
"""


@dataclass(frozen=True)
class Data:
    """A file of real data and the module that takes it."""

    name: str
    file: str
    day: str
    """The header of the column by which the file is split."""
    missing: str
    declared: bool
    columns: dict[str, str]
    """The table's columns: those that the module declares, or those that are to be inferred."""


DATA = [
    # Some columns are too narrow on purpose, so that values do not fit.
    Data(
        name="birdstrikes",
        file="birdstrikes.csv",
        day="Flight Date",
        missing="skip",
        declared=True,
        columns={
            "airport_name": "varchar(25)",
            "aircraft_make_model": "string",
            "effect_amount_of_damage": "char(6)",
            "flight_date": "date",
            "aircraft_airline_operator": "string",
            "origin_state": "string",
            "phase_of_flight": "string",
            "wildlife_size": "string",
            "wildlife_species": "string",
            "time_of_day": "string",
            "cost_other": "smallint",
            "cost_repair": "int",
            "cost_total_$": "decimal(6,2)",
            "speed_ias_in_knots": "tinyint",
        },
    ),
    Data(
        name="weather",
        file="seattle-weather.csv",
        day="date",
        missing="fail",
        declared=False,
        columns={
            "date": "date",
            "precipitation": "double",
            "temp_max": "double",
            "temp_min": "double",
            "wind": "double",
            "weather": "string",
        },
    ),
]


def split_by_day(data: Data, raw: Path, source: Path) -> list[str]:
    """Writes a source file a day; gives the days in order."""
    with raw.open(newline="") as file:
        header, *records = csv.reader(file)
    days = defaultdict(list)
    for record in records:
        days[record[header.index(data.day)]].append(record)
    for day, lines in days.items():
        with (source / f"{day}_{data.name}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([header, *lines])
    return sorted(days)


def typed(column: str, hive: str) -> str:
    """A text column as its type in DuckDB's words: null where it does not fit."""
    if limit := re.fullmatch(r"(?:var)?char\((\d+)\)", hive):
        return f'case when length("{column}") <= {limit[1]} then "{column}" end'
    return f'try_cast("{column}" as {"varchar" if hive == "string" else hive})'


def figures(database: duckdb.DuckDBPyConnection, rows: str, columns: dict[str, str]) -> dict[str, Any]:
    """For each column how many values, how many different ones, and their sum: exact for numbers, of hashes for others."""
    found = {}
    for column, hive in columns.items():
        number = hive.startswith(("tinyint", "smallint", "int", "double", "decimal"))
        summand = f'"{column}"::decimal(38,4)' if number else f'hash("{column}"::varchar)::hugeint'
        values = f'from {rows} where "{column}" is not null'
        found[column] = database.execute(f'select count(*), count(distinct "{column}"), sum({summand}) {values}').fetchone()
    return found


def unfit(database: duckdb.DuckDBPyConnection, columns: dict[str, str]) -> dict[str, list[str]]:
    """For each column the texts that do not fit it, as `error_desc` is to name them."""
    found = {}
    for column, hive in columns.items():
        texts = f'select "{column}" from raw where "{column}" is not null and {typed(column, hive)} is null'
        invalid_values = database.execute(texts).fetchall()
        found[column] = [f"Type Conversion for column {column}. The source value is: {text}" for (text,) in invalid_values]
    return found


def load(database: duckdb.DuckDBPyConnection, data: Data, raw: Path, table: Table) -> None:
    """Makes the tables `raw`, all text, `expected`, which is `raw` typed by DuckDB, and `published`."""
    database.execute("create table file as from read_csv(?, all_varchar = true, header = true)", [str(raw)])
    headers = [name for (name,) in database.execute("select column_name from (describe file)").fetchall()]
    renamed = ", ".join(f'"{old}" as "{"_".join(re.findall(r"[0-9A-Za-z$]+", old)).lower()}"' for old in headers)
    database.execute(f"create table raw as select {renamed} from file")
    casts = ", ".join(f'{typed(column, hive)} as "{column}"' for column, hive in data.columns.items())
    database.execute(f"create table expected as select {casts} from raw")
    files = [str(file) for file in table.files()]
    database.execute("create table published as from read_parquet(?, union_by_name = true, hive_partitioning = true)", [files])


@dataclass
class Loaded:
    """A file of real data after a catch-up over all of its days."""

    data: Data
    workspace: Workspace
    raw: Path
    days: list[str]
    table: Table

    def run(self) -> None:
        """Runs the catch-up."""
        self.workspace.run("--module", self.data.name, "--end-dt", self.days[-1])


@pytest.fixture(scope="module", params=DATA, ids=lambda data: data.name)
def loaded(request: pytest.FixtureRequest, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """One catch-up over thousands of days."""
    data: Data = request.param
    workspace, raw = Workspace(tmp_path_factory.mktemp(data.name) / "work"), real_data / data.file
    days = split_by_day(data, raw, workspace.source)
    columns = ", ".join(f'"{name}": "{hive}"' for name, hive in data.columns.items()) if data.declared else ""
    workspace.module(data.name, MODULE.format(name=data.name, missing=data.missing, start=days[0], columns=columns))
    workspace.run("--module", data.name, "--end-dt", days[-1])
    return Loaded(data, workspace, raw, days, workspace.table("real", data.name))


@pytest.mark.timeout(600)
def test_catch_up_publishes_the_rows_that_duckdb_reads(checks: Checks, loaded: Loaded) -> None:
    """Figures of each column, and the texts that do not fit."""
    data, table = loaded.data, loaded.table
    with duckdb.connect() as database:
        load(database, data, loaded.raw, table)
        wanted, got = (figures(database, rows, data.columns) for rows in ("expected", "published"))
        invalid_values = unfit(database, data.columns)
        errors = [text for (text,) in database.execute("select unnest(error_desc) from published").fetchall()]
        ((count, published),) = database.execute("select (select count(*) from raw), count(*) from published").fetchall()
        day = data.day.lower().replace(" ", "_")
        ((misplaced,),) = database.execute(f"select count(*) from published where {day} <> {table.key}").fetchall()
    for column in data.columns:
        checks.same(f"figures of {column}", got[column], wanted[column])
    checks.same("columns", list(table.columns.items()), [*data.columns.items(), ("error_desc", "array<string>")])
    checks.same("rows", published, count)
    checks.same("error_desc", sorted(errors), sorted(text for texts in invalid_values.values() for text in texts))
    checks.same("rows of other days in a partition", misplaced, 0)
    checks.same("partitions", list(table.partitions), loaded.days)


@pytest.mark.timeout(600)
def test_second_catch_up_changes_nothing(loaded: Loaded) -> None:
    """All dates are done."""
    loaded.run()
    assert loaded.workspace.table("real", loaded.data.name) == loaded.table
