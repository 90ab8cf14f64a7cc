"""Real Spark reads through the real Hive Metastore what adg publishes there, by its own reader and through Hive's SerDe.

First every type word, over three days. Then one day again and again, each time with other rows, while Spark keeps reading it:
each read must see the rows of one publish, all of them, and of none that was over before the read began. `ADG_PUBLISHES` says how
often.
"""

import os
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Event

import pytest
from pyspark.sql import SparkSession

from world import every_type, readers
from world import spark as spark_readers
from world.adg import Table, Workspace
from world.checks import Checks, cause
from world.every_type import FIRST, HIVE, KEY
from world.hive import Hive
from world.hive_client import HiveClient
from world.readers import Reader

THIRD = "2024-01-03"
NAME = "hive_readers"
"""Of the module and its database."""
PUBLISHES = int(os.environ.get("ADG_PUBLISHES", "200"))
BOTH = {"Spark": True, "SerDe": False}
"""Whether each reader is Spark's own."""

TICKS = """\
version: 1
module: ticks
source: { files: "{date}_{collection}.csv" }
target: { database: ticks }
collections: { ticks: { columns: { publish: int, side: string, row_no: int } } }
"""
SIDES = {"A": 300, "B": 500}
"""How many rows each of the two contents has that take turns."""


@pytest.fixture(scope="module")
def workspace(hive: Hive, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace at the metastore."""
    return Workspace(tmp_path_factory.mktemp("hive") / "work", f'hive: {{ uris: ["{hive.uri}"] }}')


@pytest.fixture(scope="module")
def client(hive: Hive, spark: SparkSession) -> HiveClient:
    """A client of Hive's own."""
    return HiveClient(spark, hive.uri)


@dataclass
class ThreeDays:
    """A table with every type, of which the third day is the first again."""

    table: Table
    days: list[str]
    rows: every_type.Rows


@pytest.fixture(scope="module")
def three_days(workspace: Workspace, client: HiveClient) -> ThreeDays:
    """The table, published by one run."""
    files, expected = every_type.days()
    files[THIRD] = files[FIRST]
    expected |= {(THIRD, row): values | {KEY: THIRD} for (day, row), values in expected.items() if day == FIRST}
    workspace.module(NAME, readers.module(NAME, "int96"))
    for day, text in files.items():
        (workspace.source / f"{day}_every_type.csv").write_text(text, newline="")
    workspace.run("--module", NAME, "--start-dt", FIRST, "--end-dt", THIRD)
    return ThreeDays(client.table(f"{NAME}.every_type"), list(files), expected)


def test_metastore_has_columns_partitions_and_counts(checks: Checks, three_days: ThreeDays, client: HiveClient) -> None:
    """As a client of Hive's own sees them."""
    table = three_days.table
    counts = {day: sum(key == day for key, _ in three_days.rows) for day in three_days.days}
    checks.same("the columns in the metastore", list(table.columns.items()), list(HIVE.items()))
    checks.same("the partitions in the metastore", list(table.partitions), three_days.days)
    checks.same("its numbers of rows", client.rows_said(table.name), {day: str(count) for day, count in counts.items()})


@pytest.mark.parametrize("name", BOTH)
def test_spark_reads_every_type_of_three_days(checks: Checks, three_days: ThreeDays, spark: SparkSession, name: str) -> None:
    """Each column is a check."""
    reader = Reader(name, spark_readers.reader(spark, BOTH[name]), readers.without_padding)
    for column, (verdict,) in readers.matrix([reader], three_days.table, three_days.rows).items():
        checks.same(column, verdict, "ok")


@dataclass
class Progress:
    """How far the publishing is."""

    begun: int = 0
    done: int = 0
    over: Event = field(default_factory=Event)


@dataclass
class Reading:
    """The reads of one reader while there was publishing."""

    reads: int = 0
    seen: set[int] = field(default_factory=set)
    """The publishes, by number."""


def rows(number: int) -> list[tuple[int, str, int]]:
    """The rows of a publish."""
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


@pytest.mark.timeout(1200)
def test_each_read_while_publishing_is_of_one_whole_publish(checks: Checks, workspace: Workspace, spark: SparkSession) -> None:
    """Both readers side by side, each with a catalog of its own."""
    workspace.module("ticks", TICKS)
    publish(workspace, 0)
    progress = Progress()
    with ThreadPoolExecutor(2) as pool:
        both = {name: pool.submit(keep_reading, spark.newSession(), convert, progress) for name, convert in BOTH.items()}
        try:
            for progress.begun in range(1, PUBLISHES + 1):
                publish(workspace, progress.begun)
                progress.done = progress.begun
                if wait(both.values(), timeout=0, return_when=FIRST_EXCEPTION).done:
                    break
        finally:
            progress.over.set()
    for name, reading in both.items():
        if error := reading.exception():
            checks.fail(f"{name}: each read is of one whole publish", cause(error))
            continue
        found = reading.result()
        print(f"{name}: {found.reads} reads, each of one whole publish; {len(found.seen)} different ones seen")
        # So that it is known to have read while there was publishing.
        checks.same(f"{name}: it saw many of them", len(found.seen) >= min(PUBLISHES // 10, 10), True)
        checks.same(f"{name}: the last one that it saw", max(found.seen), PUBLISHES)
