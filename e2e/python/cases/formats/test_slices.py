"""Slices of hours, dates from the time of files, and partition columns in the form of the table."""

import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

from cases.formats.given import DAY, Given, refused, run, workspace
from cases.formats.test_json import given
from world.checks import Checks

HOURS = {
    f"2024/05/01/{hour:02}/orders-{part}.json": b'{"id":%d}\n' % (10 * hour + part) for hour in (8, 9, 10) for part in (1, 2)
}


def by_hour(files: dict[str, bytes], **more: str) -> Given:
    """A module of files by hour."""
    pattern = "{year}/{month}/{day}/{hour}/{collection}-*.json"
    return given("hours", files, [], pattern=pattern, source=["pick: all", "slice: hour"], **more)


def test_hours_are_partitions_of_their_own(checks: Checks) -> None:
    """Each hour is loaded, rerun and told alone."""
    with workspace(by_hour(HOURS)) as place:
        place.run("--module", "shop", "--start-dt", "2024-05-01T08", "--end-dt", "2024-05-01T09")
        partitions = place.table("shop", "orders").partitions
        checks.same("partitions", sorted(partitions), ["2024-05-01/08", "2024-05-01/09"])
        checks.same("folder", "date_uploaded=2024-05-01/hour=09" in str(partitions["2024-05-01/09"]), True)
        query = "select hour, count(*) as n from shop.orders where date_uploaded = date '2024-05-01' group by hour order by hour"
        checks.same("query", place.run("query", query, "--format", "csv").split(), ["hour,n", "08,2", "09,2"])
        late = place.source / "2024/05/01/09/orders-c.json"
        late.write_bytes(b'{"id":99}\n')
        place.run("--module", "shop", "--start-dt", "2024-05-01T09", "--end-dt", "2024-05-01T09")
        checks.same("rerun", place.run("query", query, "--format", "csv").split(), ["hour,n", "08,2", "09,3"])
        checks.same("verified", "2024-05-01T09" in place.run("verify", "--module", "shop"), True)


def test_table_by_hours_is_imported(checks: Checks) -> None:
    """A module file made of another tool's table has its slices, and goes on with the hour after the newest."""
    with workspace(by_hour(HOURS)) as place:
        place.run("--module", "shop", "--start-dt", "2024-05-01T08", "--end-dt", "2024-05-01T09")
        with closing(sqlite3.connect(place.folder / "warehouse" / "metastore.db")) as metastore, metastore:
            metastore.execute("update tables set parameters = json_remove(parameters, '$.\"adg.module\"')")
        pattern = "{year}/{month}/{day}/{hour}/{collection}-*.json"
        yaml = place.run("import", "--from-table", "shop.orders", "--module", "other", "--files", pattern)
        for part in ("slice: hour", "2024-05-01T10", 'hour: "%H"'):
            checks.same(part, part in yaml, True)


def test_day_of_hours_is_all_its_hours(checks: Checks) -> None:
    """A day that is asked for is its 24 hours; those without files are told by name."""
    with workspace(by_hour(HOURS)) as place:
        report = refused(place, 4)
        checks.same("hours that are missing", '"2024-05-01T07"' in report, True)
        checks.same("partitions", len(place.table("shop", "orders").partitions), 3)
        checks.same("again", "--start-dt 2024-05-01T11 --end-dt 2024-05-01T23" in report, True)


def test_catch_up_is_by_hour(checks: Checks) -> None:
    """Without dates, the hours that are not done are loaded, up to the last full one."""
    begun = datetime.now(UTC)
    hours = [begun - timedelta(hours=ago) for ago in range(-1, 6)]
    files = {hour.strftime("%Y/%m/%d/%H/orders-a.json"): b'{"id":1}\n' for hour in hours}
    with workspace(by_hour(files)) as place:
        module = place.folder / "modules" / "shop.yaml"
        module.write_text(module.read_text().replace("start: 2024-05-01", f"start: {hours[-1]:%Y-%m-%dT%H}"))
        place.run("--module", "shop")
        found = len(place.table("shop", "orders").partitions)
        # Five full hours; six if one ended meanwhile.
        checks.same("hours", found in (5, 5 + (datetime.now(UTC).hour != begun.hour)), True)


def test_hours_are_refused_where_slices_are_days(checks: Checks) -> None:
    """An hour is no date of a module of days; nor are names without hours a module of hours."""
    with workspace(given("days", {f"{DAY}_orders.json": b'{"id":1}\n'}, [])) as place:
        checks.same("hint", "write 2024-05-01" in refused(place, 2, ("2024-05-01T08",)), True)
    with workspace(given("hours", {f"{DAY}_orders.json": b'{"id":1}\n'}, [], source=["slice: hour"])) as place:
        checks.same("no hour", "no `{hour}`" in refused(place, 10), True)


def test_date_is_that_of_the_last_change(checks: Checks) -> None:
    """Files without dates in their names belong to the day on which they were written."""
    case = Given(
        "modified",
        {"orders/a.csv": b"id\n1\n", "orders/b.csv": b"id\n2\n", "orders/c.csv": b"id\n3\n"},
        [],
        pattern="{collection}/*.csv",
        source="pick: all\n  date_from: modified",
    )
    with workspace(case) as place:
        for name, hour in (("a", 1), ("b", 23), ("c", 30)):
            written = datetime(2024, 5, 1, tzinfo=UTC).timestamp() + hour * 3600
            os.utime(place.source / f"orders/{name}.csv", (written, written))
        run(place, (DAY, "2024-05-02"))
        query = "select date_uploaded, count(*) as n from shop.orders group by date_uploaded order by date_uploaded"
        told = place.run("query", query, "--format", "csv").split()
        checks.same("rows", told, ["date_uploaded,n", "2024-05-01,2", "2024-05-02,1"])


def test_partition_columns_have_the_form_of_the_module(checks: Checks) -> None:
    """Year, month and day as columns of their own, and dates without separators."""
    for columns, value, folder in (
        ('{ year: "%Y", month: "%-m", day: "%-d" }', "2024/5/1", "year=2024/month=5/day=1"),
        ('{ dt: "%Y/%m/%d" }', "2024/05/01", "dt=2024%2F05%2F01"),
    ):
        case = given("keys", {f"{DAY}_orders.json": b'{"id":1}\n'}, [])
        with workspace(case) as place:
            module = place.folder / "modules" / "shop.yaml"
            target = f"target: {{ database: shop, partition_by: {columns} }}"
            module.write_text(module.read_text().replace("target: { database: shop }", target))
            run(place)
            partitions = place.table("shop", "orders").partitions
            checks.same("partitions", list(partitions), [value])
            checks.same("folder", folder in str(partitions[value]), True)
            checks.same("query", place.run("query", "select * from shop.orders", "--format", "csv").count("\n"), 2)
            run(place)
            checks.same("verified", "DIFFERS" in place.run("verify", "--module", "shop").upper(), False)
    wrong = given("keys", {f"{DAY}_orders.json": b'{"id":1}\n'}, [])
    with workspace(wrong) as place:
        module = place.folder / "modules" / "shop.yaml"
        target = 'target: { database: shop, partition_by: { year: "%Y", month: "%m" } }'
        module.write_text(module.read_text().replace("target: { database: shop }", target))
        checks.same("no day", "does not tell a day" in refused(place, 10), True)
