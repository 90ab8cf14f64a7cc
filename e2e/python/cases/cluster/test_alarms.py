"""Alarms hear the events that they should, and no others."""

from functools import partial
from typing import Any

import pytest
from moto.events.models import EventPattern

from cases.cluster.terraform import TERRAFORM
from world.checks import Checks

# EventBridge looks into lists of objects, moto does not: here stands the one object of the list.
ENDED = {"lastStatus": "STOPPED", "group": "family:adg", "containers": {"name": "adg", "exitCode": 13}}
EVENTS: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "ecs": (
        {"source": "aws.ecs", "detail-type": "ECS Task State Change", "detail": ENDED},
        [{"containers": {"exitCode": 0}}, {"lastStatus": "RUNNING"}, {"group": "family:other"}, {"containers": {"name": "adg"}}],
    ),
    "ecs-unborn": (
        {
            "source": "aws.ecs",
            "detail-type": "ECS Task State Change",
            "detail": {"lastStatus": "STOPPED", "group": "family:adg", "stopCode": "TaskFailedToStart", "containers": {}},
        },
        [{"stopCode": "EssentialContainerExited"}],
    ),
    "emr-step": (
        {
            "source": "aws.emr",
            "detail-type": "EMR Step Status Change",
            "detail": {"state": "FAILED", "name": "submit-job-vacancy", "actionOnFailure": "CONTINUE"},
        },
        [{"state": "COMPLETED"}, {"name": "other"}],
    ),
    "emr-cluster": (
        {
            "source": "aws.emr",
            "detail-type": "EMR Cluster State Change",
            "detail": {"state": "TERMINATED_WITH_ERRORS", "name": "adg"},
        },
        [{"state": "TERMINATED"}, {"name": "other"}],
    ),
    "batch": (
        {
            "source": "aws.batch",
            "detail-type": "Batch Job State Change",
            "detail": {"status": "FAILED", "jobName": "adg-vacancy"},
        },
        [{"status": "SUCCEEDED"}, {"jobName": "other"}],
    ),
}
"""For each pattern an event that must be told, and changes with which it is none."""
PATTERNS = {path.stem: path.read_text() for path in sorted((TERRAFORM / "aws_alarms/patterns").glob("*.json"))}


def test_every_pattern_has_its_events() -> None:
    """A new pattern needs events here."""
    assert sorted(PATTERNS) == sorted(EVENTS)


@pytest.mark.parametrize("what", EVENTS)
def test_pattern_hears_its_event_alone(checks: Checks, what: str) -> None:
    """The event, and the same with another state or name."""
    event, others = EVENTS[what]
    pattern: Any = EventPattern.load(PATTERNS[what])
    checks.gives("heard", lambda: pattern.matches_event(event), True)
    for other in others:
        not_heard = {**event, "detail": {**event["detail"], **other}}
        checks.gives(f"{other} is not heard", partial(pattern.matches_event, not_heard), False)
