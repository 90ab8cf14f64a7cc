"""Values and packings of typed files that other readers get wrong: binary values, UUIDs, years far away, cut files."""

import bz2
import gzip
import io
import struct
import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.orc
import pytest

from cases.formats.avro import container
from cases.formats.given import DAY, Given, dec, refused, rows, run, workspace
from cases.formats.test_csv import at, zipped
from cases.formats.test_json_types import refused_retype
from cases.formats.test_typed import AVRO_EXPECTED, AVRO_ROWS, AVRO_SCHEMA, of, orc, parquet
from world.checks import Checks

ID = uuid.UUID("0123e456-e89b-12d3-a456-426614174000")
LONG = datetime(9999, 12, 31, 23, 59, 59, 999999)
# pyarrow writes fractions before 1970 as negative ones, which not every reader of ORC understands.
CLOCKS = [datetime(1969, 12, 31, 23, 59, 59, 500000), datetime(1901, 5, 6, 7, 8, 9, 123456), datetime(1969, 12, 31), None]
FAR = [LONG, datetime(1, 1, 1), datetime(1582, 10, 15, 1, 2, 3)]


def column(values: list[Any], kind: pa.DataType) -> pa.Table:
    """A table of one column."""
    return pa.table({"v": pa.array(values, kind)})


def values(*expected: Any) -> list[dict[str, Any]]:
    """The rows of such a table."""
    return [{"v": value} for value in expected]


def sheet(*lines: list[Any]) -> bytes:
    """A workbook of one sheet."""
    book = openpyxl.Workbook()
    for line in lines:
        assert book.active is not None
        book.active.append(line)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def avro(kind: Any, *encoded: bytes) -> bytes:
    """A file of records of one field, whose values are given as they are encoded."""
    schema = {"type": "record", "name": "r", "fields": [{"name": "v", "type": kind}]}
    whole = container(schema, [])
    header, mark = whole[:-18], whole[-16:]
    block = b"".join(encoded)
    assert len(block) < 64, "a length of one byte"
    return header + bytes([2 * len(encoded), 2 * len(block)]) + block + mark


