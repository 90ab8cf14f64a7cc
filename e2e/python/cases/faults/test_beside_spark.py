"""Spark and adg write one table of a Hive Metastore at the same time: columns and partitions of both are there at the end.

`cases/metastore` has Spark read while adg publishes, and has both write in turns. Here they meet.
"""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from pyspark.sql import SparkSession

from cases.faults.hive_world import InHive
from cases.faults.lease_sleeper import PATIENCE, finish
from cases.faults.test_hive import ALTER
from cases.faults.wire_case import explained
from cases.faults.wire_world import FIRST, PLACE, day
from world.checks import Checks
from world.fault_rules import Gate, Rule
from world.kickstart import DATABASE

pytestmark = pytest.mark.timeout(600)
READ = "^get_table$"
SECONDS = 20
"""For how long both write."""
SPARKS = date(2031, 1, 1)
"""The first of the days that Spark adds."""


class Writer:
    """Spark, as it changes a table."""

    def __init__(self, session: SparkSession, world: InHive, name: str) -> None:
        self.session = session
        self.table = f"{DATABASE}.{name}"
        self.folder = world.warehouse / PLACE / name
        self.columns: list[str] = []
        self.days: list[str] = []

    def add_column(self) -> None:
        """A column of Spark's."""
        name = f"spark_{len(self.columns)}"
        self.session.catalog.refreshTable(self.table)
        self.session.sql(f"alter table {self.table} add columns ({name} string)")
        self.columns.append(name)

    def add_both(self) -> None:
        """A column and a partition."""
        self.add_column()
        self.add_day()

    def add_day(self) -> None:
        """A partition of Spark's."""
        value = str(SPARKS.replace(year=SPARKS.year + len(self.days)))
        place = (self.folder / f"date_uploaded={value}").as_uri()
        self.session.sql(f"alter table {self.table} add partition (date_uploaded='{value}') location '{place}'")
        self.days.append(value)


@pytest.fixture(scope="module")
def world(in_hive: Callable[..., InHive]) -> InHive:
    """The metastore, to which Spark goes without the proxy."""
    return in_hive(timeout=60)


def begun(world: InHive, session: SparkSession, name: str) -> Writer:
    """A table with one date."""
    world.module(name)
    world.land(name, day())
    world.job.expect(0, *world.words(name, day()))
    return Writer(session, world, name)


def meet(world: InHive, name: str, writer: Writer) -> tuple[int, list[str]]:
    """Spark changes the table while adg has read it and is about to. Gives how adg ended, and what it said."""
    gate = Gate()
    with world.proxy.rules.during(Rule(ALTER, gate)):
        process = world.job.start(*world.words(name, day(1)))
        if not gate.reached.wait(PATIENCE):
            raise RuntimeError("adg never altered the table")
        writer.add_column()
        writer.add_day()
    ran = finish(process)
    return ran.code, [one.message for one in ran.complaints()]


def check_both(checks: Checks, world: InHive, what: str, writer: Writer, name: str, own: list[str], days: list[str]) -> None:
    """Nothing of either is lost."""
    types = world.types(name)
    checks.same(f"{what}: columns of Spark's that are not there", [one for one in writer.columns if one not in types], [])
    checks.same(f"{what}: columns of adg's that are not there", [one for one in own if one not in types], [])
    missing = [one for one in [*days, *writer.days] if one not in world.partitions(name)]
    checks.same(f"{what}: partitions that are not there", missing, [])


def test_column_of_spark_before_the_fence_is_kept(checks: Checks, world: InHive, spark: SparkSession) -> None:
    """adg has no column to add: it sets its fence on what Spark made of the table."""
    what, name = "Spark adds a column before the fence", "x_fence"
    writer = begun(world, spark, name)
    world.land(name, day(1))
    checks.same(f"{what}: how adg ends", meet(world, name, writer), (0, []))
    check_both(checks, world, what, writer, name, [], [str(day()), str(day(1))])


