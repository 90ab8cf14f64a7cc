"""Many days in one run: what each takes, and whether it takes longer where there are more of them."""

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

import data
from home import Home
from measure import Cost, cost, median
from table import Costs, Goal, remark, rows

FIRST = date(2014, 1, 1)
"""Ten years before now, so that all days are there already."""
ROWS = 3150
"""Of each day's file, which makes it 1 MB."""
YEAR, SECONDS = 365, 30
"""What a year may take."""
GROWTH = 1.1
"""Of the time for a day, from the middle number of days to the largest."""


def name(days: int) -> str:
    """As the table has it."""
    return f"{days:,} days"


def measured(binary: str, counts: Sequence[int], runs: int, folder: Path) -> Costs:
    """The medians for each number of days, which are run by turns."""
    made = data.rows(ROWS)
    homes = [Home(binary, folder / str(days), made, FIRST, days) for days in counts]
    costs: dict[str, list[Cost]] = {name(days): [] for days in counts}
    for home in homes:
        home.lay_out()
    for number in range(runs):
        for home in homes:
            costs[name(home.days)].append(cost(home.prepare()))
            home.check()
            print(f"  catch-up: {name(home.days)} {number + 1}/{runs}", file=sys.stderr)
    return {days: median(found) for days, found in costs.items()}


def goals(middle: int, largest: int) -> Iterator[Goal]:
    """What must hold."""

    def each(costs: Costs, days: int) -> float:
        return costs[name(days)].wall / days

    yield Goal(f"wall of {name(middle)}", lambda costs: (costs[name(middle)].wall, SECONDS * middle / YEAR))
    growth = f"seconds a day, {largest:,} days / {middle:,}"
    yield Goal(growth, lambda costs: (each(costs, largest) / each(costs, middle), GROWTH))


def lines(binary: str, counts: Sequence[int], runs: int, folder: Path) -> Iterator[str]:
    """What the table says of it; of three numbers of days, the smallest first."""
    smallest, middle, largest = counts
    costs = measured(binary, counts, runs, folder)
    yield from rows("catch-up", "1 MB of CSV a day", costs, list(goals(middle, largest)))
    each = ", ".join(f"{name(days)} {costs[name(days)].wall / days:.4f}" for days in counts)
    used = ", ".join(f"{name(days)} {costs[name(days)].cpu / days:.4f}" for days in counts)
    slope = (costs[name(largest)].wall - costs[name(smallest)].wall) / (largest - smallest)
    yield remark(f"seconds a day: {each}; each day more, from {smallest:,} to {largest:,}: {slope:.4f}")
    yield remark(f"CPU seconds a day: {used}")
