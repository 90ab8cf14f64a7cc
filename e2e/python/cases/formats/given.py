"""Small inputs whose rows are known: a module's settings, its files, and the rows that a table has of them."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

from world.adg import VARIABLES, Workspace

MODULE = """\
version: 1
module: shop
{settings}
source:
  min_known: {min_known}
  files: "{files}"
  {source}
catchup: {{ start: 2024-05-01 }}
limits: {{ error_rate: 1, quarantine_rate: 1 }}
target: {{ database: shop }}
collections:
  orders: {{ {orders} }}
"""
DAY = "2024-05-01"
SYSTEM = ("error_desc",)


@dataclass(frozen=True)
class Given:
    """A module and its files, and the rows that they are."""

    what: str
    files: dict[str, bytes]
    """Contents by key."""
    rows: list[dict[str, Any]]
    """The rows of the first day, with the columns that are compared."""
    csv: str = "{}"
    columns: str = ""
    """The declared columns of the collection."""
    pattern: str = "{date}_{collection}.csv"
    source: str = ""
    settings: str = ""
    orders: str = ""
    """Other settings of the collection."""
    days: tuple[str, ...] = (DAY,)
    min_known: float = 0.5
    errors: list[int] = field(default_factory=list)
    """Rows, counted from 0, of which a value does not fit."""


def csv(text: str, day: str = DAY) -> dict[str, bytes]:
    """A day's only file."""
    return {f"{day}_orders.csv": text.encode()}


def dec(text: str) -> Decimal:
    """A decimal."""
    return Decimal(text)


@contextmanager
def workspace(given: Given) -> Iterator[Workspace]:
    """A workspace with the module and its files."""
    with TemporaryDirectory() as folder:
        at = Workspace(Path(folder))
        source = "\n  ".join([given.source, f"csv: {given.csv}"] if given.csv else [given.source])
        columns = [f"columns: {{ {given.columns} }}"] if given.columns else []
        orders = ", ".join([*columns, given.orders] if given.orders else columns)
        at.module(
            "shop",
            MODULE.format(settings=given.settings, min_known=given.min_known, files=given.pattern, source=source, orders=orders),
        )
        for key, content in given.files.items():
            file = at.source / key
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        yield at


def run(at: Workspace, days: tuple[str, ...] = (DAY,), expected: int = 0) -> str:
    """Runs the module for the days."""
    arguments = ["--start-dt", days[0], "--end-dt", days[-1]]
    return at.run("--module", "shop", *arguments, expected=expected)


def refused(at: Workspace, code: int, days: tuple[str, ...] = (DAY,)) -> str:
    """Runs the module for days that are refused with that exit code; gives all that is said of it."""
    command = [os.environ["ADG_BIN"], "--module", "shop", "--start-dt", days[0], "--end-dt", days[-1]]
    variables = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(command, cwd=at.folder, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != code:
        raise RuntimeError(f"{command} ended with {done.returncode}, not {code}:\n{done.stderr}")
    reports = (file.read_text() for file in (at.folder / "reports").rglob("*.json"))
    quarantined = (file.read_text() for file in (at.folder / "warehouse").rglob("records.jsonl"))
    return done.stdout + done.stderr + "".join(reports) + "".join(quarantined)


def rows(at: Workspace, day: str = DAY) -> list[dict[str, Any]]:
    """The rows of a day, in the order of their files."""
    return rows_by_day(at, [day])[day]


def rows_by_day(at: Workspace, days: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows of each day, in the order of their files."""
    folders = at.table("shop", "orders").partitions

    def of(folder: Path) -> list[dict[str, Any]]:
        files = [pq.ParquetFile(file, coerce_int96_timestamp_unit="us") for file in sorted(folder.glob("*.parquet"))]
        return [row for file in files for row in file.read().to_pylist()]

    return {day: of(folders[day]) for day in days}
