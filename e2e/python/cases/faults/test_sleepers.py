"""Where runs are put to sleep, with each metastore and ledger."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

from cases.faults.aws_world import Aws
from world.checks import Checks
from world.fault_rules import Gate
from cases.faults.folder_world import Embedded, Folders
from cases.faults.test_glue import CHANGED
from cases.faults.test_hive import ADD, ALTER, SWING
from cases.faults.hive_world import InHive
from cases.faults.lease_sleeper import LONG_AGO, Point, asleep_while_writing, one_of_many, sleeps
from cases.faults.test_ledger import DONE, NOTE, TRANSACT
from cases.faults.test_s3 import WRITE


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


def in_aws(checks: Checks, world: Aws) -> None:
    """Glue and DynamoDB."""
    for point in (
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
    ):
        sleeps(checks, world, world.proxy.rules, point, in_dynamodb(world))


def in_hive(checks: Checks, world: InHive, ledger: Aws) -> None:
    """The Hive Metastore and DynamoDB."""
    for point in (
        Point("y_make", "the table is made", "^create_table$"),
        Point("y_fence", "the fence", ALTER),
        Point("y_swing", "the fence, again", ALTER, True),
        Point("y_add", "add_partitions, behind the fence", ADD),
        Point("y_alter", "alter_partitions, behind the fence", SWING, True, undoes=True),
    ):
        sleeps(checks, world, world.proxy.rules, point, in_dynamodb(ledger))


def embedded(checks: Checks, world: Embedded) -> None:
    """Both in files of SQLite, where the sleeper's lock says that it lives."""
    asleep_while_writing(checks, world, "z_files", in_sqlite(world))


def runs(checks: Checks, world: Aws) -> None:
    """Several at once."""
    one_of_many(checks, world, world.proxy.rules, "many", WRITE)
