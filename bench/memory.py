"""What a run holds in memory where it was told how much it may, with inputs many times as large."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import catch_up
import data
from data import Input
from home import Home
from measure import cost
from table import below, rows

LIMIT = 512
"""MiB."""
SLACK = 1.1
"""How far above it the process may be, with its code and its stacks."""
GIB = 1.05 * 2**30 / 1e9
"""In GB. The sizes of `data` are up to 5 % below what they say, and ten times the limit is to be ten times."""
LINKS = 10
"""Of one file, for what is as large as ten of it: that much is read, but need not be kept."""


@dataclass(frozen=True)
class Workload:
    """What is read with little memory."""

    name: str
    make: Callable[[], Input]
    days: int = 1


def workloads(gibibytes: float, days: int) -> Iterator[Workload]:
    """All of them: a size, four times that size, and so many days."""
    part = gibibytes * GIB / LINKS
    name = f"memory {LIMIT}MiB: "
    size, large = f"{gibibytes:g} GiB", f"{4 * gibibytes:g} GiB"
    yield Workload(f"{name}CSV {size} in one file", lambda: data.mixed(gibibytes * GIB))
    yield Workload(f"{name}CSV {large}, {4 * LINKS} links to one file", lambda: data.mixed(part).repeated(4 * LINKS))
    yield Workload(f"{name}wide, 500 columns, {size}, {LINKS} links to one file", lambda: data.wide(part).repeated(LINKS))
    yield Workload(f"{name}JSON {size}, nested, {LINKS} links to one file", lambda: data.nested_json(part).repeated(LINKS))
    yield Workload(f"{name}{days:,} partitions", lambda: data.rows(catch_up.ROWS), days=days)


def lines(workload: Workload, binary: str, folder: Path) -> Iterator[str]:
    """What the table says of it, of one run."""
    made = workload.make()
    flags = ("--memory", f"{LIMIT}MiB")
    home = Home(binary, folder / "adg", made, catch_up.FIRST, workload.days, flags)
    home.lay_out()
    costs = {"adg": cost(home.prepare())}
    home.check()
    yield from rows(workload.name, f"{made.mb * workload.days:.0f} MB", costs, [below("total_mib", SLACK * LIMIT)])