NOTHING: dict[str, Any] = {"type": "record", "name": "r", "fields": [{"name": "v", "type": "null"}]}
FLOAT = struct.unpack("f", struct.pack("f", 0.1))[0]
"""The float 0.1, as the double that it is."""
BINARY = [b"\xff\x00", "ä".encode(), b"", None]
CASES = [
    of("parquet", "text in binary values", parquet(column(["ä".encode(), None], pa.binary())), values("ä", None)),
    of("parquet", "base64", parquet(column(BINARY, pa.binary())), values("/wA=", "w6Q=", "", None), "{ binary: base64 }"),
    of("orc", "hex", orc(column(BINARY, pa.binary())), values("ff00", "c3a4", "", None), "{ binary: hex }"),
    of("parquet", "of one length", parquet(column([b"\x01\xff"], pa.binary(2))), values("Af8="), "{ binary: base64 }"),
    of(
        "parquet",
        "binary values in lists",
        parquet(column([[b"\xff"], [None]], pa.list_(pa.binary()))),
        values(["ff"], [None]),
        "{ binary: hex }",
    ),
    of("parquet", "UUIDs", parquet(column([ID.bytes, None], pa.uuid())), values(str(ID), None)),
    of("avro", "UUIDs of Avro", avro({"type": "string", "logicalType": "uuid"}, b"\x48" + str(ID).encode()), values(str(ID))),
    of(
        "avro",
        "fixed UUIDs of Avro",
        avro({"type": "fixed", "name": "u", "size": 16, "logicalType": "uuid"}, ID.bytes),
        values(str(ID)),
    ),
    of(
        "avro",
        "fixed values of Avro",
        avro({"type": "fixed", "name": "f", "size": 2}, b"\x00\xff"),
        values("00ff"),
        "{ binary: hex }",
    ),
    of("parquet", "the last day", parquet(column([LONG, None], pa.timestamp("us"))), values(LONG, None)),
    of("parquet", "the last instant", parquet(column([LONG.replace(tzinfo=UTC)], pa.timestamp("us", "UTC"))), values(LONG)),
    of("parquet", "the last millisecond", parquet(column(FAR[1:], pa.timestamp("ms"))), values(*FAR[1:])),
    of("orc", "before 1970", orc(column(CLOCKS, pa.timestamp("us"))), values(None, None, *CLOCKS[2:]), errors=[0, 1]),
    of("orc", "years that 64 bits of nanoseconds lack", orc(column(FAR, pa.timestamp("us"))), values(*FAR)),
    of(
        "orc",
        "in structs",
        orc(column([{"a": [LONG]}], pa.struct([("a", pa.list_(pa.timestamp("us")))]))),
        values({"a": [LONG]}),
    ),
    of(
        "excel",
        "times of day in a workbook",
        sheet(["v", "w"], [time(9, 30), datetime(2024, 5, 1, 9, 30)], [time(0, 0), datetime(2024, 5, 1)]),
        [{"v": "09:30:00", "w": at(2024, 5, 1, 9, 30)}, {"v": "00:00:00", "w": at(2024, 5, 1)}],
    ),
    of(
        "excel",
        "numbers and days beside texts in the notation of the module",
        sheet(["v", "d", "n"], [1.234, date(2024, 5, 1), 1000.5], ["1.234", "2024-31-05", 2000], ["1,5", None, "1.234,5"]),
        [
            {"v": 1.234, "d": date(2024, 5, 1), "n": dec("1000.50")},
            {"v": 1234.0, "d": date(2024, 5, 31), "n": dec("2000.00")},
            {"v": 1.5, "d": None, "n": dec("1234.50")},
        ],
        '{ decimal: ",", thousands: ".", date_formats: ["%Y-%d-%m"] }',
        columns='v: double, d: date, n: "decimal(9,2)"',
    ),
    of(
        "excel",
        "numbers with three digits after the point",
        sheet(["v"], [1.234], [2.125]),
        values(1.234, 2.125),
    ),
    of(
        "excel",
        "numbers that are days and instants",
        sheet(["d", "t"], [20240501, 1714557600]),
        [{"d": date(2024, 1, 5), "t": at(2024, 5, 1, 10)}],
        '{ date_formats: ["%Y%d%m"], timestamp_formats: [epoch_s] }',
        columns="d: date, t: timestamp",
    ),
    of(
        "excel",
        "more digits than a double has",
        sheet(["v", "d"], [9007199254740991, 1], [1234567890123456789, 9007199254740993], ["9007199254740993", 2]),
        [
            {"v": 9007199254740991, "d": dec("1")},
            {"v": None, "d": None},
            {"v": 9007199254740993, "d": dec("2")},
        ],
        columns='v: bigint, d: "decimal(20,0)"',
        errors=[1],
    ),
    of("avro", "records without bytes", container(NOTHING, [{"v": None}] * 3), values(None, None, None)),
    of(
        "parquet",
        "doubles in a column of floats",
        parquet(column([0.1, 0.123456789, 16777217.0, FLOAT, None], pa.float64())),
        values(FLOAT, None, None, FLOAT, None),
        columns="v: float",
        errors=[1, 2],
    ),
    of(
        "orc",
        "doubles of a struct in a struct of floats",
        orc(column([{"x": 0.1}, {"x": 0.123456789}], pa.struct([("x", pa.float64())]))),
        values({"x": FLOAT}, {"x": None}),
        columns='v: "struct<x:float>"',
        errors=[1],
    ),
    of(
        "parquet",
        "decimals in a column of doubles",
        parquet(column([dec("1.5"), dec("0.123456789012345678")], pa.decimal128(38, 18))),
        values(1.5, None),
        columns="v: double",
        errors=[1],
    ),
    of(
        "parquet",
        "texts in a column of floats",
        parquet(column(["0.1", "0.123456789"], pa.string())),
        values(FLOAT, struct.unpack("f", struct.pack("f", 0.123456789))[0]),
        columns="v: float",
    ),
    *[
        of("parquet", f"pages packed by {codec}", parquet(column(["a", "b"], pa.string()), compression=codec), values("a", "b"))
        for codec in ("gzip", "brotli", "lz4", "zstd", "snappy", "none")
    ],
    of("parquet", "Parquet in gzip", gzip.compress(parquet(column([1], pa.int32()))), values(1)),
    of("parquet", "Parquet in zip", zipped(("a.parquet", parquet(column([1], pa.int32())))), values(1)),
    of("avro", "Avro in bzip2", bz2.compress(container(AVRO_SCHEMA, AVRO_ROWS)), AVRO_EXPECTED),
    of("orc", "ORC in gzip", gzip.compress(orc(column([1], pa.int32()))), values(1)),
    of("excel", "a workbook in gzip", gzip.compress(sheet(["v"], [1])), values(1)),
    of("excel", "a workbook in zip", zipped(("a.xlsx", sheet(["v"], [1]))), values(1)),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_values_are_those_of_the_file(checks: Checks, case: Given) -> None:
    """Every value is what the source means by it."""
    with workspace(case) as place:
        run(place, case.days)
        found = rows(place)
        checks.same(case.what, [{name: row.get(name) for name in case.rows[0]} for row in found], case.rows)
        wrong = [number for number, row in enumerate(found) if row["error_desc"] is not None]
        checks.same(f"{case.what}: rows with an invalid value", wrong, case.errors)


def test_binary_value_that_is_no_text_quarantines_its_record(checks: Checks) -> None:
    """It is kept as base64, and the reason says what to set; so it is within a list."""
    for kind, value, kept in [
        (pa.binary(), b"\xff", '"/w=="'),
        (pa.list_(pa.binary()), [b"a", b"\xff"], '["YQ==","/w=="]'),
    ]:
        content = pa.table({"id": [1, 2, 3], "v": pa.array([None, value, None], kind)})
        with workspace(of("parquet", "x", parquet(content), [])) as place:
            said = refused(place, 0).replace('\\"', '"')
            checks.same(f"rows beside {kind}", [row["id"] for row in rows(place)], [1, 3])
            checks.same("its record", f'{{"id":2,"v":{kept}}}' in said and '"row":2' in said, True)
            checks.same("its reason", "binary: base64" in said, True)


def test_cut_avro_file_is_refused(checks: Checks) -> None:
    """A file that ends within a block lost records; wherever it is cut, it is refused."""
    whole = container(AVRO_SCHEMA, AVRO_ROWS)
    for cut in (1, 15, 16, 17, 30, len(whole) // 2):
        with workspace(of("avro", "x", whole[:-cut], [])) as place:
            checks.same(f"without its last {cut} bytes", "as Avro" in refused(place, 13), True)


def test_avro_block_of_other_bytes_than_its_records_is_refused(checks: Checks) -> None:
    """A reader that takes such a block for one without an end would never stop."""
    whole = avro("int", b"\x0a")
    header, mark = whole[:-19], whole[-16:]
    for block, said in [
        (b"\x02\x04\x0a\x00", "other bytes than those of its 1 records"),
        (b"\x02\x00", "as Avro"),
        (b"\x01\x02\x0a", "a negative number of records"),
        (b"\x02\x02\x0a" + mark[1:] + b"\x02\x02\x0a", "the mark of the file"),
    ]:
        with workspace(of("avro", "x", header + block + mark, [])) as place:
            checks.same(f"{block!r}: {said}", said in refused(place, 13), True)


def test_retype_keeps_all_digits_or_changes_nothing(checks: Checks) -> None:
    """Of a decimal or a text with more digits than a double has, none are lost."""
    digits: list[tuple[pa.DataType, Any]] = [
        (pa.decimal128(38, 18), dec("0.123456789012345678")),
        (pa.string(), "0.12345678901234567890123"),
    ]
    for kind, long in digits:
        short = dec("0.250000000000000000") if isinstance(long, Decimal) else "0.25"
        for given, code in [([short, long], 2), ([short], 0)]:
            with workspace(of("parquet", "x", parquet(column(given, kind)), [])) as place:
                run(place)
                if code:
                    told = refused_retype(place, "v", "double")
                    checks.same("how many, and why", "1 values of `v`" in told and "17 at most" in told, True)
                    checks.same("nothing was changed", [row["v"] for row in rows(place)], given)
                else:
                    place.run("retype", "shop.orders", "v", "double")
                    checks.same("the double", [row["v"] for row in rows(place)], [0.25])


def test_text_of_a_workbook_is_not_read_in_two_notations(checks: Checks) -> None:
    """`1.234` may have been a number, or a thousand in a text."""
    content = sheet(["v"], [1.234], ["1.234"])
    with workspace(of("excel", "x", content, [], '{ decimal: ",", thousands: "." }', columns="v: string")) as place:
        run(place)
        told = refused_retype(place, "v", "double")
        checks.same("the hint", "`columns: { v: 'double' }`" in told, True)


REFUSED = [
    ("several files in a zip", of("parquet", "x", zipped(("a", b"1"), ("b", b"2")), []), 13, "pack each one alone"),
    ("UTF-32", Given("x", {f"{DAY}_orders.csv": "\ufeffa,b\n1,2\n".encode("utf-32-le")}, []), 13, "ask the source for utf-8"),
    ("instants in ORC before 1970", of("orc", "x", orc(column(CLOCKS, pa.timestamp("us", "UTC"))), []), 13, "as ORC"),
    ("a number of bytes", of("avro", "x", struct.pack(">i", 7) * 20, []), 13, "as Avro"),
]


@pytest.mark.parametrize(("what", "case", "code", "said"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_file_is_refused_with_a_hint(checks: Checks, what: str, case: Given, code: int, said: str) -> None:
    """What can't be read rightly is not read, and the message says what to do."""
    with workspace(case) as place:
        checks.same(f"{what}: the message has {said!r}", said in refused(place, code), True)


def test_workbook_without_names_is_refused(checks: Checks) -> None:
    """Its first record would be the names of the columns, and lost."""
    with workspace(of("excel", "x", sheet([1, "Ann", 2.5], [2, "Bob", 3.5]), [])) as place:
        checks.same("why", "its first line of cells looks like values: 1, 2.5" in refused(place, 12), True)


def test_cells_without_a_value_of_their_type_are_told(checks: Checks) -> None:
    """A formula that no program has computed is no null, and a number beyond the last day is not that day."""
    day = openpyxl.Workbook()
    assert day.active is not None
    day.active.append(["v"])
    day.active.append([2_958_466])
    day.active["A2"].number_format = "yyyy-mm-dd"
    out = io.BytesIO()
    day.save(out)
    for content, column, text in [
        (sheet(["v"], ["=1+1"]), "v: bigint", "=1+1"),
        (out.getvalue(), "v: date", "2958466"),
    ]:
        with workspace(of("excel", "x", content, [], columns=column)) as place:
            told = refused(place, 0)
            checks.same(f"{text} is an invalid value", '"value_errors":1' in told, True)
            checks.same("and null", [row["v"] for row in rows(place)], [None])


def test_cells_that_are_no_values_are_told(checks: Checks) -> None:
    """Formulas that nobody computed, and errors: their column becomes text, and a note says why."""
    content = sheet(["id", "v"], [1, "=A2*2"], [2, "=A3*2"])
    case = Given("cells", {f"{DAY}_orders.xlsx": content}, [], csv="", pattern="{date}_{collection}.xlsx", source="excel: {}")
    with workspace(case) as place:
        told = refused(place, 0)
        checks.same("told", "has 2 formulas without a result" in told, True)
        checks.same("values", [row["v"] for row in rows(place)], ["=A2*2", "=A3*2"])
