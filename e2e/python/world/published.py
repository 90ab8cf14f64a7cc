"""Published rows in the form in which they are compared with the source's."""

import csv
import io
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pyarrow.parquet as pq

from world.values import canonical

Rows = list[dict[str, Any]]
"""In the form that `values.canonical` gives, in an order of their own."""


def sort(rows: Iterable[dict[str, Any]]) -> Rows:
    """The same rows in one order."""
    return sorted(rows, key=repr)


def of_csv(text: str, types: dict[str, str]) -> Rows:
    """The rows of a source file as a table of these Hive types must have them; they all fit."""
    return sort(lines_of_csv(text, types))


def lines_of_csv(text: str, types: dict[str, str]) -> Rows:
    """The same, in the order of the file."""
    header, *records = csv.reader(io.StringIO(text, newline=""))
    names = [column(name) for name in header]
    rows = [dict(zip(names, record, strict=True)) for record in records]
    return [{name: typed(types[name], field) for name, field in sorted(row.items())} for row in rows]


def column(header: str) -> str:
    """A header as a column's name."""
    return "_".join(re.findall(r"[0-9A-Za-z$]+", header)).lower()


def typed(hive: str, text: str) -> Any:
    """A field as a value of a type: nothing at all is null."""
    if text == "":
        return None
    word, _, scale = hive.rstrip(")").partition(",")
    match word:
        case "boolean":
            return {"true": True, "false": False}[text]
        case "tinyint" | "smallint" | "int" | "bigint":
            return int(text)
        case "double":
            return repr(float(text))
        case "timestamp":
            return f"{text}.000000"
        case _ if word.startswith("decimal"):
            return format(Decimal(text).quantize(Decimal(1).scaleb(-int(scale))), "f")
        case _:
            return text


def of_parquet(files: Iterable[bytes], types: dict[str, str]) -> Rows:
    """The rows of a partition's files, without `error_desc` where nothing is wrong."""
    return sort(in_order(files, types))


def in_order(files: Iterable[bytes], types: dict[str, str]) -> Rows:
    """The same, in the order of the files."""
    tables = [pq.read_table(io.BytesIO(file), coerce_int96_timestamp_unit="us") for file in files]
    rows = [row for table in tables for row in table.to_pylist()]
    return [{name: canonical(types[name], row[name]) for name in sorted(row) if _tells(name, row[name])} for row in rows]


def _tells(name: str, value: Any) -> bool:
    return name != "error_desc" or value is not None
