"""The readers that are compared, and what each gives of a table with every type word."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from world import every_type
from world.adg import Records, Table, Workspace
from world.checks import cause
from world.every_type import HIVE, KEY, ROW
from world.values import canonical

MODULE = """\
version: 1
module: {module}
source: {{ files: "{{date}}_{{collection}}.csv", csv: {{ keep_quoted_empty: true }} }}
limits: {{ error_rate: 1, quarantine_rate: 0 }}
target: {{ database: {module}, timestamps: {timestamps} }}
collections: {{ every_type: {{ columns: {columns} }} }}
"""

Column = dict[tuple[str, int | None], Any]


def module(name: str, timestamps: str) -> str:
    """A module with the table."""
    return MODULE.format(module=name, timestamps=timestamps, columns=json.dumps(every_type.WORDS))


@dataclass(frozen=True)
class Reader:
    """A reader, and how what it gives differs from what the file says by its own nature."""

    name: str
    rows: Callable[[Table, list[str]], Records]
    """Gives columns of a table."""
    shows: Callable[[str, Any], Any] = lambda _hive, value: value
    """The change that it makes to a value of a type."""


def by_duckdb(table: Table, names: list[str]) -> Records:
    """Through Arrow: DuckDB's own Python values need another package for time zones."""
    files = duckdb.read_parquet([str(file) for file in table.files()], union_by_name=True, hive_partitioning=True)
    return files.select(*names).to_arrow_table().to_pylist()


def by_pyarrow(table: Table, names: list[str]) -> Records:
    """File by file: the partition's value is not in the files."""
    read = []
    for file, value in table.files().items():
        part = pq.read_table(file, partitioning=None, coerce_int96_timestamp_unit="us")
        read.append(part.append_column(table.key, pa.array([value] * part.num_rows)))
    return pa.concat_tables(read, promote_options="default").select(names).to_pylist()


def by_query(workspace: Workspace, path: str) -> Callable[[Table, list[str]], Records]:
    """By `adg query`, which has Polars inside and takes DuckDB where it is in the path."""

    def rows(table: Table, names: list[str]) -> Records:
        printed = workspace.run("query", f"select {', '.join(names)} from {table.name}", "--format", "json", PATH=path)
        return [json.loads(line, parse_float=Decimal) for line in printed.splitlines()]

    return rows


NO_DUCKDB = "/nowhere"
WITH_DUCKDB = str(Path(sys.executable).parent)


def without_padding(hive: str, value: Any) -> Any:
    """Spark pads a `char`, so that blanks at its end mean nothing."""
    return value.rstrip(" ") if value and hive.startswith("char") else value


def as_json(hive: str, value: Any) -> Any:
    """JSON has no numbers that are not finite: they are null."""
    return None if hive in ("float", "double") and value in ("nan", "inf", "-inf") else value


def column_by_column(reader: Reader, table: Table) -> dict[str, Column | Exception]:
    """All columns at once; where that fails, each by itself, so that one does not hide the others."""
    names = [name for name in (*HIVE, KEY) if name != ROW]
    try:
        return _keyed(reader.rows(table, [ROW, *names]), names)
    except Exception:
        return {name: _alone(reader, table, name) for name in names}


def _alone(reader: Reader, table: Table, name: str) -> Column | Exception:
    try:
        return _keyed(reader.rows(table, [ROW, KEY] if name == KEY else [ROW, KEY, name]), [name])[name]
    except Exception as error:
        return error


def _keyed(rows: Records, names: list[str]) -> dict[str, Column | Exception]:
    keys = [(str(row[KEY]), row[ROW]) for row in rows]
    if len(set(keys)) != len(keys):
        raise ValueError(f"{len(keys)} rows, of which {len(set(keys))} differ")
    return {name: {key: row[name] for key, row in zip(keys, rows, strict=True)} for name in names}


def verdict(reader: Reader, name: str, found: Column | Exception, expected: Column) -> str:
    """`ok`, or the first difference."""
    if isinstance(found, Exception):
        return cause(found)
    if found.keys() != expected.keys():
        return f"{len(found)} rows instead of {len(expected)}"
    hive = HIVE.get(name, "date")
    for key, meaning in expected.items():
        wanted = reader.shows(hive, meaning)
        try:
            got = reader.shows(hive, canonical(hive, found[key]))
        except (TypeError, ValueError, AttributeError, LookupError, ArithmeticError) as error:
            return f"{key}: {found[key]!r:.80} is no {hive}: {error!r}"
        # Not by `==`, to which True is 1.
        if repr(got) != repr(wanted):
            return f"{key}: {got!r:.80} instead of {wanted!r:.80}"
    return "ok"


def matrix(readers: list[Reader], table: Table, expected: every_type.Rows) -> dict[str, list[str]]:
    """The verdicts of the readers for each column."""
    seen = [column_by_column(reader, table) for reader in readers]
    cells = {}
    for name in seen[0]:
        column = {key: row[name] for key, row in expected.items()}
        cells[name] = [verdict(reader, name, found[name], column) for reader, found in zip(readers, seen, strict=True)]
    return cells


def is_excused(encoding: str, reader: Reader, column: str) -> bool:
    """Tells of the one difference that may be: Hive's SerDe reads no timestamps but INT96."""
    return encoding == "micros" and reader.name == "SerDe" and "timestamp" in HIVE.get(column, "")
