"""The same day by adg itself, and by adg with a Spark Connect server: Spark's with two cores, and Sail's. All on this machine; and by
Spark alone with its own reader and casts, with its start, whose rows are not compared.

Usage: cluster.py --adg PATH [--size GB] [--runs N]. The binary must have the feature `spark`. Prints a table; exits 1 where rows,
values or errors differ.
"""

import argparse
import os
import statistics
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import duckdb

import contenders
import data
from home import Home
from measure import TICKS, Cost, cost
from world.spark_connect import Server, sail, spark_connect


@dataclass(frozen=True)
class Ran:
    """One run."""

    own: Cost
    server: float
    """Seconds of the server's CPU meanwhile."""
    sums: tuple[object, ...]
    """Of what is in the files."""


def seconds(pid: int) -> float:
    """The CPU time of a server and those that it started."""
    found, todo = 0, [pid]
    while todo:
        one = todo.pop()
        fields = Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()
        found += int(fields[11]) + int(fields[12])
        todo += [int(child) for child in Path(f"/proc/{one}/task/{one}/children").read_text().split()]
    return found / TICKS


def sums(home: Home) -> tuple[object, ...]:
    """Rows, values that did not fit, and a sum over all values."""
    columns = ", ".join(f"sum(hash({name})::hugeint % 1000003)" for name in data.MIXED)
    errors = "sum(coalesce(len(error_desc), 0)), sum(hash(array_to_string(error_desc, '|'))::hugeint % 1000003)"
    files = f"read_parquet('{home.output}', hive_partitioning = false, union_by_name = true)"
    with duckdb.connect() as db:
        return tuple(db.execute(f"select count(*), {errors}, {columns} from {files}").fetchone() or ())


def run(home: Home, server: Server | None) -> Ran:
    """One of them, from nothing."""
    before = seconds(server.pid) if server else 0.0
    own = cost(home.prepare())
    return Ran(own, seconds(server.pid) - before if server else 0.0, sums(home))


def main() -> None:
    """All three, in turn."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--adg", required=True)
    parser.add_argument("--size", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    data.CACHE.mkdir(parents=True, exist_ok=True)
    source = data.mixed(asked.size)
    megabytes = sum(os.stat(file).st_size for file in source.files) / 1e6
    found: dict[str, list[Ran]] = {}
    alone: list[Cost] = []
    with ExitStack() as stack:
        servers = {"adg": None, "adg, Spark": stack.enter_context(spark_connect("4g", stream="2m")), "adg, Sail": stack.enter_context(sail())}
        for _ in range(asked.runs):
            for name, server in servers.items():
                flags = ("--engine", "spark", "--spark-remote", server.remote) if server else ("--engine", "local")
                home = Home(asked.adg, data.CACHE / "cluster", source, flags=flags)
                home.lay_out()
                found.setdefault(name, []).append(run(home, server))
            alone.append(cost(contenders.peer("spark", data.CACHE / "cluster-alone", source).prepare()))
    print(f"{megabytes:.0f} MB, medians of {asked.runs}\n\n| | wall s | adg's CPU s | server's CPU s | adg's MiB |\n| --- | --- | --- | --- | --- |")
    for name, runs in found.items():
        wall, cpu, server, memory = (
            statistics.median(values)
            for values in zip(*((one.own.wall, one.own.cpu, one.server, one.own.total_mib) for one in runs), strict=True)
        )
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {server:.2f} | {memory:.0f} |")
    wall, cpu = statistics.median(one.wall for one in alone), statistics.median(one.cpu for one in alone)
    print(f"| Spark alone | {wall:.2f} | | {cpu:.2f} | |")
    same = {one.sums for runs in found.values() for one in runs}
    print(f"\nrows, values and errors: {'the same' if len(same) == 1 else f'DIFFER: {same}'}")
    sys.exit(len(same) != 1)


if __name__ == "__main__":
    main()
