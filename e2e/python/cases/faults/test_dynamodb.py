"""DynamoDB in trouble: throttled, in somebody's way, and acting without a reply."""

import pytest

from cases.faults.aws_world import Aws
from cases.faults.wire_case import Case, done_before, explained, play
from cases.faults.wire_world import day
from world.checks import Checks
from world.fault_rules import Lost, Rule, aws_json, canceled
from world.scene import TABLE

pytestmark = pytest.mark.timeout(400)
PUT, UPDATE = r"DynamoDB_\d+\.PutItem", r"DynamoDB_\d+\.UpdateItem"
READ, TRANSACT = r"DynamoDB_\d+\.(GetItem|Query)", r"DynamoDB_\d+\.TransactWriteItems"
CAPACITY = aws_json("ProvisionedThroughputExceededException")
THROTTLED = aws_json("ThrottlingException")
BUSY = aws_json("TransactionConflictException", "Transaction is ongoing for the item")
ATTEMPT, DONE, NOTE, SUMMARY = b'"attempt#', b"Completed", b"adg#superseded", b"adg#summary"
"""Bytes of each kind of transaction: an attempt, one that was completed, a location that was replaced, the line for other readers."""


def throttled() -> list[Case]:
    """Each kind of request is refused some times, and made again."""
    of_one = [Rule(READ, CAPACITY, 2), Rule(PUT, CAPACITY, 2), Rule(UPDATE, THROTTLED, 2), Rule(TRANSACT, THROTTLED, 2)]
    return [
        Case("d_slow", "throttled requests", of_one),
        Case(
            "d_inside",
            "throttled inside a transaction",
            [Rule(TRANSACT, canceled("None", "ThrottlingError", "None"), body=ATTEMPT)],
        ),
        Case(
            "d_capacity",
            "no capacity inside a transaction",
            [Rule(TRANSACT, canceled("None", "ProvisionedThroughputExceeded", "None"), body=DONE)],
        ),
    ]


def in_the_way() -> list[Case]:
    """Somebody else's transaction over the same item."""
    conflicts = [canceled("TransactionConflict", "None", "None"), aws_json("TransactionInProgressException")]
    return [
        Case("d_both", "two transactions over one item", [Rule(TRANSACT, one, 2) for one in conflicts]),
        Case("d_put", "a transaction in the way of taking the lease", [Rule(PUT, BUSY)]),
        # Else the next run must wait until the lease has ended by itself.
        Case("d_giveup", "a transaction in the way of giving the lease up", [Rule(UPDATE, BUSY)]),
    ]


def lost() -> list[Case]:
    """The service has acted, and nobody was told: what comes second finds its own condition broken."""
    each = [Rule(TRANSACT, Lost(), body=what) for what in (ATTEMPT, DONE, SUMMARY)]
    return [
        Case("d_lease", "the replies to taking the lease and giving it up lost", [Rule(PUT, Lost()), Rule(UPDATE, Lost())]),
        Case("d_each", "the replies to an attempt, its end and the line lost", each),
        Case(
            "d_note",
            "the reply to noting a replaced location lost",
            [Rule(TRANSACT, Lost(), body=NOTE)],
            before=done_before("d_note"),
        ),
    ]


def check_ledger(checks: Checks, world: Aws, case: Case) -> None:
    """Finds the date done and the lease given up: so the next run has nothing to do."""
    line = world.item(f"wire_{case.name}", "WIRE")
    found = line["Date"], line["Status"], world.item(f"adg#{case.name}", f"day#{case.name}#{day()}")["latest"]
    checks.same(f"{case.what}: the ledger", found, (str(day()), "Completed", "Completed"))
    checks.same(f"{case.what}: the lease is given up", world.item(f"adg#{case.name}", "lease")["released"], True)


@pytest.mark.parametrize("case", [*throttled(), *in_the_way(), *lost()], ids=lambda case: case.what)
def test_fault_of_dynamodb_is_survived(checks: Checks, aws: Aws, case: Case) -> None:
    """A run meets the fault, and the ledger is right."""
    play(checks, aws, aws.proxy.rules, case)
    check_ledger(checks, aws, case)


def test_end_that_is_not_recorded_is_told(checks: Checks, aws: Aws) -> None:
    """The partition is there; the next run does the date again."""
    world = aws
    what, name = "a table that refuses to record the end", "d_norecord"
    refused = Rule(TRANSACT, aws_json("InternalServerError", "internal"), None, body=DONE)
    world.module(name, retention=0)
    world.land(name, day())
    with world.proxy.rules.during(refused):
        ran = world.run(name, day())
    checks.same(f"{what}: exit code", explained(ran, 21), 21)
    told = [TABLE in one.message and bool(one.hint) for one in ran.complaints()]
    checks.same(f"{what}: the table is named, with a hint", told, [True])
    checks.same(f"{what}: what readers see is whole", world.wrong(name), [])
    status = world.item(f"adg#{name}", f"day#{name}#{day()}")["latest"]
    checks.same(f"{what}: what the ledger says", status, "In-Progress")
    again = world.run(name, day())
    checks.same(f"{what}, run again: exit code", explained(again, 0), 0)
    checks.same(
        f"{what}, run again: what is wrong, and what nothing points at", (world.wrong(name), world.strays(name)), ([], [])
    )
