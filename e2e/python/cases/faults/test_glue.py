"""Glue in trouble: throttled, in somebody's way, and acting without a reply."""

import pytest

from cases.faults.aws_world import Aws
from cases.faults.wire_case import Case, done_before, play
from world.checks import Checks
from world.fault_rules import Lost, Rule, aws_json

pytestmark = pytest.mark.timeout(400)
THROTTLED = aws_json("ThrottlingException", "Rate exceeded")
CHANGED = aws_json("ConcurrentModificationException", "Update table failed due to concurrent modifications.")
NEW = {"note": "new"}
"""A column that makes adg alter the table."""


def calls(name: str) -> str:
    """Of one operation."""
    return rf"AWSGlue\.{name}$"


def replaced(fault: Rule) -> list[Rule]:
    """Of a table whose version the service compares: moto does not, and so the second try is refused here."""
    return [fault, Rule(fault.calls, CHANGED)]


def cases() -> list[Case]:
    """First dates, dates that are done again, and columns that are added."""
    new = [Rule(calls(name), Lost()) for name in ("CreateDatabase", "CreateTable")]
    storm = [Rule(calls(f"(Get|Create|Update|BatchCreate|BatchUpdate){what}"), THROTTLED, 2) for what in ("Table", "Partition")]
    endless = [Rule(calls("BatchUpdatePartition|AWSGlue.BatchCreatePartition"), THROTTLED, None)]
    again = done_before
    update, lost = calls("UpdateTable"), Lost()
    return [
        Case("g_new", "the replies to CreateDatabase and CreateTable lost", new),
        Case("g_add", "the reply to BatchCreatePartition lost", [Rule(calls("BatchCreatePartition"), Lost())]),
        Case("g_fence", "the reply to UpdateTable for the fence lost", replaced(Rule(update, lost))),
        Case(
            "g_swing",
            "the reply to BatchUpdatePartition lost",
            [Rule(calls("BatchUpdatePartition"), lost)],
            before=again("g_swing"),
        ),
        Case(
            "g_alter",
            "the reply to UpdateTable for a column lost",
            replaced(Rule(update, lost)),
            before=again("g_alter"),
            columns=NEW,
        ),
        Case("g_busy", "a table that others change", [Rule(update, CHANGED, 2)], before=again("g_busy"), columns=NEW),
        Case("g_slow", "throttled requests", storm),
        Case("g_endless", "throttled for ever at the partition", endless, 21, ("g_endless", "Glue", "Throttling"), seconds=180),
    ]


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.what)
def test_fault_of_glue_is_survived_or_told(checks: Checks, aws: Aws, case: Case) -> None:
    """A run meets the fault, and the same command again makes it good."""
    play(checks, aws, aws.proxy.rules, case)
