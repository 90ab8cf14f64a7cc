"""Real data through adg, against DuckDB over the raw files: a catch-up of thousands of days, then the same again for nothing.

Usage: ADG_BIN=… real_data.py DATA, a folder with `birdstrikes.csv` and `seattle-weather.csv`. Exits 1 where figures differ.
"""

import csv
import re
import sys
import tempfile
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import duckdb

from world.adg import Table, Workspace

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


def figures(database: duckdb.DuckDBPyConnection, rows: str, columns: dict[str, str]) -> dict[str, tuple[int, ...]]:
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
        misfits = database.execute(texts).fetchall()
        found[column] = [f"Type Conversion for column {column}. The source value is: {text}" for (text,) in misfits]
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


def compare(data: Data, raw: Path, table: Table) -> bool:
    """Prints the figures of a table; gives whether they are DuckDB's over the raw file."""
    with duckdb.connect() as database:
        load(database, data, raw, table)
        wanted, got = (figures(database, rows, data.columns) for rows in ("expected", "published"))
        misfits = unfit(database, data.columns)
        errors = [text for (text,) in database.execute("select unnest(error_desc) from published").fetchall()]
        count, published = database.execute("select (select count(*) from raw), count(*) from published").fetchone()
        day = data.day.lower().replace(" ", "_")
        misplaced = database.execute(f"select count(*) from published where {day} <> {table.key}").fetchone()[0]

    print(f"{'column':<26}{'type':<14}{'values':>8}{'different':>11}{'sum':>28}{'unfit':>7}")
    for column, hive in data.columns.items():
        values, different, total = got[column]
        verdict = "" if got[column] == wanted[column] else f"  DuckDB: {wanted[column]}"
        print(f"{column:<26}{hive:<14}{values:>8}{different:>11}{total:>28}{len(misfits[column]):>7}{verdict}")
    checks = {
        "columns": list(table.columns.items()) == [*data.columns.items(), ("error_desc", "array<string>")],
        "rows": published == count,
        "figures": got == wanted,
        "error_desc": sorted(errors) == sorted(text for texts in misfits.values() for text in texts),
        "partitions": misplaced == 0,
    }
    wrong = [name for name, right in checks.items() if not right]
    print(f"{published} rows, {len(errors)} values unfit" + (f"; WRONG: {', '.join(wrong)}" if wrong else ""))
    return not wrong


def run(data: Data, raw: Path, folder: Path) -> bool:
    """One catch-up over all days, and one with nothing to do; gives whether all is right."""
    workspace = Workspace(folder)
    days = split_by_day(data, raw, workspace.source)
    columns = ", ".join(f'"{name}": "{hive}"' for name, hive in data.columns.items()) if data.declared else ""
    workspace.module(data.name, MODULE.format(name=data.name, missing=data.missing, start=days[0], columns=columns))

    begun = time.monotonic()
    workspace.run("--module", data.name, "--end-dt", days[-1])
    seconds = time.monotonic() - begun
    table = workspace.table("real", data.name)
    print(f"\n{data.name}: {len(days)} days in {seconds:.1f} s, {1000 * seconds / len(days):.1f} ms a day")
    right = compare(data, raw, table) and list(table.partitions) == days

    begun = time.monotonic()
    workspace.run("--module", data.name, "--end-dt", days[-1])
    same = workspace.table("real", data.name) == table
    print(f"again: {time.monotonic() - begun:.1f} s, {'nothing' if same else 'THE TABLE'} changed")
    return right and same


def main() -> None:
    """Takes each file, in a temporary folder of its own."""
    results = []
    for data in DATA:
        with tempfile.TemporaryDirectory() as folder:
            results.append(run(data, Path(sys.argv[1]) / data.file, Path(folder)))
    sys.exit(not all(results))


if __name__ == "__main__":
    main()
