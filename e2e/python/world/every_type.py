"""A table with every type word that a module may use, as literals: what the source's fields say, and what they mean.

Nothing here is computed by adg or by a reader. Meanings are written in the form that `values.canonical` gives.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

FIRST, SECOND = "2024-01-01", "2024-01-02"
KEY, ROW = "date_uploaded", "row_no"

Row = dict[str, Any]
Rows = dict[tuple[str, int | None], Row]
"""By date and row number."""


@dataclass(frozen=True)
class Column:
    """A column: a module's word for its type, Hive's, fields with their meanings, and a field that does not fit."""

    name: str
    word: str
    hive: str
    values: list[tuple[str, Any]]
    invalid_value: str | None = None
    invalid_part: tuple[str, str] | None = None
    """The path and the text of the part of it that does not fit, if the rest does."""
    rest: Any = None
    """The value without that part."""


def _same(*values: Any) -> list[tuple[str, Any]]:
    """Fields that mean what they say."""
    return [(str(value), value) for value in values]


def _whole(bits: int, extra: Iterable[tuple[str, Any]] = ()) -> list[tuple[str, Any]]:
    """Integers: ordinary ones and the outermost."""
    return [*_same(7, -1, 0, -(2 ** (bits - 1)), 2 ** (bits - 1) - 1), *extra]


LINES = 'line one\nline "two", three\r\n'
TEXTS = _same("plain", "Zoë · 漢字 · 🙂 · עברית", LINES, "", "  blanks around  ", "NULL", "\\N", "x" * 70_000)
SHORT = _same("plain", "漢字🙂é", "a\nb", "", "ten chars!")
FLOATS = [
    ("0.1", "0.10000000149011612"),
    ("-2.5e3", "-2500.0"),
    ("3.4028235e38", "3.4028234663852886e+38"),
    ("1e-45", "1.401298464324817e-45"),
    ("-0.0", "-0.0"),
    ("NaN", "nan"),
    ("Infinity", "inf"),
    ("-Infinity", "-inf"),
]
DOUBLES = [
    ("0.1", "0.1"),
    ("-2.5e3", "-2500.0"),
    ("1.7976931348623157e308", "1.7976931348623157e+308"),
    ("5e-324", "5e-324"),
    ("-0.0", "-0.0"),
    ("NaN", "nan"),
    ("Infinity", "inf"),
    ("-Infinity", "-inf"),
]
MOMENTS = [
    ("2024-06-19 12:34:56", "2024-06-19 12:34:56.000000"),
    ("2024-06-19T12:34:56.789Z", "2024-06-19 12:34:56.789000"),
    ("2024-06-19T14:34:56.000001+02:00", "2024-06-19 12:34:56.000001"),
    ("1900-01-01 00:00:00", "1900-01-01 00:00:00.000000"),
    ("1969-12-31 23:59:59.999999", "1969-12-31 23:59:59.999999"),
    ("2262-04-11 23:47:16.854776", "2262-04-11 23:47:16.854776"),
    ("9999-12-31 23:59:59.999999", "9999-12-31 23:59:59.999999"),
]
EVE, END = MOMENTS[4], MOMENTS[6]

COLUMNS = [
    Column("a_string", "string", "string", TEXTS),
    Column("a_text", "text", "string", TEXTS),
    Column("a_varchar", "varchar(10)", "varchar(10)", SHORT, "eleven char"),
    Column("a_char", "char(5)", "char(5)", _same("abc", "漢字🙂é!", "a\nb", "", "ab  ", "12345"), "123456"),
    Column("a_uuid", "uuid", "string", _same("123e4567-e89b-12d3-a456-426614174000")),
    Column("a_boolean", "boolean", "boolean", [("true", True), ("F", False), ("1", True), ("no", False)], "maybe"),
    Column("a_tinyint", "tinyint", "tinyint", _whole(8), "128"),
    Column("a_smallint", "smallint", "smallint", _whole(16), "-32769"),
    Column("an_int", "int", "int", _whole(32, [("+5", 5), ("7.0", 7)]), "2147483648"),
    Column("an_integer", "integer", "int", _whole(32), "1.5"),
    Column("a_bigint", "bigint", "bigint", _whole(64, [("1e3", 1000)]), "9223372036854775808"),
    Column("a_float", "float", "float", FLOATS, "1e39"),
    Column("a_real", "real", "float", FLOATS, "one"),
    Column("a_double", "double", "double", DOUBLES, "1e400"),
    Column("a_bare_decimal", "decimal", "double", DOUBLES, "12,5"),
    Column(
        "a_decimal_9",
        "decimal(9,2)",
        "decimal(9,2)",
        [("1.5", "1.50"), ("0", "0.00"), ("-.01", "-0.01"), *_same("9999999.99", "-9999999.99")],
        "10000000.00",
    ),
    Column(
        "a_decimal_18",
        "decimal(18,2)",
        "decimal(18,2)",
        [("12e1", "120.00"), *_same("0.01", "9999999999999999.99", "-9999999999999999.99")],
        "1.005",
    ),
    Column(
        "a_decimal_38",
        "decimal(38,10)",
        "decimal(38,10)",
        [
            ("-1", "-1.0000000000"),
            *_same("0.0000000001", "9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999"),
        ],
        "10000000000000000000000000000",
    ),
    Column(
        "a_numeric",
        "numeric(12,4)",
        "decimal(12,4)",
        [("3.14150", "3.1415"), *_same("99999999.9999", "-99999999.9999")],
        "1.2.3",
    ),
    Column(
        "a_date",
        "date",
        "date",
        [("2024-02-29 00:00:00", "2024-02-29"), *_same("2024-06-19", "1582-10-15", "1969-12-31", "1970-01-01", "9999-12-31")],
        "2023-02-29",
    ),
    Column("a_timestamp", "timestamp", "timestamp", MOMENTS, "2024-06-19 12:00:00.0000001"),
    Column(
        "strings",
        "array<string>",
        "array<string>",
        [('["a"]', ["a"]), (r'["Zoë","a \"quote\"","line\nbreak",""]', ["Zoë", 'a "quote"', "line\nbreak", ""])],
        '{"a":1}',
    ),
    Column(
        "ints",
        "array<int>",
        "array<int>",
        [("[1]", [1]), ("[-2147483648, 0, 2147483647]", [-(2**31), 0, 2**31 - 1])],
        '[1,"x"]',
        ("[1]", "x"),
        [1, None],
    ),
    Column(
        "moments",
        "array<timestamp>",
        "array<timestamp>",
        [(json.dumps([text for text, _ in MOMENTS]), [meaning for _, meaning in MOMENTS]), (f'["{EVE[0]}"]', [EVE[1]])],
        '["yesterday"]',
        ("[0]", "yesterday"),
        [None],
    ),
    Column(
        "a_struct",
        "struct<a:int,b:string,t:timestamp>",
        "struct<a:int,b:string,t:timestamp>",
        [
            (f'{{"a":1,"b":"漢字","t":"{END[0]}"}}', {"a": 1, "b": "漢字", "t": END[1]}),
            (f'{{"T":"{EVE[0]}","a":-2147483648,"b":""}}', {"a": -(2**31), "b": "", "t": EVE[1]}),
        ],
        '{"a":1,"z":2}',
    ),
    Column(
        "ints_by_name",
        "map<string,int>",
        "map<string,int>",
        [('{"one":1}', {"one": 1}), ('{"z":-1,"":0,"漢":2147483647}', {"": 0, "z": -1, "漢": 2**31 - 1})],
        "[1]",
    ),
    Column(
        "moments_by_name",
        "map<string,timestamp>",
        "map<string,timestamp>",
        [(f'{{"eve":"{EVE[0]}","end":"{END[0]}"}}', {"end": END[1], "eve": EVE[1]})],
        '{"k":"never"}',
        (".k", "never"),
        {"k": None},
    ),
    Column(
        "structs",
        "array<struct<x:int,y:array<string>>>",
        "array<struct<x:int,y:array<string>>>",
        [
            ('[{"x":1,"y":["a","b"]}]', [{"x": 1, "y": ["a", "b"]}]),
            ('[{"x":2,"y":["c"]},{"x":3,"y":["d"]}]', [{"x": 2, "y": ["c"]}, {"x": 3, "y": ["d"]}]),
        ],
        '[{"x":1.5}]',
        ("[0].x", "1.5"),
        [{"x": None, "y": None}],
    ),
    # What is empty or null inside: each row has it in another place.
    Column(
        "lists_with_nulls",
        "array<string>",
        "array<string>",
        [('["a",null,"b"]', ["a", None, "b"]), ("[null]", [None]), ("[]", []), ("null", None), ("[null,null]", [None, None])],
        "[",
    ),
    Column("empty_lists", "array<int>", "array<int>", [("[]", []), ("[]", []), ("[1,null]", [1, None]), ("[]", [])], "{}"),
    Column(
        "moments_with_nulls",
        "array<timestamp>",
        "array<timestamp>",
        [(f'[null,"{EVE[0]}",null]', [None, EVE[1], None]), ("[]", []), ("[null]", [None])],
        "[1]",
        ("[0]", "1"),
        [None],
    ),
    Column(
        "structs_with_nulls",
        "struct<a:int,b:string,t:timestamp>",
        "struct<a:int,b:string,t:timestamp>",
        [
            ('{"a":null,"b":"x"}', {"a": None, "b": "x", "t": None}),
            ("{}", {"a": None, "b": None, "t": None}),
            ("null", None),
            (f'{{"t":"{END[0]}"}}', {"a": None, "b": None, "t": END[1]}),
        ],
        "[1]",
    ),
    Column(
        "maps_with_nulls",
        "map<string,int>",
        "map<string,int>",
        [("{}", {}), ('{"a":null,"b":1}', {"a": None, "b": 1}), ("{}", {}), ('{"a":null}', {"a": None}), ("null", None)],
        '"a"',
    ),
    Column(
        "moment_maps_with_nulls",
        "map<string,timestamp>",
        "map<string,timestamp>",
        [("{}", {}), (f'{{"a":null,"b":"{EVE[0]}"}}', {"a": None, "b": EVE[1]})],
        "1",
    ),
    Column(
        "nested_nulls",
        "array<struct<x:int,y:array<string>>>",
        "array<struct<x:int,y:array<string>>>",
        [
            ('[{"x":1,"y":[]},null,{"y":[null,"a"]}]', [{"x": 1, "y": []}, None, {"x": None, "y": [None, "a"]}]),
            ("[]", []),
            ("[null]", [None]),
            ('[{"x":null,"y":null},{}]', [{"x": None, "y": None}, {"x": None, "y": None}]),
        ],
        '[{"y":["a",{}]',
    ),
]

ADDED = Column("added_later", "", "timestamp", [("2024-06-19T12:00:00Z", "2024-06-19 12:00:00.000000"), END])
GONE = {
    "a_text",
    "a_char",
    "a_tinyint",
    "a_real",
    "a_decimal_18",
    "a_date",
    "a_timestamp",
    "strings",
    "moments",
    "a_struct",
    "moments_by_name",
}
"""Columns that the second day's file does not have."""

