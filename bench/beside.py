"""adg beside its peers: the same job on the same files, by turns."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import data
from contenders import Contender, adg, digest, peer
from data import Input
from measure import Cost, cost, median
from table import Costs, Goal, at_most, below, remark, rows


@dataclass(frozen=True)
class Workload:
    """A job, and who does it."""

    name: str
    make: Callable[[], Input]
    peers: tuple[str, ...]
    goals: tuple[Goal, ...]


def at_best(figure: str, times: float) -> Goal:
    """A ratio to the best of all peers."""

    def holds(costs: Costs) -> tuple[float, float]:
        best = min(getattr(found, figure) for name, found in costs.items() if name not in ("adg", "plain"))
        return getattr(costs["adg"], figure) / best, times

    return Goal(f"{figure} / best", holds)


def workloads(sizes: list[float]) -> Iterator[Workload]:
    """All of them; sizes are in GB."""
    everyone = ("duckdb", "polars", "spark", "sail")
    small = min(sizes)
    tiny = (below("wall", 0.1), below("total_mib", 60), at_most("wall", "spark", 1 / 50))
    yield Workload("tiny: 1,000 rows", lambda: data.rows(1000), everyone, tiny)
    for size in sizes:
        speed = (at_most("cpu", "duckdb"), at_most("cpu", "spark", 1 / 6))
        memory = (at_most("total_mib", "duckdb"), at_most("anonymous_mib", "duckdb"))
        yield Workload(f"CSV {size:g} GB, 1 % bad", partial(data.mixed, size), everyone, (*speed, *memory))
    clean = (at_most("cpu", "plain", 1.1),)
    yield Workload(f"CSV {small:g} GB, none bad", lambda: data.mixed(small, 0), ("plain", "duckdb"), clean)
    fast = ("duckdb", "polars")
    others: dict[str, Callable[[], Input]] = {
        "wide: 500 columns": lambda: data.wide(small),
        "narrow: 3 columns": lambda: data.narrow(small),
        "long texts": lambda: data.long_texts(small),
        "quoted line ends": lambda: data.line_ends(small),
        "5,000 files": lambda: data.many_files(5000),
    }
    for name, make in others.items():
        yield Workload(name, make, fast, (at_best("cpu", 1.2), at_best("wall", 1.2)))
    yield Workload(f"JSON {small:g} GB, flat", lambda: data.flat_json(small), fast, (at_best("cpu", 1),))
    yield Workload(f"JSON {small:g} GB, nested", lambda: data.nested_json(small), fast, (at_best("cpu", 1),))


def run(workload: Workload, binary: str, runs: int, folder: Path) -> tuple[Input, Costs, list[str]]:
    """The medians of all contenders, and who gives other values."""
    made = workload.make()
    found: list[Contender] = [adg(binary, folder, made), *(peer(name, folder, made) for name in workload.peers)]
    costs: dict[str, list[Cost]] = {one.name: [] for one in found}
    failed: dict[str, str] = {}
    for number in range(runs):
        for one in (one for one in found if one.name not in failed):
            try:
                costs[one.name].append(cost(one.prepare()))
            except RuntimeError as error:
                if one.name == "adg":
                    raise
                failed[one.name] = str(error)
            print(f"  {workload.name}: {one.name} {number + 1}/{runs}", file=sys.stderr)
    there = [one for one in found if one.name not in failed]
    digests = {one.name: digest(one, made) for one in there}
    other = [f"{name} could not do it: {why.strip().splitlines()[-1][:200]}" for name, why in failed.items()]
    other += [f"{name} gives other values" for name, said in digests.items() if said != digests["adg"]]
    return made, {one.name: median(costs[one.name]) for one in there}, other


def lines(workload: Workload, binary: str, runs: int, folder: Path) -> Iterator[str]:
    """What the table says of it."""
    made, costs, other = run(workload, binary, runs, folder)
    yield from rows(workload.name, f"{made.mb:.0f} MB", costs, workload.goals)
    yield from map(remark, other)
