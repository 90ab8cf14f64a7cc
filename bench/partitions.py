"""Registering partitions in a Hive Metastore: adg beside the Java client, by turns, into tables of the same metastore.

adg's side is a test of its library. `BENCH_REGISTRAR` is the command that runs it, say `cargo test --locked --lib --
--ignored --nocapture registers_what_the_bench_asks_for`; without it the Java client is measured alone.
"""

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from measure import Cost, cpu_seconds
from table import Costs, Goal, at_most, remark, rows
from world.hive import JARS, Hive, hive

REGISTRAR = "BENCH_REGISTRAR"
JAVA = Path(__file__).with_name("Partitions.java")
DATABASE = "adg_bench"
BATCH, PARALLEL = 500, 4
"""As in `src/metastore/hive/partitions.rs`: partitions of one call, and calls at the same time."""
WARM = 50
"""Partitions registered before the clock runs: clients connect then, adg sets its fence, and both JVMs load what they need."""


@dataclass(frozen=True)
class Registrar:
    """A client that registers what it is told to on its standard input, and answers with a line that ends in `done`."""

    name: str
    process: subprocess.Popen[str]
    asks: IO[str]
    answers: IO[str]
    log: Path

    def ask(self, *words: object) -> str:
        """What it says before `done`."""
        with suppress(BrokenPipeError):
            print(*words, file=self.asks, flush=True)
        for line in self.answers:
            if found := re.search(r"(\d*) ?\bdone$", line.rstrip()):
                return found[1]
        raise RuntimeError(f"{self.name} ended when asked to {words}: {self.log.read_text()[-3000:]}")

    def register(self, first: int, count: int) -> Cost:
        """What it takes."""
        begun, used = time.monotonic(), cpu_seconds(self.process.pid)
        self.ask("register", self.name, first, count)
        return Cost(time.monotonic() - begun, cpu_seconds(self.process.pid) - used, 0, 0)


def started(stack: ExitStack, name: str, words: Sequence[str | Path], folder: Path, environment: dict[str, str]) -> Registrar:
    """A client, which ends with its input. The table that it fills has its name."""
    log = folder / f"{name}.log"
    sink = stack.enter_context(log.open("w"))
    process = stack.enter_context(
        subprocess.Popen(
            words, env=os.environ | environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, text=True
        )
    )
    assert process.stdin and process.stdout
    return Registrar(name, process, process.stdin, process.stdout, log)


def clients(stack: ExitStack, service: Hive, folder: Path) -> list[Registrar]:
    """Java, and adg where it is known how to run it; both with a table."""
    place = f"file://{service.warehouse}/{DATABASE}"
    words: list[str | Path] = ["java", "-cp", f"{JARS}/*", JAVA, service.uri, place, DATABASE, str(BATCH), str(PARALLEL)]
    java = started(stack, "java", words, folder, {})
    java.ask("table", java.name)
    if REGISTRAR not in os.environ:
        return [java]
    java.ask("table", "adg")
    told = {"BENCH_METASTORE": service.uri, "BENCH_DATABASE": DATABASE}
    return [started(stack, "adg", shlex.split(os.environ[REGISTRAR]), folder, told), java]


def measured(count: int, piece: int, folder: Path) -> Costs:
    """What so many partitions take each of them, which are registered by turns, piece by piece."""
    costs: dict[str, list[Cost]] = {}
    with hive("postgres") as service, ExitStack() as stack:
        todo = clients(stack, service, folder)
        for client in todo:
            client.register(0, WARM)
            costs[client.name] = []
        for number, first in enumerate(range(0, count, piece)):
            for client in todo if number % 2 == 0 else reversed(todo):
                costs[client.name].append(client.register(WARM + first, min(piece, count - first)))
                print(f"  partitions: {client.name} {min(first + piece, count):,}: {costs[client.name][-1].wall:.1f} s", file=sys.stderr)
        if len(todo) == 2 and (alike := int(todo[1].ask("compare", "adg", "java"))) != count + WARM:
            raise RuntimeError(f"adg gives other values: {alike} of {count + WARM} partitions are like Java's")
        for client in todo:
            client.asks.close()
    return {name: Cost(sum(one.wall for one in found), sum(one.cpu for one in found), 0, 0) for name, found in costs.items()}


def lines(count: int, piece: int, folder: Path) -> Iterator[str]:
    """What the table says of it."""
    costs = measured(count, piece, folder)
    goals: list[Goal] = [at_most("wall", "java", 1.1)]
    yield from rows("partitions", f"{count:,} each, {piece:,} by turns, Hive on PostgreSQL", costs, goals)
    if "adg" not in costs:
        yield remark(f"adg: not measured; {REGISTRAR} does not say how")
