"""The rows of the tables that Spark makes and adg goes on with, as the source's fields say them, and as readers must see them."""

import csv
from pathlib import Path
from typing import Any

KEY = "date_uploaded"
OLD_DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]
"""Made by Spark."""
ADDED, RETYPED = "2024-01-04", "2024-01-05"
"""Made by adg: one with a new column, one with a number that is too large for its column."""

COLUMNS = {
    "orderId": "int",
    "quantity": "int",
    "rating": "int",
    "price": "decimal(9,2)",
    "placed": "timestamp",
    "name": "string",
}
"""As Spark's users wrote them."""
HIVE = {name.lower(): word for name, word in COLUMNS.items()} | {"quantity": "bigint"}
HIVE |= {"note": "string", "error_desc": "array<string>"}
"""As they are after adg's days, those that it added in whichever order."""
LARGE = "5000000000"

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


def days() -> dict[str, list[Fields]]:
    """The source."""
    source = {day: [_fields(day, number) for number in range(4)] for day in OLD_DAYS}
    source[ADDED] = [_fields(ADDED, number, note=f"note {number}") for number in range(4)]
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
    return [_row(day, fields) | same for day, rows in sorted(source.items()) for fields in rows]


def _row(day: str, fields: Fields) -> dict[str, Any]:
    fits = fields["rating"].lstrip("-").isdigit()
    return {
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
