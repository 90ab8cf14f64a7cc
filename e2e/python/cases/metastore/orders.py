"""The rows of the tables that Spark makes and adg goes on with: what the source's fields say, and what readers must see."""

import csv
from pathlib import Path
from typing import Any

from world import every_type
from world.every_type import KEY

OLD_DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]
"""Made by Spark."""
ADDED, RETYPED = "2024-01-04", "2024-01-05"
"""Made by adg: one with new columns, one with a number that is too large for its column."""

COLUMNS = {
    "orderId": "int",
    "Quantity": "int",
    "rating": "int",
    "price": "decimal(9,2)",
    "placed": "timestamp",
    "name": "string",
}
"""As Spark's users wrote them."""
LARGE = "5000000000"
"""For the column of quantities."""
NEW = {column.name: column.word for column in every_type.COLUMNS}
"""New columns that the module declares: one of each type. One more, `note`, it does not know of."""
HIVE = {name.lower(): word for name, word in COLUMNS.items()} | {"quantity": "bigint"}
HIVE |= {"note": "string", "error_desc": "array<string>"} | {column.name: column.hive for column in every_type.COLUMNS}
"""As they are after adg's days, those that it added in whichever order."""

Fields = dict[str, str]
"""A row of the source, by header."""


def _fields(day: str, number: int, **changed: str) -> Fields:
    month_day = int(day.replace("-", "")) % 10_000
    fields = {
        "orderid": str(month_day * 100 + number),
        "quantity": str(number * 7),
        "rating": str(number - 2),
        "price": f"{number}.25",
        "placed": f"{day} 10:00:0{number}",
        "name": f"Zoë {number}",
    }
    return fields | changed


def _values(number: int) -> list[tuple[str, str, Any]]:
    """For each of the new columns a field and its meaning; from the third row on there is nothing."""
    rows = [(column.name, column.values[number : number + 1] if number < 2 else []) for column in every_type.COLUMNS]
    return [(name, *(value[0] if value else ("", None))) for name, value in rows]


def days() -> dict[str, list[Fields]]:
    """The source."""
    source = {day: [_fields(day, number) for number in range(4)] for day in OLD_DAYS}
    for number in range(4):
        new = {name: field for name, field, _ in _values(number)}
        source.setdefault(ADDED, []).append(_fields(ADDED, number, note=f"note {number}", **new))
    source[ADDED][2]["rating"] = "good"
    source[RETYPED] = [_fields(RETYPED, number, note="") for number in range(4)]
    source[RETYPED][1] |= {"quantity": LARGE, "note": "large"}
    source[RETYPED][3]["rating"] = "bad"
    return source


def again(day: str) -> list[Fields]:
    """Other rows of a day, more of them."""
    return [_fields(day, number, name="again", note="new") for number in range(6)]


def write(file: Path, rows: list[Fields], fillers: dict[str, str]) -> None:
    """Writes a day's file, with further columns that have the same values in each row."""
    with file.open("w", newline="") as opened:
        writer = csv.writer(opened)
        writer.writerow([*rows[0], *fillers])
        writer.writerows([*fields.values(), *fillers.values()] for fields in rows)


def expected(source: dict[str, list[Fields]], fillers: dict[str, str]) -> list[dict[str, Any]]:
    """The table's rows in the form that `values.canonical` gives, in order."""
    same = {name: int(text) for name, text in fillers.items()}
    return [_row(day, number, fields) | same for day, rows in sorted(source.items()) for number, fields in enumerate(rows)]


def _row(day: str, number: int, fields: Fields) -> dict[str, Any]:
    fits = fields["rating"].lstrip("-").isdigit()
    new = {name: meaning if name in fields else None for name, _, meaning in _values(number)}
    return new | {
        "orderid": int(fields["orderid"]),
        "quantity": int(fields["quantity"]),
        "rating": int(fields["rating"]) if fits else None,
        "price": fields["price"],
        "placed": f"{fields['placed']}.000000",
        "name": fields["name"],
        "note": fields.get("note") or None,
        "error_desc": None if fits else [f"Type Conversion for column rating. The source value is: {fields['rating']}"],
        KEY: day,
    }
