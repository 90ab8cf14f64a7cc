"""Files with too many names: ten thousand columns must work; a million of them, in whatever way they come, must end in time."""

import json
from collections.abc import Iterable

import duckdb
import pyarrow.parquet as pq

from world.checks import Checks
from cases.hostile.trial import CSV, DAY, LINES, MIB, NEXT, Trial, block, calm, names_place, next_day_works, trial

WIDE, WIDE_MEMORY = 10_000, 512
"""Columns that must work, and the MiB that they may take."""
MILLION = 1_000_000


def check_wide(checks: Checks) -> None:
    """Ten thousand columns are read back; more than any reader could take are refused, or take no more than a run's memory."""
    names = [f"c{number}" for number in range(WIDE)]
    values = list(range(WIDE))
    rows = {CSV: csv_of(names, values), LINES: json.dumps(dict(zip(names, values, strict=True))).encode() + b"\n"}
    for way, text in rows.items():
        with trial(way) as at:
            at.land(text)
            what = f"{way}, {WIDE} columns"
            calm(checks, what, at.ingest(memory=WIDE_MEMORY, patience=40), (0,), WIDE_MEMORY)
            checks.gives(f"{what}: as PyArrow reads them", lambda: read_by_pyarrow(at, names), values)
            checks.gives(f"{what}: as DuckDB reads them", lambda: read_by_duckdb(at, names), values)
    check_too_wide(checks)
    narrow = b"id,note,x\n1,a,b\n%s\n2,c,d\n" % (b"," * MILLION)
    with trial(CSV) as at:
        at.land(narrow)
        calm(checks, "a record of a million fields", at.ingest(), (0,))
        counted = [at.report()[name] for name in ("rows_written", "rows_quarantined")]
        checks.same("a record of a million fields: rows, and set aside", counted, [2, 1])
        next_day_works(checks, "a record of a million fields", at)


def check_too_wide(checks: Checks) -> None:
    """A million names, in a header, in a record, in as many records."""
    many = [b"c%d" % number for number in range(MILLION)]
    cases: dict[str, tuple[str, bytes | Iterable[bytes]]] = {
        "a header of a million names": (CSV, b",".join(many) + b"\n1\n"),
        "a record of 300,000 new names": (LINES, b"{" + b",".join(b'"%s":1' % name for name in many[:300_000]) + b"}\n"),
        "100,000 records with a new name each": (LINES, (b'{"%s":1}\n' % name for name in many[:100_000])),
        "an object of a million names": (LINES, (b'{"id":{"%s":1}}\n' % name for name in many)),
    }
    for what, (way, content) in cases.items():
        with trial(way) as at:
            at.land(content)
            codes = (0,) if what.startswith("an object") else (12, 13)
            ended = at.ingest(memory=WIDE_MEMORY)
            if calm(checks, what, ended, codes, WIDE_MEMORY) and codes != (0,):
                names_place(checks, what, ended)
            next_day_works(checks, what, at, WIDE_MEMORY)


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
    (row,) = duckdb.sql(f"select {', '.join(names)} from read_parquet('{file}')").fetchall()
    return list(row)


def check_narrow_into_wide(checks: Checks) -> None:
    """Empty rows into a table of a thousand columns: what is not there takes no room."""
    names = [f"c{number}" for number in range(1000)]
    with trial(LINES) as at:
        at.land(json.dumps(dict.fromkeys(names, 1)).encode())
        at.ingest(memory=256)
        at.land([b"[", block(b"{},", MIB), b'{"c1":1}]'], NEXT)
        ended = at.ingest(NEXT, memory=256, patience=40)
        calm(checks, "350,000 empty objects into a thousand columns", ended, (0,), 256)
