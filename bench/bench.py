"""adg beside its peers: the same job, the same values, side by side in one run.

Usage: bench.py --adg PATH [--only NAME,…] [--runs N] [--sizes GB,…]
Prints each workload's rows, with a pass or by how much they fall short; exits 1 where values differ.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import data
import encrypted
from contenders import Contender, adg, digest, peer
from data import Input
from measure import Cost, cost, median

Costs = dict[str, Cost]

ENCRYPTED = "encrypted JSON"


@dataclass(frozen=True)
class Goal:
    """Something that must hold."""

    text: str
    holds: Callable[[Costs], tuple[float, float]]
    """What was reached, and what is wanted at most."""


@dataclass(frozen=True)
class Workload:
    """A row of the table."""

    name: str
    make: Callable[[], Input]
    peers: tuple[str, ...]
    goals: tuple[Goal, ...]


def at_most(figure: str, peer: str, times: float = 1) -> Goal:
    """A ratio to one peer."""
    return Goal(f"{figure} / {peer}", lambda costs: (getattr(costs["adg"], figure) / getattr(costs[peer], figure), times))


def at_best(figure: str, times: float) -> Goal:
    """A ratio to the best of all peers."""

    def holds(costs: Costs) -> tuple[float, float]:
        best = min(getattr(found, figure) for name, found in costs.items() if name not in ("adg", "plain"))
        return getattr(costs["adg"], figure) / best, times

    return Goal(f"{figure} / best", holds)


def below(figure: str, most: float) -> Goal:
    """A figure by itself."""
    return Goal(figure, lambda costs: (getattr(costs["adg"], figure), most))


def workloads(sizes: list[float]) -> Iterator[Workload]:
    """All rows."""
    everyone = ("duckdb", "polars", "spark", "sail")
    small = min(sizes)
    tiny = (below("wall", 0.1), below("total_mib", 60), at_most("wall", "spark", 1 / 50))
    yield Workload("tiny: 1,000 rows", lambda: data.rows(1000), everyone, tiny)
    for size in sizes:
        goals = (at_most("cpu", "duckdb"), at_most("cpu", "spark", 1 / 6))
        goals += (at_most("total_mib", "duckdb"), at_most("anonymous_mib", "duckdb"))
        yield Workload(f"CSV {size:g} GB, 1 % bad", lambda size=size: data.mixed(size), everyone, goals)
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


def rows(name: str, mb: float, costs: Costs, goals: Sequence[Goal], first: str = "adg") -> Iterator[str]:
    """The lines of a workload in the table."""
    yield f"| **{name}** ({mb:.0f} MB) | | | | | |"
    for contender, found in costs.items():
        times = "" if contender == first else f"{costs[first].cpu / found.cpu:.2f}"
        yield f"| {contender} | {found.wall:.2f} | {found.cpu:.2f} | {times} | {found.total_mib:.0f} | {found.anonymous_mib:.0f} |"
    for goal in goals:
        try:
            reached, wanted = goal.holds(costs)
        except KeyError:
            continue
        verdict = "pass" if reached <= wanted else f"**{(reached / wanted - 1) * 100:.0f} % short**"
        yield f"| {goal.text}: {reached:.3g}, at most {wanted:.3g} | {verdict} | | | | |"


def encryption(binary: str, gigabytes: float, runs: int) -> Iterator[str]:
    """What it costs to decrypt and to unpack."""
    mb, costs = encrypted.costs(binary, int(gigabytes * 1e9 / 585), runs)
    goal = Goal("cpu / packed", lambda costs: (costs["encrypted"].cpu / costs["packed"].cpu, 1.15))
    yield from rows(f"{ENCRYPTED} {gigabytes:g} GB, in S3", mb, costs, [goal], first="encrypted")


def machine() -> str:
    """Where and with what."""
    model = next(line.partition(":")[2].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name"))
    engines = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "polars", "pyspark"))
    asked = [os.environ["BENCH_SAIL"], "-c", "from importlib.metadata import version; print(version('pysail'))"]
    engines += f", pysail {subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()}"
    cores = len(os.sched_getaffinity(0))
    return f"{model}, {cores} cores, Linux {platform.release()}; {engines}, Python {platform.python_version()}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--adg", required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", default="0.5,3")
    asked = parser.parse_args()
    only = [word for word in asked.only.split(",") if word]
    revision = subprocess.run([asked.adg, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{revision}; {machine()}; medians of {asked.runs}\n")
    print("| | wall s | CPU s | adg's CPU to theirs | MiB in all | of them its own |\n| --- | --- | --- | --- | --- | --- |")
    differ, sizes = False, [float(size) for size in asked.sizes.split(",")]
    for workload in workloads(sizes):
        if only and not any(workload.name.startswith(word) for word in only):
            continue
        folder = Path(tempfile.mkdtemp(prefix="bench-", dir=data.CACHE))
        try:
            made, costs, other = run(workload, asked.adg, asked.runs, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        differ |= any(what.endswith("other values") for what in other)
        lines = [*rows(workload.name, made.mb, costs, workload.goals), *(f"| {what} | | | | | |" for what in other)]
        print("\n".join(lines), flush=True)
    if not only or any(ENCRYPTED.startswith(word) for word in only):
        print("\n".join(encryption(asked.adg, min(sizes), asked.runs)))
    sys.exit(differ)


if __name__ == "__main__":
    main()
