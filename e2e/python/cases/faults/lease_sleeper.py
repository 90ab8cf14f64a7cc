"""A holder that sleeps past its lease and wakes: by then another run has done the date, and nothing of that may be undone."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from cases.faults.wire_case import done_before, explained
from cases.faults.wire_world import LARGE, World, day
from world.checks import Checks
from world.fault_rules import Gate, Rule, Rules
from world.job import Ran

PATIENCE = 60
"""Seconds that a run has to come to where it is put to sleep."""
OLD, NEW = 40, 55
"""Rows of the sleeper's file, and of the other run's."""
LONG_AGO = "2000-01-01T00:00:00Z"


@dataclass
class Point:
    """Where the sleeper falls asleep: just before a call."""

    name: str
    """Of the module."""
    what: str
    calls: str
    again: bool = False
    """Whether the date was done before."""
    body: bytes = b""
    """Bytes that the call has."""
    gate: Gate = field(default_factory=Gate)
    undoes: bool = False
    """Whether nothing can stop it any more: then readers see its own rows, which are old, but whole."""


def finish(process: subprocess.Popen[str]) -> Ran:
    """How a run that was started ends."""
    begun = time.monotonic()
    stdout, stderr = process.communicate(timeout=PATIENCE * 2)
    return Ran(process.returncode, stdout, stderr, time.monotonic() - begun)


@contextmanager
def asleep(process: subprocess.Popen[str]) -> Iterator[None]:
    """Stops a process for a while."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def sleeps(checks: Checks, world: World, rules: Rules, point: Point, expire: Callable[[str], None]) -> None:
    """Another run does the date with other rows while the first one sleeps."""
    what, name = f"asleep before {point.what}", point.name
    # What nothing can stop is whole for the retention of what was replaced, and no longer.
    world.module(name, retention=24 if point.undoes else 0)
    if point.again:
        done_before(name)(world)
    world.land(name, day(), OLD)
    gate = point.gate
    with rules.during(Rule(point.calls, gate, body=point.body)):
        sleeper = world.job.start(*world.words(name, day()))
        if not gate.reached.wait(PATIENCE):
            sleeper.kill()
            checks.fail(what, f"it never came there: {finish(sleeper)}")
            return
        with asleep(sleeper):
            expire(name)
            world.land(name, day(), NEW)
            other = world.run(name, day())
        checks.same(f"{what}: the other run's exit code", explained(other, 0), 0)
    check_refused(checks, world, what, name, finish(sleeper), point.undoes)


def check_refused(checks: Checks, world: World, what: str, name: str, ran: Ran, undoes: bool = False) -> None:
    """The sleeper is told so, and the table is the other run's."""
    checks.same(f"{what}: exit code", explained(ran, 22), 22)
    told = [(name in one.message, bool(one.hint)) for one in ran.complaints()]
    checks.same(f"{what}: `{ran.complaints()!r:.300}` names the module or its table, with a hint", told, [(True, True)])
    if undoes:
        checks.gives(f"{what}: rows that readers see", lambda: len(world.rows(name, day())), OLD)
        world.module(name, retention=0)
    else:
        checks.gives(f"{what}: registered days that are wrong", lambda: world.wrong(name), [])
        # It knows that they will never be published, and no later run looks there before the date is done again.
        checks.gives(f"{what}: files that nothing points at", lambda: world.strays(name), [])
    again = world.run(name, day())
    checks.same(f"{what}, run again: exit code", explained(again, 0), 0)
    found = list(world.partitions(name)), world.wrong(name), world.strays(name)
    checks.same(f"{what}, run again: days, what is wrong, and what nothing points at", found, ([str(day())], [], []))


def asleep_while_writing(checks: Checks, world: World, name: str, expire: Callable[[str], None]) -> None:
    """Without a proxy: as soon as something is there of what it writes."""
    what = "asleep while it writes"
    world.module(name, retention=0)
    world.land(name, day(), LARGE)
    sleeper = world.job.start(*world.words(name, day()))
    while sleeper.poll() is None and not world.files(name):
        pass
    with asleep(sleeper):
        checks.same(f"{what}: it has not published yet", world.partitions(name), {})
        expire(name)
        other = world.run(name, day())
    checks.same(f"{what}: the other run's exit code", explained(other, 0), 0)
    mine = world.partitions(name)
    ran = finish(sleeper)
    checks.same(f"{what}: the partition is the other run's", world.partitions(name), mine)
    check_refused(checks, world, what, name, ran)


def one_of_many(checks: Checks, world: World, rules: Rules, name: str, writes: str) -> None:
    """Runs that begin at the same time: one works, and the others say which one that is."""
    count, gate = 4, Gate()
    world.module(name, retention=0)
    world.land(name, day())
    with rules.during(Rule(writes, gate, None)):
        runs = {process.pid: process for process in [world.job.start(*world.words(name, day())) for _ in range(count)]}
        deadline = time.monotonic() + PATIENCE
        while sum(process.poll() is None for process in runs.values()) > 1 and time.monotonic() < deadline:
            time.sleep(0.05)
        checks.same(f"{count} runs at once: one comes to writing", gate.reached.wait(PATIENCE), True)
        works = [pid for pid, process in runs.items() if process.poll() is None]
        gate.opened.set()
        ended = {pid: finish(process) for pid, process in runs.items()}
    checks.same(f"{count} runs at once: exit codes", sorted(ran.code for ran in ended.values()), [0, 22, 22, 22])
    for pid, ran in ended.items():
        if pid not in works:
            told = [f"process {works[0]} " in one.message and name in one.message and bool(one.hint) for one in ran.complaints()]
            checks.same(f"{count} runs at once: another names it: {ran.complaints()!r:.200}", told, [True])
    found = list(world.partitions(name)), world.wrong(name), world.strays(name)
    checks.same(f"{count} runs at once: days, what is wrong, and what nothing points at", found, ([str(day())], [], []))
