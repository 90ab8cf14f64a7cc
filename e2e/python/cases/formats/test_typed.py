"""Files whose fields have types or positions: Parquet, Avro, ORC, workbooks, fixed width; and columns from files themselves."""

import io
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.orc
import pyarrow.parquet as pq
import pytest

from cases.formats.avro import container
from cases.formats.given import DAY, Given, csv, dec, refused, rows, run, workspace
from cases.formats.test_csv import at
from world.checks import Checks

NEXT = "2024-05-02"


def of(kind: str, what: str, content: bytes, expected: list[dict[str, Any]], settings: str = "{}", **more: Any) -> Given:
    """A module whose only file has that content."""
    files = {f"{DAY}_orders.{kind}": content}
    pattern = f"{{date}}_{{collection}}.{kind}"
    return Given(what, files, expected, csv="", pattern=pattern, source=f"{kind}: {settings}", **more)


def table() -> pa.Table:
    """A table of many types."""
    instant = datetime(2024, 5, 1, 10, 0, 0, 123456, tzinfo=UTC)
    return pa.table(
        {
            "id": pa.array([1, 2], pa.int32()),
            "Cust Name": pa.array(["Ann", ""]),
            "amount": pa.array([Decimal("10.50"), None], pa.decimal128(9, 2)),
            "share": pa.array([0.1, float("nan")], pa.float32()),
            "day": pa.array([date(2024, 5, 1), None]),
            "at": pa.array([instant, None], pa.timestamp("us", tz="UTC")),
            "clock": pa.array([instant.replace(tzinfo=None), None], pa.timestamp("ns")),
            "tags": pa.array([["a", None], []], pa.list_(pa.string())),
            "who": pa.array([{"x": 1, "y": "z"}, None], pa.struct([("x", pa.int64()), ("y", pa.string())])),
            "never": pa.array([None, None], pa.int64()),
        }
    )


def parquet(content: pa.Table, **options: Any) -> bytes:
    """A Parquet file."""
    out = io.BytesIO()
    pq.write_table(content, out, **options)
    return out.getvalue()


def orc(content: pa.Table) -> bytes:
    """An ORC file."""
    out = io.BytesIO()
    pyarrow.orc.write_table(content, out)
    return out.getvalue()


TYPED: list[dict[str, Any]] = [
    {
        "id": 1,
        "cust_name": "Ann",
        "amount": dec("10.50"),
        "day": date(2024, 5, 1),
        "at": at(2024, 5, 1, 10, 0, 0, 123456),
        "clock": at(2024, 5, 1, 10, 0, 0, 123456),
        "tags": ["a", None],
        "who": {"x": 1, "y": "z"},
        "never": None,
    },
    {
        "id": 2,
        "cust_name": "",
        "amount": None,
        "day": None,
        "at": None,
        "clock": None,
        "tags": [],
        "who": None,
        "never": None,
    },
]

AVRO_SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "order",
    "fields": [
        {"name": "id", "type": "long"},
        {"name": "name", "type": ["null", "string"]},
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "tags", "type": {"type": "array", "items": "string"}},
    ],
}
AVRO_ROWS: list[dict[str, Any]] = [
    {"id": 1, "name": "Ann", "day": 19844, "at": 1714557600123, "tags": ["a", "b"]},
    {"id": -2, "name": None, "day": 0, "at": 0, "tags": []},
]
AVRO_EXPECTED: list[dict[str, Any]] = [
    {"id": 1, "name": "Ann", "day": date(2024, 5, 1), "at": at(2024, 5, 1, 10, 0, 0, 123000), "tags": ["a", "b"]},
    {"id": -2, "name": None, "day": date(1970, 1, 1), "at": at(1970, 1, 1), "tags": []},
]


def workbook() -> bytes:
    """A workbook of two sheets."""
    book = openpyxl.Workbook()
    first = book.active
    assert first is not None
    first.title = "Notes"
    first.append(["nothing of interest"])
    sheet = book.create_sheet("Orders")
    sheet.append(["Report of May"])
    sheet.append([])
    sheet.append([None, "id", "Cust Name", "amount", "day", "at", "ok"])
    sheet.append([None, 1, "Ann", 10.5, date(2024, 5, 1), datetime(2024, 5, 1, 10, 30), True])
    sheet.append([None, 2, "Bob", 20, date(2024, 5, 2), None, False])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


FIXED = "0001Ann       00010502024-05-01\n0002Bob B.    00020002024-05-01\n"
LAYOUT = "[[id, 1, 4], [name, 5, 14], [amount, 15, 21], [day, 22, 31]]"
FIXED_ROWS: list[dict[str, Any]] = [
    {"id": "0001", "name": "Ann", "amount": dec("10.50"), "day": date(2024, 5, 1)},
    {"id": "0002", "name": "Bob B.", "amount": dec("20.00"), "day": date(2024, 5, 1)},
]
FIXED_COLUMNS = 'id: string, name: string, amount: "decimal(9,2)", day: date'

