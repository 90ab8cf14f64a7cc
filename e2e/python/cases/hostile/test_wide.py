"""Files with too many names: ten thousand columns must work; a million of them, in whatever way they come, must end in time."""

import json
from collections.abc import Callable, Iterable

import duckdb
import pyarrow.parquet as pq
import pytest

from cases.hostile.trial import CSV, DAY, LINES, MIB, NEXT, Trial, block, calm, names_place, next_day_works, trial
from world.checks import Checks

WIDE, WIDE_MEMORY = 10_000, 512
"""Columns that must work, and the MiB that they may take."""
MILLION = 1_000_000


def csv_of(names: list[str], values: list[int]) -> bytes:
    """A header and a row."""
    return "\n".join([",".join(names), ",".join(map(str, values)), ""]).encode()


def read_by_pyarrow(at: Trial, names: list[str]) -> list[int]:
    """The first day's row."""
    (file,) = at.table("trial", "things").partitions[DAY].glob("*.parquet")
    row = pq.read_table(file).to_pylist()[0]
    return [row[name] for name in names]


def read_by_duckdb(at: Trial, names: list[str]) -> list[int]:
    """The same."""
    (file,) = at.table("trial", "things").partitions[DAY].glob("*.parquet")
    (row,) = duckdb.execute(f"select {', '.join(names)} from read_parquet('{file}')").fetchall()
    return list(row)


@pytest.mark.parametrize("way", [CSV, LINES], ids=["csv", "json"])
def test_ten_thousand_columns_are_read_back(checks: Checks, way: str) -> None:
    """By PyArrow and DuckDB."""
    names = [f"c{number}" for number in range(WIDE)]
    values = list(range(WIDE))
    text = csv_of(names, values) if way == CSV else json.dumps(dict(zip(names, values, strict=True))).encode() + b"\n"
    with trial(way) as at:
        at.land(text)
        what = f"{way}, {WIDE} columns"
        calm(checks, what, at.ingest(memory=WIDE_MEMORY, patience=40), (0,), WIDE_MEMORY)
        checks.gives(f"{what}: as PyArrow reads them", lambda: read_by_pyarrow(at, names), values)
        checks.gives(f"{what}: as DuckDB reads them", lambda: read_by_duckdb(at, names), values)


def test_record_of_a_million_fields_is_set_aside(checks: Checks) -> None:
    """Its neighbours are rows."""
    narrow = b"id,note,x\n1,a,b\n%s\n2,c,d\n" % (b"," * MILLION)
    with trial(CSV) as at:
        at.land(narrow)
        calm(checks, "a record of a million fields", at.ingest(), (0,))
        counted = [at.report()[name] for name in ("rows_written", "rows_quarantined")]
        checks.same("a record of a million fields: rows, and set aside", counted, [2, 1])
        next_day_works(checks, "a record of a million fields", at)


def too_wide() -> dict[str, tuple[str, Callable[[], bytes | Iterable[bytes]]]]:
    """Gives a million names: in a header, in a record, in as many records."""

    def many(count: int) -> list[bytes]:
        return [b"c%d" % number for number in range(count)]

    return {
        "a header of a million names": (CSV, lambda: b",".join(many(MILLION)) + b"\n1\n"),
        "a record of 300,000 new names": (LINES, lambda: b"{" + b",".join(b'"%s":1' % name for name in many(300_000)) + b"}\n"),
        "100,000 records with a new name each": (LINES, lambda: (b'{"%s":1}\n' % name for name in many(100_000))),
        "an object of a million names": (LINES, lambda: (b'{"id":{"%s":1}}\n' % name for name in many(MILLION))),
    }


@pytest.mark.parametrize("what", too_wide())
def test_million_names_end_in_time(checks: Checks, what: str) -> None:
    """More names than any reader could take are refused, or take no more than a run's memory."""
    way, content = too_wide()[what]
    with trial(way) as at:
        at.land(content())
        codes = (0,) if what.startswith("an object") else (12, 13)
        ended = at.ingest(memory=WIDE_MEMORY)
        if calm(checks, what, ended, codes, WIDE_MEMORY) and codes != (0,):
            names_place(checks, what, ended)
        next_day_works(checks, what, at, WIDE_MEMORY)


def test_empty_rows_of_a_wide_table_take_no_room(checks: Checks) -> None:
    """A thousand columns."""
    names = [f"c{number}" for number in range(1000)]
    with trial(LINES) as at:
        at.land(json.dumps(dict.fromkeys(names, 1)).encode())
        at.ingest(memory=256)
        at.land([b"[", block(b"{},", MIB), b'{"c1":1}]'], NEXT)
        ended = at.ingest(NEXT, memory=256, patience=40)
        calm(checks, "350,000 empty objects into a thousand columns", ended, (0,), 256)
