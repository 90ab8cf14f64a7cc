"""A real Hive Metastore in trouble: dead after it has acted, dead, silent, and back again."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pytest

from cases.faults.hive_world import TIMEOUT, InHive
from cases.faults.wire_case import Case, check_told, check_whole, done_before, explained, play
from cases.faults.wire_world import World, day
from world.checks import Checks
from world.fault_rules import Lost, Reset, Rule, Stall

pytestmark = pytest.mark.timeout(600)
ALTER, ADD = "^alter_table_with_environment_context$", "^add_partitions_req$"
SWING = "^alter_partitions_with_environment_context$"
READS = ("get_table", "get_partition", "get_partitions_by_names")
NEW = {"note": "new"}
"""A column that makes adg alter the table."""
BOUND = 90 + 2 * TIMEOUT
"""Seconds in which adg gives a service up that does not answer."""


@dataclass
class After(Rule):
    """Holds once another one has hit."""

    first: Rule | None = None

    def matches(self, call: str, body: Callable[[], bytes]) -> bool:
        return bool(self.first and self.first.hits) and super().matches(call, body)


def lost() -> list[Case]:
    """It has acted, and its reply is lost."""
    return [
        Case("h_make", "the replies to create_database and create_table lost", [Rule("^create_(database|table)$", Lost(), 2)]),
        Case("h_swing", "the reply to alter_partitions lost", [Rule(SWING, Lost())], before=done_before("h_swing")),
        Case(
            "h_alter",
            "the reply to alter_table for a column lost",
            [Rule(ALTER, Lost())],
            before=done_before("h_alter"),
            columns=NEW,
        ),
        Case(
            "h_read",
            "the replies to all kinds of reads lost",
            [Rule(f"^{name}$", Lost()) for name in READS],
            before=done_before("h_read"),
        ),
        Case(
            "h_all",
            "the replies to alter_table for the fence and to add_partitions lost",
            [Rule(calls, Lost()) for calls in (ALTER, ADD)],
        ),
    ]


def silent() -> list[Case]:
    """It acts, and says so too late."""
    late = Stall(TIMEOUT * 3)
    return [
        Case(
            "h_late",
            "late replies to alter_table and add_partitions",
            [Rule(calls, late) for calls in (ALTER, ADD)],
            seconds=BOUND,
        ),
        Case(
            "h_lateswing",
            "a late reply to alter_partitions",
            [Rule(SWING, late)],
            before=done_before("h_lateswing"),
            seconds=BOUND,
        ),
    ]


def given_up() -> list[Case]:
    """It never answers some kind of call, or breaks the connection each time."""
    forever = Stall(BOUND * 2)
    return [
        Case("h_deaf", "no reply to any get_table", [Rule("^get_table$", forever, None)], 21, seconds=BOUND),
        Case("h_noadd", "each add_partitions broken off", [Rule(ADD, Reset(), None)], 21, seconds=BOUND),
        Case("h_noalter", "each alter_table broken off", [Rule(ALTER, Reset(), None)], 21, seconds=BOUND),
    ]


@contextmanager
def without(world: InHive) -> Iterator[None]:
    """Nobody answers for a while."""
    world.proxy.die()
    try:
        yield
    finally:
        world.proxy.refuses = False


def begun(world: World, name: str) -> None:
    """A module whose date was never done."""
    world.module(name, retention=0)
    world.land(name, day())


def again(checks: Checks, world: InHive, what: str, name: str) -> None:
    """Runs the same command."""
    ran = world.run(name, day())
    checks.same(f"{what}, run again: exit code", explained(ran, 0), 0)
    check_whole(checks, world, f"{what}, run again", name)
    checks.same(f"{what}, run again: files that nothing points at", world.strays(name), [])


@pytest.fixture(scope="module")
def world(in_hive: Callable[..., InHive]) -> InHive:
    """The metastore, to which adg gives a few seconds for a call."""
    return in_hive()


@pytest.mark.parametrize("case", [*lost(), *silent(), *given_up()], ids=lambda case: case.what)
def test_fault_of_the_metastore_is_survived_or_told(checks: Checks, world: InHive, case: Case) -> None:
    """A run meets the fault, and the same command again makes it good."""
    told = (world.uris[0],) if case.code else ()
    play(checks, world, world.proxy.rules, replace(case, told=told))


def test_dead_metastore_is_told(checks: Checks, world: InHive) -> None:
    """Nobody answers from the beginning."""
    what, name = "a dead metastore", "h_dead"
    begun(world, name)
    with without(world):
        ran = world.run(name, day())
    print(f"       {what}: {ran.seconds:.1f} s")
    checks.same(f"{what}: exit code", explained(ran, 21), 21)
    check_told(checks, what, ran, (world.uris[0],))
    checks.same(f"{what}: what is registered", world.partitions(name), {})
    again(checks, world, what, name)


def test_second_service_is_asked_where_the_first_is_deaf_or_dead(checks: Checks, in_hive: Callable[..., InHive]) -> None:
    """Of two services of one metastore the first takes calls and does not answer, or is not there."""
    world = in_hive(services=2)
    deaf = [Rule("^get_table$", Stall(BOUND * 2), None)]
    play(checks, world, world.proxy.rules, Case("h_deafone", "the first of two services deaf", deaf, seconds=BOUND))
    with without(world):
        play(checks, world, world.proxy.rules, Case("h_deadone", "the first of two services dead", []))


def test_metastore_that_comes_back_is_waited_for(checks: Checks, in_hive: Callable[..., InHive]) -> None:
    """It is started again after three seconds."""
    world = in_hive(timeout=30)
    what, name = "a metastore that comes back after 3 s", "h_back"
    begun(world, name)
    with without(world):
        timer = threading.Timer(3, lambda: setattr(world.proxy, "refuses", False))
        timer.start()
        ran = world.run(name, day())
        timer.join()
    print(f"       {what}: {ran.seconds:.1f} s")
    checks.same(f"{what}: exit code", explained(ran, 0), 0)
    check_whole(checks, world, what, name)


def test_files_stay_where_the_metastore_died_after_acting(checks: Checks, in_hive: Callable[..., InHive]) -> None:
    """The partition is swung, and nobody is left to say so: readers are sent there."""
    world = in_hive()
    what, name = "dead after alter_partitions", "h_deadswing"
    world.module(name, retention=0)
    done_before(name)(world)
    world.land(name, day())
    acted = Rule(SWING, Lost())
    with world.proxy.rules.during(acted, After("", Reset(), None, first=acted)):
        ran = world.run(name, day())
    print(f"       {what}: {ran.seconds:.1f} s")
    checks.same(f"{what}: exit code", explained(ran, 21), 21)
    check_told(checks, what, ran, (world.uris[0],))
    check_whole(checks, world, what, name)
    again(checks, world, what, name)
