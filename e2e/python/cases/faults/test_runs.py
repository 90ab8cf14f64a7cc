"""Several runs of a module at once."""

from cases.faults.aws_world import Aws
from cases.faults.lease_sleeper import one_of_many
from cases.faults.test_s3 import WRITE
from world.checks import Checks


def test_one_of_several_runs_works_and_the_others_name_it(checks: Checks, own_aws: Aws) -> None:
    """Runs that begin at the same time."""
    one_of_many(checks, own_aws, own_aws.proxy.rules, "many", WRITE)
