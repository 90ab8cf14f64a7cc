"""Partitions by the day of each row, in addition to the date of the files."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from cases.formats.given import DAY, Given, refused, run, workspace
from world.adg import Workspace
from world.checks import Checks

FILES = {
    f"{DAY}_orders.csv": "id,created_at\n1,2024-04-29 23:59:59\n2,2024-04-30 00:00:00\n3,\n4,2024-04-29 01:00:00\n",
    "2024-05-02_orders.csv": "id,created_at\n5,2024-04-30 12:00:00\n6,2024-05-01 08:00:00\n",
}
DAYS = (DAY, "2024-05-02")
BY_DAY = "select created_at_date, count(*) as n from shop.orders group by created_at_date order by created_at_date nulls last"


@contextmanager
def by_day(partition_from: str = "created_at", columns: str = "created_at: timestamp", **files: str) -> Iterator[Workspace]:
    """A workspace of files whose rows are of several days."""
    with workspace(
        Given("by day", {name: text.encode() for name, text in (files or FILES).items()}, [], columns=columns)
    ) as place:
        module = place.folder / "modules" / "shop.yaml"
        target = f"target: {{ database: shop, partition_from: {partition_from} }}"
        module.write_text(module.read_text().replace("target: { database: shop }", target))
        yield place


def partitions(place: Workspace) -> dict[str, Path]:
    """The partitions of the table, by their values."""
    return place.table("shop", "orders").partitions


def test_rows_of_a_file_are_in_the_partitions_of_their_days(checks: Checks) -> None:
    """Each date has one for each day of its rows; rows without a day are in that for null."""
    with by_day() as place:
        run(place, DAYS)
        found = partitions(place)
        null = "__HIVE_DEFAULT_PARTITION__"
        names = [f"{DAY}/2024-04-29", f"{DAY}/2024-04-30", f"{DAY}/{null}", "2024-05-02/2024-04-30", "2024-05-02/2024-05-01"]
        checks.same("partitions", sorted(found), sorted(names))
        checks.same("folder", "/created_at_date=2024-04-29" in str(found[names[0]]), True)
        expected = ["created_at_date,n", "2024-04-29,2", "2024-04-30,2", "2024-05-01,1", ",1"]
        checks.same("rows", place.run("query", BY_DAY, "--format", "csv").split(), expected)
        query = "select id from shop.orders where created_at_date = date '2024-04-30' order by id"
        checks.same("pruned", place.run("query", query, "--format", "csv").split(), ["id", "2", "5"])
        checks.same("verified", "differs" in place.run("verify", "--module", "shop").lower(), False)
        checks.same("a column of the table", "`created_at_date` date" in place.run("describe", "shop.orders").lower(), True)


def test_rerun_replaces_the_partitions_of_its_own_date(checks: Checks) -> None:
    """Days that its rows no longer have go; those of other dates stay. An undo brings them back."""
    with by_day() as place:
        run(place, DAYS)
        before = partitions(place)
        (place.source / f"{DAY}_orders.csv").write_text("id,created_at\n1,2024-04-29 23:59:59\n2,2024-04-28 00:00:00\n")
        run(place)
        names = [f"{DAY}/2024-04-28", f"{DAY}/2024-04-29", "2024-05-02/2024-04-30", "2024-05-02/2024-05-01"]
        checks.same("partitions", sorted(partitions(place)), sorted(names))
        other = "2024-05-02/2024-04-30"
        checks.same("others", partitions(place)[other], before[other])
        last = max((place.folder / "reports").rglob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        place.run(*json.loads(last.read_text())["undo"].split()[1:])
        checks.same("undone", partitions(place), before)


def test_what_others_drop_is_told_and_repaired(checks: Checks) -> None:
    """One partition of a date that is gone is a difference of the date, and its files bring it back."""
    with by_day() as place:
        run(place, DAYS)
        before = partitions(place)
        with closing(sqlite3.connect(place.folder / "warehouse" / "metastore.db")) as metastore, metastore:
            metastore.execute("delete from partitions where value like '%2024-04-29%'")
        checks.same("told", "some of its partitions are missing" in place.run("verify", "--module", "shop", expected=4), True)
        place.run("repair", "--module", "shop")
        checks.same("repaired", partitions(place), before)


def test_empty_day_is_an_empty_partition(checks: Checks) -> None:
    """A header alone is a date that is done, with no rows."""
    with by_day(**{f"{DAY}_orders.csv": "id,created_at\n"}) as place:
        run(place)
        checks.same("partitions", list(partitions(place)), [f"{DAY}/__HIVE_DEFAULT_PARTITION__"])
        checks.same("rows", place.run("query", "select count(*) as n from shop.orders", "--format", "csv").split(), ["n", "0"])
        checks.same("verified", "differs" in place.run("verify", "--module", "shop").lower(), False)


def test_column_of_another_type_changes_by_rewriting(checks: Checks) -> None:
    """`retype` keeps each row in the partition of its day."""
    with by_day() as place:
        run(place, DAYS)
        names = sorted(partitions(place))
        place.run("retype", "shop.orders", "id", "string")
        checks.same("partitions", sorted(partitions(place)), names)
        checks.same("type", "`id` string" in place.run("describe", "shop.orders").lower(), True)
        query = "select max(id) as last, count(*) as n from shop.orders"
        checks.same("rows", place.run("query", query, "--format", "csv").split(), ["last,n", "6,6"])


def test_settings_that_make_no_partitions_are_refused(checks: Checks) -> None:
    """A column without dates, one that is not there, and a name that is taken."""
    for partition_from, columns, code, told in (
        ("created_at", "created_at: string", 10, "`created_at` is string"),
        ("made_at", "created_at: timestamp", 10, "no column `made_at`"),
        ("{ date_uploaded: created_at }", "", 10, "a column of `target.partition_by` already"),
        ("{ created_at: created_at }", "created_at: timestamp", 10, "created_at"),
        ("{ a: created_at, b: created_at }", "", 10, "it has one column"),
    ):
        with by_day(partition_from, columns) as place:
            checks.same(partition_from, told in refused(place, code), True)
