"""S3 in trouble: throttled, cut off, slow, damaged, and acting without a reply."""

import pytest

from cases.faults.aws_world import Aws
from cases.faults.wire_case import Case, done_before, play
from cases.faults.wire_world import LARGE
from world.checks import Checks
from world.fault_rules import Answer, Cut, Fault, Flip, Lost, Reset, Rule, Stall, xml

pytestmark = pytest.mark.timeout(600)
SLOW = xml(503, "SlowDown")
CONFLICT = xml(409, "OperationAborted", "A conflicting conditional operation is currently in progress. Try again.")
OTHER = xml(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
BROKEN = xml(500, "InternalError", "We encountered an internal error. Please try again.")
LIST = r"GET /landing-[^?]*\?([^ ]*&)?list-type=2"
READ = r"GET /landing-[^?]*csv"
RANGE = r"GET /landing-[^?]*csv bytes=\d+-3145727$"
"""In the middle of a large file, which is asked for twice: for the file's beginning, and for all of it. Again it is asked for from
where it broke off."""
WRITE = r"PUT /published-[^?]*parquet$"
BEGIN = r"POST /published-.*\?uploads"
PART = r"PUT /published-.*partNumber=1"
FINISH = r"POST /published-.*\?uploadId="
DELETE = r"POST /published-.*\?delete"
PER_KEY = b"<DeleteResult><Error><Key>k</Key><Code>InternalError</Code><Message>try again</Message></Error></DeleteResult>"


def throttled() -> list[Case]:
    """Each kind of request is refused some times, and made again."""
    storm = [Rule(calls, SLOW, 2) for calls in (LIST, READ, WRITE, r"HEAD /published-")]
    parts = [Rule(calls, SLOW, 2) for calls in (BEGIN, PART, FINISH)]
    return [
        Case("s_small", "a 503 storm on LIST, HEAD, GET and PUT", [*storm, Rule(WRITE, BROKEN)]),
        Case("s_parts", "a 503 storm on CreateMultipartUpload, UploadPart and CompleteMultipartUpload", parts, rows=LARGE),
        Case("s_inside", "an error inside a 200 of CompleteMultipartUpload", [Rule(FINISH, inside(), 1)], rows=LARGE),
        Case("s_delete", "a 503 storm on DeleteObjects", [Rule(DELETE, SLOW, 2)], before=done_before("s_delete")),
        # No write of adg's to S3 is conditional, so that nobody else can have won.
        Case("s_conflict", "409 on PUT", [Rule(WRITE, CONFLICT)], 21, ("s_conflict", "`published`", "OperationAborted")),
    ]


def inside() -> Answer:
    """As S3 tells that completing failed when it has begun to answer already."""
    return Answer(200, BROKEN.body)


def broken() -> list[Case]:
    """Connections that break, and bytes that are not those that were sent."""
    middle: list[Fault] = [Cut(300_000), Cut(300_000, reset=False), Stall(3, 300_000)]
    other = Rule(READ, Flip(200), None)
    return [
        Case(
            "b_get", "a download that is reset, cut short and stands still", [Rule(RANGE, one, 2) for one in middle], rows=LARGE
        ),
        Case("b_small", "the end of a small file missing", [Rule(READ, Cut(200, reset=False))]),
        Case("b_part", "an upload that is reset", [Rule(PART, Reset(1_000_000), 2)], rows=LARGE),
        # All reads are of the version that was listed.
        Case("b_other", "412 on GET", [Rule(READ, OTHER, None)], 13, ("b_other.csv", "`source`", "changed while it was read")),
        Case("b_flip", "a bit of a download that is another", [other], 21, ("b_flip.csv", "`source`", "damaged")),
    ]


def lost() -> list[Case]:
    """The service has acted, and nobody was told."""
    small = [Rule(LIST, Lost()), Rule(WRITE, Reset()), Rule(WRITE, Lost())]
    return [
        Case("l_put", "the replies to LIST and PUT lost", small),
        Case("l_begin", "the reply to CreateMultipartUpload lost", [Rule(BEGIN, Lost())], rows=LARGE, leaves=True),
        Case("l_part", "the replies to UploadPart lost", [Rule(PART, Lost(), 2)], rows=LARGE),
        # The upload is no longer there when it is completed a second time.
        Case("l_finish", "the reply to CompleteMultipartUpload lost", [Rule(FINISH, Lost())], rows=LARGE),
        Case("l_delete", "the reply to DeleteObjects lost", [Rule(DELETE, Lost())], before=done_before("l_delete")),
    ]


@pytest.mark.parametrize("case", [*throttled(), *broken(), *lost()], ids=lambda case: case.what)
def test_fault_of_s3_is_survived_or_told(checks: Checks, aws: Aws, case: Case) -> None:
    """A run meets the fault, and the same command again makes it good."""
    play(checks, aws, aws.proxy.rules, case)


def test_object_that_can_not_be_deleted_is_left_to_a_later_run(checks: Checks, aws: Aws) -> None:
    """No reader is sent there."""
    what, name = "an object that can't be deleted", "s_perkey"
    rule = Rule(DELETE, Answer(200, PER_KEY), None)
    ran = play(checks, aws, aws.proxy.rules, Case(name, what, [rule], before=done_before(name), seconds=240))
    told = [event["event"] for event in ran.events() if event["level"] == "WARN"]
    checks.same(f"{what}: it is told", told, ["expired_files_not_deleted"])
