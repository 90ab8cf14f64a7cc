"""Real Spark reads through the real Hive Metastore what adg publishes there, by its own reader and through Hive's SerDe.

First every type word, over three days. Then one day again and again, each time with other rows, while Spark keeps reading it:
each read must see the rows of one publish, all of them, and of none that was over before the read began.

Usage: ADG_BIN=… hive_readers.py [--publishes N]. Prints what was read; exits 1 where something is wrong.
"""

import argparse
import sys
import tempfile
import time
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from pyspark.sql import SparkSession

from world import every_type
from world import readers
from world import spark
from world.adg import Workspace
from world.checks import Checks, cause
from world.every_type import FIRST, HIVE, KEY
from world.hive_client import HiveClient
from world.readers import Reader
from world.hive import hive

THIRD = "2024-01-03"

TICKS = """\
version: 1
module: ticks
source: { files: "{date}_{collection}.csv" }
target: { database: ticks }
collections: { ticks: { columns: { publish: int, side: string, row_no: int } } }
"""
SIDES = {"A": 300, "B": 500}
"""How many rows each of the two contents has that take turns."""


def every_type_in_three_days(workspace: Workspace, session: SparkSession, client: HiveClient, checks: Checks) -> None:
    """The third day is the first again."""
    files, expected = every_type.days()
    files[THIRD] = files[FIRST]
    expected |= {(THIRD, row): values | {KEY: THIRD} for (day, row), values in expected.items() if day == FIRST}
    workspace.module("shop", readers.module("shop", "int96"))
    for day, text in files.items():
        (workspace.source / f"{day}_every_type.csv").write_text(text, newline="")
    begun = time.monotonic()
    workspace.run("--module", "shop", "--start-dt", FIRST, "--end-dt", THIRD)
    print(f"{len(files)} days of {len(HIVE)} columns published in {time.monotonic() - begun:.2f} s")

    table = client.table("shop.every_type")
    counts = {day: sum(key == day for key, _ in expected) for day in files}
    checks.same("the columns in the metastore", list(table.columns.items()), list(HIVE.items()))
    checks.same("the partitions in the metastore", list(table.partitions), list(files))
    checks.same("its numbers of rows", client.rows_said(table.name), {day: str(count) for day, count in counts.items()})
    both = [
        Reader("Spark", spark.reader(session, convert=True), readers.without_padding),
        Reader("SerDe", spark.reader(session, convert=False), readers.without_padding),
    ]
    cells = readers.matrix(both, table, expected)
    readers.show("every type", both, cells)
    checks.same(f"all columns of {len(expected)} rows by both readers", readers.failures("int96", both, cells), 0)


@dataclass
class Progress:
    """How far the publishing is."""

    begun: int = 0
    done: int = 0
    over: Event = field(default_factory=Event)


@dataclass
class Reading:
    """What one reader saw while there was publishing."""

    reads: int = 0
    seen: set[int] = field(default_factory=set)
    """The publishes, by number."""


def rows(number: int) -> list[tuple[int, str, int]]:
    """What a publish brings."""
    side = "AB"[number % 2]
    return [(number, side, row) for row in range(SIDES[side])]


def keep_reading(session: SparkSession, convert: bool, progress: Progress) -> Reading:
    """Reads until the publishing is over, and then once more.

    Nothing is cached: the session's catalog forgets the table before each read, and a read that is older than it may be is an
    error: it is of a publish no earlier than the last one that was done when the read began.
    """
    session.conf.set("spark.sql.hive.convertMetastoreParquet", convert)
    result, last = Reading(), False
    while not last:
        last = progress.over.is_set()
        oldest = progress.done
        session.catalog.refreshTable("ticks.ticks")
        frame = session.sql(f"select publish, side, row_no from ticks.ticks where {KEY} = date'{FIRST}'")
        found = sorted(tuple(row.values()) for row in frame.toArrow().to_pylist())
        newest = progress.begun
        number = found[0][0] if found else None
        if number is None or found != rows(number) or not oldest <= number <= newest:
            what = {(number, side) for number, side, _ in found}
            raise RuntimeError(f"{len(found)} rows of {what or 'nothing'} where one of {oldest} to {newest} was to be seen")
        result.reads += 1
        result.seen.add(number)
    return result


def publish(workspace: Workspace, number: int) -> None:
    """One rerun of the day."""
    lines = [f"{number},{side},{row}" for number, side, row in rows(number)]
    (workspace.source / f"{FIRST}_ticks.csv").write_text("\n".join(["publish,side,row_no", *lines]) + "\n")
    workspace.run("--module", "ticks", "--start-dt", FIRST, "--end-dt", FIRST)


def read_while_publishing(
    workspace: Workspace, session: SparkSession, client: HiveClient, checks: Checks, publishes: int
) -> None:
    """Both readers side by side, each with a catalog of its own."""
    workspace.module("ticks", TICKS)
    publish(workspace, 0)
    progress = Progress()
    with ThreadPoolExecutor(2) as pool:
        both = {
            name: pool.submit(keep_reading, session.newSession(), convert, progress)
            for name, convert in (("Spark", True), ("SerDe", False))
        }
        begun = time.monotonic()
        try:
            for progress.begun in range(1, publishes + 1):
                publish(workspace, progress.begun)
                progress.done = progress.begun
                if wait(both.values(), timeout=0, return_when=FIRST_EXCEPTION).done:
                    break
        finally:
            progress.over.set()
        seconds = time.monotonic() - begun
    print(f"\n{progress.done} publishes in {seconds:.1f} s, {1000 * seconds / max(progress.done, 1):.0f} ms each")
    for name, reading in both.items():
        if error := reading.exception():
            checks.fail(f"{name}: each read is of one whole publish", cause(error))
            continue
        found = reading.result()
        print(f"{name}: {found.reads} reads, each of one whole publish; {len(found.seen)} different ones seen")
        # So that it is known to have read while there was publishing.
        checks.same(f"{name}: it saw many of them", len(found.seen) >= min(publishes // 10, 10), True)
        checks.same(f"{name}: the last one that it saw", max(found.seen), publishes)
    folders = list(client.table("ticks.ticks").partitions[FIRST].parent.iterdir())
    print(f"{len(folders)} folders of the day, all but one kept for readers that still read them")


def main() -> None:
    """Everything in one Spark session, one metastore and a temporary folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--publishes", type=int, default=200, help="how often the day is published while it is read")
    publishes = parser.parse_args().publishes
    checks = Checks()
    begun = time.monotonic()
    # Derby, which a metastore has by itself, has no snapshots: who reads a row while it is replaced by an equal one may find none, and
    # Hive replaces a table's partition columns with each change of it.
    with hive("postgres") as metastore, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        workspace = Workspace(folder, f'hive: {{ uris: ["{metastore.uri}"] }}')
        session = spark.session(folder, spark.metastore_at(metastore.uri))
        client = HiveClient(session, metastore.uri)
        try:
            every_type_in_three_days(workspace, session, client, checks)
            read_while_publishing(workspace, session, client, checks, publishes)
        finally:
            session.stop()
    print(f"\n{checks.wrong} wrong, {time.monotonic() - begun:.0f} s")
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
