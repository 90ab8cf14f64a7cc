"""What real writers write in their dialects is read back equal: random tables, one a date.

`ADG_TABLES` says how many; the whole exploration is `ADG_TABLES=10000`.
"""

import csv
import io
import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from cases.formats.given import Given, rows_by_day, run, workspace
from world.checks import Checks

TABLES = int(os.environ.get("ADG_TABLES", "150"))
FIRST = date(2024, 5, 1)
# Names that no random record has: a file that begins with its names has a header.
NAMES = ["column_a", "column_b", "column_c"]
WIDTH = len(NAMES)
COLUMNS = ", ".join(f"{name}: string" for name in NAMES)
ALPHABET = ["a", "B", "é", "名", "🦀", " ", ",", ";", "|", '"', "'", "\\", "\t", "\n", "N", "n", "0", "#", ""]
Table = list[list[str]]
pytestmark = pytest.mark.timeout(120 + TABLES // 10)


@dataclass(frozen=True)
class Writer:
    """A dialect, and a program that writes in it."""

    what: str
    settings: str
    write: Callable[[Table], str]
    unwritable: str = ""
    """Characters that the dialect has no way to write."""


def by_python(**dialect: object) -> Callable[[Table], str]:
    """Python's own writer."""

    def write(table: Table) -> str:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n", **dialect).writerows(table)  # type: ignore[arg-type]
        return text.getvalue()

    return write


NONE = "{ header: none, null_values: [], "
WRITERS = [
    Writer("minimal quotes", NONE + "delimiter: ','}", by_python()),
    Writer("all quoted", NONE + "delimiter: ','}", by_python(quoting=csv.QUOTE_ALL)),
    Writer("single quotes", NONE + "delimiter: ';', quote: \"'\"}", by_python(delimiter=";", quotechar="'")),
    Writer(
        "backslashes before quotes",
        NONE + "escape: '\\'}",
        by_python(doublequote=False, escapechar="\\", quoting=csv.QUOTE_ALL),
    ),
    Writer(
        "backslashes and no quotes",
        NONE + "delimiter: '|', quote: none, escape: '\\'}",
        by_python(delimiter="|", quoting=csv.QUOTE_NONE, escapechar="\\", quotechar=None),
    ),
    Writer(
        "backslashes before quotes that mean nothing",
        NONE + "delimiter: '|', quote: none, escape: '\\'}",
        by_python(delimiter="|", quoting=csv.QUOTE_NONE, escapechar="\\"),
    ),
]


def tables(seed: int, unwritable: str) -> list[Table]:
    """Random tables; no record is an empty line."""
    chance = random.Random(seed)
    letters = [letter for letter in ALPHABET if letter not in unwritable or not letter]

    def text() -> str:
        return "".join(chance.choice(letters) for _ in range(chance.randrange(5)))

    def table() -> Table:
        return [[text() for _ in range(WIDTH)] for _ in range(1 + chance.randrange(6))]

    return [table() for _ in range(TABLES)]


@pytest.mark.parametrize("writer", WRITERS, ids=lambda writer: writer.what)
def test_written_is_read_back(checks: Checks, writer: Writer) -> None:
    """Each text of each table."""
    days = [(FIRST + timedelta(days=number)).isoformat() for number in range(TABLES)]
    written = dict(zip(days, tables(7, writer.unwritable), strict=True))
    files = {f"{day}_orders.csv": writer.write(table).encode() for day, table in written.items()}
    with workspace(Given(writer.what, files, [], writer.settings, COLUMNS)) as place:
        run(place, (days[0], days[-1]))
        found = rows_by_day(place, days)
        wrong = [day for day in days if [[row[name] for name in NAMES] for row in found[day]] != written[day]]
        checks.same(f"{writer.what}: tables that differ", [(day, files[f"{day}_orders.csv"]) for day in wrong[:3]], [])
