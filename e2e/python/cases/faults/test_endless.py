"""Storms that do not end, and connections that stand still: the date fails in a bounded time, and the run says why."""

import pytest

from cases.faults.aws_world import Aws
from cases.faults.test_dynamodb import ATTEMPT, CAPACITY, PUT, TRANSACT
from cases.faults.test_s3 import READ, SLOW, WRITE
from cases.faults.wire_case import Case, play
from world.checks import Checks
from world.fault_rules import Rule, Stall
from world.scene import TABLE

pytestmark = pytest.mark.timeout(600)


def test_storm_of_less_than_three_minutes_is_waited_out(checks: Checks, own_aws: Aws) -> None:
    """Fourteen answers."""
    world = own_aws
    play(
        checks, world, world.proxy.rules, Case("e_long", "a 503 storm of 14 answers on PUT", [Rule(WRITE, SLOW, 14)], seconds=200)
    )


def test_endless_storm_fails_the_date_within_minutes(checks: Checks, own_aws: Aws) -> None:
    """A little more than three."""
    world = own_aws
    storm = Rule(WRITE, SLOW, None)
    case = Case("e_put", "a 503 storm without end on PUT", [storm], 21, ("e_put", "`published`", "SlowDown"), seconds=220)
    play(checks, world, world.proxy.rules, case)


def test_request_that_stands_still_is_made_again(checks: Checks, own_aws: Aws) -> None:
    """A request's time is a minute."""
    world = own_aws
    still = Rule(READ, Stall(90, 200), 1)
    play(checks, world, world.proxy.rules, Case("e_stall", "a download that stands still", [still], seconds=120))


@pytest.mark.parametrize(
    ("name", "what", "rule"),
    [
        ("d_nolease", "throttled for ever at the lease", Rule(PUT, CAPACITY, None)),
        ("d_noattempt", "throttled for ever at an attempt", Rule(TRANSACT, CAPACITY, None, body=ATTEMPT)),
    ],
    ids=["lease", "attempt"],
)
def test_endless_throttling_of_dynamodb_is_told_within_two_minutes(
    checks: Checks, own_aws: Aws, name: str, what: str, rule: Rule
) -> None:
    """The error has the table, what for, and what to do."""
    told = (TABLE, "ProvisionedThroughputExceeded")
    play(checks, own_aws, own_aws.proxy.rules, Case(name, what, [rule], 21, told, seconds=130))