CASES = [
    of("parquet", "Parquet", parquet(table()), TYPED),
    of("parquet", "Parquet with old timestamps", parquet(table(), use_deprecated_int96_timestamps=True), TYPED),
    of(
        "parquet",
        "a time zone of clock times",
        parquet(table()),
        [{"clock": at(2024, 5, 1, 8, 0, 0, 123456)}, {"clock": None}],
        "{ time_zone: Europe/Berlin }",
    ),
    of("parquet", "times of day", parquet(pa.table({"t": pa.array([time(10, 0, 0, 1)])})), [{"t": "10:00:00.000001"}]),
    of(
        "parquet",
        "a declared type that the file does not have",
        parquet(pa.table({"id": pa.array([1, 3_000_000_000], pa.int64()), "x": ["1", "x"]})),
        [{"id": 1, "x": 1}, {"id": None, "x": None}],
        columns="id: int, x: int",
        errors=[1],
    ),
    of("avro", "Avro", container(AVRO_SCHEMA, AVRO_ROWS), AVRO_EXPECTED),
    of("avro", "Avro, deflated", container(AVRO_SCHEMA, AVRO_ROWS, "deflate"), AVRO_EXPECTED),
    of(
        "orc",
        "ORC",
        orc(table().drop_columns(["share", "never"])),
        [{key: row[key] for key in row if key != "never"} for row in TYPED],
    ),
    of(
        "excel",
        "a sheet of a workbook",
        workbook(),
        [
            {"id": 1, "cust_name": "Ann", "amount": 10.5, "day": date(2024, 5, 1), "at": at(2024, 5, 1, 10, 30), "ok": True},
            {"id": 2, "cust_name": "Bob", "amount": 20.0, "day": date(2024, 5, 2), "at": None, "ok": False},
        ],
        "{ sheet: Orders, range: B3 }",
    ),
    Given(
        "fields at fixed positions",
        csv(FIXED),
        FIXED_ROWS,
        f"{{ fixed_width: {LAYOUT}, columns: {{ amount: {{ implied_decimals: 2 }} }} }}",
        FIXED_COLUMNS,
    ),
    Given(
        "positions of a collection",
        csv("title\n" + FIXED),
        FIXED_ROWS,
        "{ skip_lines: 1, columns: { amount: { implied_decimals: 2 } } }",
        FIXED_COLUMNS,
        orders=f"fixed_width: {LAYOUT}",
    ),
    Given(
        "characters, not bytes",
        {f"{DAY}_orders.csv": "1Größe  7\n2Maß    8\n".encode("windows-1252")},
        [{"a": 1, "b": "Größe", "c": 7}, {"a": 2, "b": "Maß", "c": 8}],
        "{ fixed_width: [[a, 1, 1], [b, 2, 7], [c, 8, 9]], encoding: windows-1252 }",
    ),
    Given(
        "columns from the files",
        {"in/2024-05-01_orders_1.csv": b"id\n1\n", "in/2024-05-01_orders_2.csv": b"id\n7,7\n2\n3\n"},
        [
            {"id": 1, "source_file": "2024-05-01_orders_1.csv", "source_row": 1, "path": "in/2024-05-01_orders_1.csv"},
            {"id": 2, "source_file": "2024-05-01_orders_2.csv", "source_row": 2, "path": "in/2024-05-01_orders_2.csv"},
            {"id": 3, "source_file": "2024-05-01_orders_2.csv", "source_row": 3, "path": "in/2024-05-01_orders_2.csv"},
        ],
        pattern="in/{date}_{collection}_{seq}.csv",
        source="pick: all\n  columns_from_file: { source_file: name, source_row: row, path: key }",
    ),
    Given(
        "columns from a JSON file",
        {f"{DAY}_orders.json": b'{"id":1}\n{"id":\n{"id":2}\n'},
        [{"id": 1, "n": 1}, {"id": 2, "n": 3}],
        csv="",
        pattern="{date}_{collection}.json",
        source="json: {}\n  columns_from_file: { n: row }",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_rows_are_those_of_the_file(checks: Checks, case: Given) -> None:
    """Every value is what the source means by it."""
    with workspace(case) as place:
        run(place, case.days)
        found = rows(place)
        checks.same(case.what, [{name: row.get(name) for name in case.rows[0]} for row in found], case.rows)
        wrong = [number for number, row in enumerate(found) if row["error_desc"] is not None]
        checks.same(f"{case.what}: rows with an invalid value", wrong, case.errors)


def test_types_of_the_files_are_those_of_the_table(checks: Checks) -> None:
    """A column without any value has the type that the file tells."""
    with workspace(of("parquet", "types", parquet(table()), [])) as place:
        run(place)
        types = place.table("shop", "orders").columns
        checks.same(
            "types",
            {name: types[name] for name in ("id", "amount", "share", "day", "at", "tags", "who", "never")},
            {
                "id": "int",
                "amount": "decimal(9,2)",
                "share": "float",
                "day": "date",
                "at": "timestamp",
                "tags": "array<string>",
                "who": "struct<x:bigint,y:string>",
                "never": "bigint",
            },
        )


REFUSED = [
    ("a Parquet file in a module of CSV", Given("x", {f"{DAY}_orders.csv": parquet(table())}, []), 13, "source.parquet"),
    ("a text in a module of Parquet", of("parquet", "x", b"id,name\n1,Ann\n" * 20, []), 13, "as Parquet"),
    ("a text in a module of Avro", of("avro", "x", b"id,name\n1,Ann\n" * 20, []), 13, "as Avro"),
    ("a sheet that is not there", of("excel", "x", workbook(), [], "{ sheet: May }"), 13, "Notes, Orders"),
    (
        "lines that are too short",
        Given("x", csv("0001Ann\n0002Bob\n"), [], "{ fixed_width: [[id, 1, 4], [name, 5, 14]] }"),
        0,
        "before the last field",
    ),
    (
        "lengths in place of positions",
        Given("x", csv(FIXED), [], "{ fixed_width: [[id, 1, 4], [name, 5, 10], [amount, 15, 7]] }"),
        10,
        "its first and its last",
    ),
]


@pytest.mark.parametrize(("what", "case", "code", "said"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_file_is_refused_with_a_hint(checks: Checks, what: str, case: Given, code: int, said: str) -> None:
    """What can't be read rightly is not read, and the message says what to set."""
    with workspace(case) as place:
        checks.same(f"{what}: the message has {said!r}", said in refused(place, code), True)