WORDS = {ROW: "bigint"} | {column.name: column.word for column in COLUMNS}
"""The columns that the module declares."""

HIVE = {ROW: "bigint"} | {column.name: column.hive for column in COLUMNS}
HIVE |= {"error_desc": "array<string>", ADDED.name: ADDED.hive}
"""The table's columns after both days."""


def days() -> tuple[dict[str, str], Rows]:
    """The source's files by date, and the rows that the table is to have."""
    first, expected = _day(FIRST, COLUMNS)
    second, more = _day(SECOND, [ADDED, *(column for column in reversed(COLUMNS) if column.name not in GONE)])
    return {FIRST: first, SECOND: second}, expected | more


def _day(day: str, columns: list[Column]) -> tuple[str, Rows]:
    """A file with a row for each place among the values, then one of nulls, then one of fields that do not fit."""
    names = [ROW, *(column.name for column in columns)]
    count = max(len(column.values) for column in columns)
    lines: list[list[str | None]] = [[*names]]
    rows: list[Row] = []
    for place in range(count):
        cells = [column.values[place] if place < len(column.values) else (None, None) for column in columns]
        lines.append([str(place), *(text for text, _ in cells)])
        rows.append({ROW: place} | {column.name: meaning for column, (_, meaning) in zip(columns, cells, strict=True)})
    lines.append([None] * len(names))
    rows.append({})
    lines.append([str(count), *(column.invalid_value for column in columns)])
    errors = [_unfit(column) for column in columns if column.invalid_value is not None]
    rows.append({ROW: count, "error_desc": errors} | {column.name: column.rest for column in columns})
    nothing = dict.fromkeys(HIVE) | {KEY: day}
    return "".join(map(_record, lines)), {(day, row.get(ROW)): nothing | row for row in rows}


def _unfit(column: Column) -> str:
    path, text = column.invalid_part or ("", column.invalid_value)
    return f"Type Conversion for column {column.name}{path}. The source value is: {text}"


def _record(fields: list[str | None]) -> str:
    """A line of CSV in which an empty text is `""` and a null is nothing, which the `csv` module can't tell apart."""
    return ",".join("" if field is None else '"' + field.replace('"', '""') + '"' for field in fields) + "\n"
