"""One fault at a time: a run that meets it, what readers see then, and the same command again without it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cases.faults.aws_world import Aws
from cases.faults.wire_world import World, day
from world.checks import Checks
from world.fault_rules import Rule, Rules
from world.job import Ran


def nothing(world: World) -> None:
    """Prepares nothing, which is enough for most faults."""


def done_before(name: str, rows: int = 40) -> Callable[[World], None]:
    """The date was done before, with fewer rows."""

    def prepare(world: World) -> None:
        world.land(name, day(), rows - 1)
        world.job.expect(0, *world.words(name, day()))

    return prepare


@dataclass
class Case:
    """A fault, and what must come of it."""

    name: str
    """Of the module and its table."""
    what: str
    rules: list[Rule]
    code: int = 0
    told: tuple[str, ...] = ()
    """Words that the error must have, where there is one."""
    before: Callable[[World], None] = nothing
    rows: int = 40
    columns: dict[str, str] = field(default_factory=dict)
    """New ones that the day's file has, with their values."""
    seconds: float = 60
    """The run must be over by then."""
    leaves: bool = False
    """Whether something may be left over that nobody can know of, as an upload whose beginning was never told."""


def play(checks: Checks, world: World, rules: Rules, case: Case) -> Ran:
    """Runs into the fault, looks, and runs again."""
    world.module(case.name, retention=0)
    case.before(world)
    before = world.partitions(case.name)
    old = {key: content for key, content in world.landed.items() if key[0] == case.name}
    world.land(case.name, day(), case.rows, case.columns)
    with rules.during(*case.rules):
        ran = world.run(case.name, day())
    print(f"       {case.what}: {ran.seconds:.1f} s")
    check_ran(checks, case, ran)
    if case.code:
        checks.same(f"{case.what}: what is registered", world.partitions(case.name), before)
        new, world.landed = world.landed, world.landed | old
        checks.gives(f"{case.what}: registered days that are wrong", lambda: world.wrong(case.name), [])
        world.landed = new
    else:
        check_whole(checks, world, case.what, case.name)
    again = world.run(case.name, day())
    checks.same(f"{case.what}, run again: exit code", explained(again, 0), 0)
    check_whole(checks, world, f"{case.what}, run again", case.name)
    if not case.leaves:
        checks.same(f"{case.what}, run again: files that nothing points at", world.strays(case.name), [])
    if not case.leaves and isinstance(world, Aws):
        checks.same(f"{case.what}, run again: uploads not finished", world.unfinished(case.name), [])
    return ran


def explained(ran: Ran, wanted: int) -> Any:
    """How it ended, with its errors where that is not as it should."""
    if ran.code == wanted:
        return ran.code
    return ran.code, [(one.message, one.hint) for one in ran.complaints()] or ran.stderr[-600:]


def check_ran(checks: Checks, case: Case, ran: Ran) -> None:
    """How the run ended, and whether the fault came at all."""
    checks.same(f"{case.what}: exit code", explained(ran, case.code), case.code)
    checks.same(f"{case.what}: the fault came", [rule.calls for rule in case.rules if not rule.hits], [])
    checks.same(f"{case.what}: within {case.seconds:.0f} s", ran.seconds < case.seconds, True)
    if case.code:
        check_told(checks, case.what, ran, case.told)


def check_told(checks: Checks, what: str, ran: Ran, words: tuple[str, ...]) -> None:
    """Each error names what it is about, the date where it is one's, and has a hint."""
    for one in ran.complaints():
        missing = [word for word in words if word not in one.message]
        checks.same(f"{what}: `{one.message:.300}` names all", missing, [])
        checks.same(f"{what}: its hint `{one.hint:.120}` says something", bool(one.hint), True)
    dates = [event.get("date") for event in ran.events() if event.get("event") == "date_failed"]
    ended = [event for event in ran.events() if event.get("event") in ("run_ended_early", "failed")]
    checks.same(f"{what}: an error is told", bool(ran.complaints()), True)
    checks.same(f"{what}: the date is told", set(dates) in ({str(day())}, set()) and bool(dates or ended), True)


def check_whole(checks: Checks, world: World, what: str, name: str) -> None:
    """The date is registered, and is value for value what its file says."""
    checks.gives(f"{what}: registered days", lambda: list(world.partitions(name)), [str(day())])
    checks.gives(f"{what}: registered days that are wrong", lambda: world.wrong(name), [])
