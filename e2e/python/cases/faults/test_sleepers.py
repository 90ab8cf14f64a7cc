"""Runs that are put to sleep past their leases, with each metastore and ledger."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cases.faults.aws_world import Aws
from cases.faults.folder_world import Embedded, Folders
from cases.faults.hive_world import InHive
from cases.faults.lease_sleeper import LONG_AGO, Point, asleep_while_writing, sleeps
from cases.faults.test_dynamodb import DONE, NOTE, TRANSACT
from cases.faults.test_glue import CHANGED
from cases.faults.test_hive import ADD, ALTER, SWING
from cases.faults.test_s3 import WRITE
from world.checks import Checks
from world.fault_rules import Gate
from world.scene import DYNAMODB_LEDGER


def in_dynamodb(world: Aws) -> Callable[[str], None]:
    """Has a module's lease end long ago."""

    def expire(name: str) -> None:
        world.region.audit.update_item(
            Key={"Correlation_Id": f"adg#{name}", "DataProduct": "lease"},
            UpdateExpression="set expires = :at",
            ConditionExpression="attribute_exists(expires)",
            ExpressionAttributeValues={":at": LONG_AGO},
        )

    return expire


def in_sqlite(world: Folders) -> Callable[[str], None]:
    """The same."""

    def expire(name: str) -> None:
        with closing(sqlite3.connect(world.warehouse / "ledger.db")) as ledger, ledger:
            if ledger.execute("update leases set expires = ? where module = ?", (LONG_AGO, name)).rowcount != 1:
                raise RuntimeError(f"{name} has no lease")

    return expire


IN_AWS = [
    Point("z_put", "its file is written", WRITE),
    Point("z_again", "its file is written, again", WRITE, again=True),
    Point("z_table", "the table is made", "CreateTable"),
    Point("z_note", "what is replaced is noted", TRANSACT, True, NOTE),
    # Glue compares the version that the change is of; moto does not.
    Point("z_fence", "the fence", "UpdateTable", gate=Gate(CHANGED)),
    Point("z_swing", "the fence, again", "UpdateTable", True, gate=Gate(CHANGED)),
    Point("z_end", "the end is recorded", TRANSACT, body=DONE),
    # No transaction is over a table and its partitions: these are behind the fence, which was the sleeper's own then.
    Point("z_create", "BatchCreatePartition, behind the fence", "BatchCreatePartition"),
    Point("z_update", "BatchUpdatePartition, behind the fence", "BatchUpdatePartition", True, undoes=True),
]
"""Calls to S3, Glue and DynamoDB."""
IN_HIVE = [
    Point("y_make", "the table is made", "^create_table$"),
    Point("y_fence", "the fence", ALTER),
    Point("y_swing", "the fence, again", ALTER, True),
    Point("y_add", "add_partitions, behind the fence", ADD),
    Point("y_alter", "alter_partitions, behind the fence", SWING, True, undoes=True),
]
"""Calls to the Hive Metastore."""
pytestmark = pytest.mark.timeout(400)


@pytest.mark.parametrize("point", IN_AWS, ids=lambda point: point.what)
def test_sleeper_in_aws_undoes_nothing(checks: Checks, aws: Aws, point: Point) -> None:
    """Glue and DynamoDB."""
    sleeps(checks, aws, aws.proxy.rules, point, in_dynamodb(aws))


@pytest.fixture(scope="module")
def with_hive(in_hive: Callable[..., InHive], aws: Aws) -> InHive:
    """The Hive Metastore, with the ledger in DynamoDB."""
    places: dict[str, Any] = {"user": aws.job.user, "region": aws.region.region, "endpoint": aws.proxy.url}
    return in_hive(ledger=DYNAMODB_LEDGER, **places)


@pytest.mark.parametrize("point", IN_HIVE, ids=lambda point: point.what)
def test_sleeper_in_hive_undoes_nothing(checks: Checks, with_hive: InHive, aws: Aws, point: Point) -> None:
    """The Hive Metastore and DynamoDB."""
    sleeps(checks, with_hive, with_hive.proxy.rules, point, in_dynamodb(aws))


def test_sleeper_in_files_undoes_nothing(checks: Checks, tmp_path: Path) -> None:
    """Metastore and ledger are in files of SQLite, where the sleeper's lock says that it lives."""
    world = Embedded(tmp_path.resolve() / "work")
    asleep_while_writing(checks, world, "z_files", in_sqlite(world))
