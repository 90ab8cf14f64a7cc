"""What adg takes: beside its peers on the same job, and by itself where there is a goal to keep.

Usage: bench.py --adg PATH [--only NAME,…] [--runs N] [--sizes GB,…] and the sizes of single rows, see --help.
Prints each row's figures, with a pass or by how much they fall short; exits 1 where values differ or adg fails.
"""

import argparse
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import beside
import catch_up
import data
import dialects
import encrypted
import memory
import overlap
import partitions
from measure import processor
from table import HEAD, remark

Lines = Callable[[Path], Iterator[str]]
"""What a row says, given a folder to work in."""


def contents(asked: argparse.Namespace) -> Iterator[tuple[str, Lines]]:
    """All rows, by what `--only` knows them by."""
    adg, runs, sizes = asked.adg, asked.runs, asked.sizes
    for one in beside.workloads(sizes):
        yield one.name, partial(beside.lines, one, adg, runs)
    yield "dialects", partial(dialects.lines, adg, min(sizes), runs)
    yield "encrypted JSON", partial(encrypted.lines, adg, min(sizes), runs)
    yield "catch-up", partial(catch_up.lines, adg, asked.days, runs)
    for held in memory.workloads(asked.memory_gib, asked.memory_days):
        yield held.name, partial(memory.lines, held, adg)
    yield f"S3 {max(sizes):g} GB", partial(overlap.lines, adg, max(sizes), runs)
    yield "partitions", partial(partitions.lines, asked.partitions, asked.piece)


def machine() -> str:
    """Where and with what."""
    engines = ", ".join(f"{name} {version(name)}" for name in ("duckdb", "polars", "pyspark"))
    asked = [os.environ["BENCH_SAIL"], "-c", "from importlib.metadata import version; print(version('pysail'))"]
    engines += f", pysail {subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()}"
    cores = len(os.sched_getaffinity(0))
    return f"{processor()}, {cores} cores, Linux {platform.release()}; {engines}, Python {platform.python_version()}"


def arguments() -> argparse.Namespace:
    """What was asked for."""

    def numbers(text: str) -> list[int]:
        return [int(number) for number in text.split(",")]

    parser = argparse.ArgumentParser()
    parser.add_argument("--adg", required=True)
    parser.add_argument("--only", default="", help="beginnings of rows' names")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sizes", type=lambda text: [float(size) for size in text.split(",")], default="0.5,3", help="GB")
    parser.add_argument("--days", type=numbers, default="30,365,3650", help="of catch-up, three numbers")
    parser.add_argument("--memory-gib", type=float, default=5, help="read with little memory, and four times as much")
    parser.add_argument("--memory-days", type=int, default=2000, help="partitions written with little memory")
    parser.add_argument("--partitions", type=int, default=10_000, help="registered by adg and by Java")
    parser.add_argument("--piece", type=int, default=2000, help="of them by turns")
    return parser.parse_args()


def main() -> None:
    """Prints the table."""
    asked = arguments()
    only = [word for word in asked.only.split(",") if word]
    revision = subprocess.run([asked.adg, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{revision}; {machine()}; medians of {asked.runs}\n\n{HEAD}")
    data.CACHE.mkdir(parents=True, exist_ok=True)
    wrong = False
    for name, lines in contents(asked):
        if only and not any(name.startswith(word) for word in only):
            continue
        folder = Path(tempfile.mkdtemp(prefix="bench-", dir=data.CACHE))
        try:
            said = list(lines(folder))
        except RuntimeError as error:
            # The rows after it are still worth their time.
            print(f"{name}: {error}", file=sys.stderr)
            said, wrong = [remark(f"**{name}**: failed")], True
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        wrong |= any("gives other values" in line for line in said)
        print("\n".join(said), flush=True)
    sys.exit(wrong)


if __name__ == "__main__":
    main()