def test_two_changes_of_spark_in_one_second_are_kept(checks: Checks, world: InHive, spark: SparkSession) -> None:
    """Spark changes the table twice in one second, by which the metastore tells changes apart: adg has read what came between."""
    what, name = "Spark adds two columns in one second, before and after adg reads", "x_second"
    writer = begun(world, spark, name)
    for number in range(1, 6):
        before = len(world.proxy.rules.calls)
        world.land(name, day(number))
        world.job.expect(0, *world.words(name, day(number)))
        if meet_twice(world, name, writer, reads_before_alter(world.proxy.rules.calls[before:])):
            break
    check_both(checks, world, what, writer, name, [], [str(day())])


def reads_before_alter(calls: list[str]) -> int:
    """How often a run reads the table until it alters it."""
    first = next(number for number, call in enumerate(calls) if re.search(ALTER, call))
    return sum(re.search(READ, call) is not None for call in calls[:first])


def meet_twice(world: InHive, name: str, writer: Writer, reads: int) -> bool:
    """Whether both of Spark's changes bear the same time."""
    read, alter, seen = Gate(), Gate(), []
    with world.proxy.rules.during(Rule(READ, read, skip=reads - 1), Rule(ALTER, alter)):
        process = world.job.start(*world.words(name, day()))
        for gate in (read, alter):
            if not gate.reached.wait(PATIENCE):
                raise RuntimeError("adg never came there")
            if gate is read:
                time.sleep(1 - time.time() % 1)
            writer.add_column()
            seen.append(world.client.parameters(writer.table)["transient_lastDdlTime"])
            gate.opened.set()
    finish(process)
    return seen[0] == seen[1]


def test_column_of_spark_beside_a_column_of_adg_is_told(checks: Checks, world: InHive, spark: SparkSession) -> None:
    """The plan was made for other columns: adg says so, and running again makes it good."""
    what, name = "Spark adds a column while adg adds one", "x_column"
    writer = begun(world, spark, name)
    world.land(name, day(1), more={"note": "new"})
    code, said = meet(world, name, writer)
    checks.same(f"{what}: exit code", code if code == 21 else (code, said), 21)
    checks.same(f"{what}: `{said}` names the table", [f"{DATABASE}.{name}" in one for one in said], [True])
    again = world.run(name, day(1))
    checks.same(f"{what}, run again: exit code", explained(again, 0), 0)
    check_both(checks, world, what, writer, name, ["note"], [str(day()), str(day(1))])


def test_spark_and_adg_side_by_side_lose_nothing(checks: Checks, world: InHive, spark: SparkSession) -> None:
    """Both in loops. adg may be refused where Spark was quicker; the same date again then works."""
    what, name = "side by side", "x_loop"
    writer = begun(world, spark, name)
    over, codes = threading.Event(), list[int]()
    own: dict[str, str] = {}
    with ThreadPoolExecutor(2) as pool:
        adding = pool.submit(keep, over, writer.add_both)
        publishing = pool.submit(keep, over, lambda: codes.append(publish(world, name, own)))
        time.sleep(SECONDS)
        over.set()
        adding.result()
        publishing.result()
    done = [FIRST.isoformat(), *(str(day(number)) for number in range(1, len(own) + 1))]
    print(
        f"       {what}: {len(writer.columns)} columns by Spark, {len(own)} by adg in {len(codes)} runs, exit codes {set(codes)}"
    )
    checks.same(f"{what}: exit codes of adg's", set(codes) - {21}, {0})
    # Spark writes back what it read, whatever came between, so that it may lose a column of adg's: the next date brings it again.
    last = day(len(own) + 1)
    world.land(name, last, more=own)
    checks.same(f"{what}, alone again: exit code", explained(world.run(name, last), 0), 0)
    check_both(checks, world, what, writer, name, list(own), [*done, str(last)])


def keep(over: threading.Event, do: Callable[[], object]) -> None:
    """Again and again."""
    while not over.is_set():
        do()


def publish(world: InHive, name: str, own: dict[str, str]) -> int:
    """The next date, with one column more; until it is done."""
    when = day(len(own) + 1)
    own[f"adg_{len(own)}"] = "x"
    world.land(name, when, more=own)
    code = world.run(name, when).code
    for _ in range(20):
        if code == 0:
            break
        code = world.run(name, when).code
    return code
