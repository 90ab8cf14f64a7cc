"""Pipelines that merge rows by keys into tables of the lake."""

from pathlib import Path
from typing import Any

import pytest

from cases.database.pipeline_scene import Scene
from world.checks import Checks
from world.postgres import Postgres

SHOP = """\
create table orders (id int, customer text, total numeric(9,2), tags text[], updated_at timestamp);
insert into orders values
  (1, 'Ann', 1.50, '{a}', '2024-05-01 10:00'), (2, 'Bob', 2.50, null, '2024-05-01 11:00'),
  (3, 'Cid', 3.50, '{}', '2024-05-02 12:00');
"""

PIPELINE = """\
version: 1
pipeline: daily
sources:
  orders: { postgres: { connection: shop, table: orders } }
sinks:
  whole: { from: orders, hive: { table: sales.orders }, mode: merge, keys: [id], order_by: updated_at }
  days:
    { from: orders, hive: { table: sales.days }, mode: merge, keys: [ID], order_by: updated_at, partition_by: { day: updated_at } }
"""

ROWS = "select id, customer, total, tags from sales.{table} order by id"


@pytest.fixture
def scene(postgres: Postgres, tmp_path: Path) -> Scene:
    """A pipeline over a database of its own."""
    made = Scene(postgres, postgres.new_database(), tmp_path)
    made.server.run(SHOP, made.database)
    made.pipeline("daily", PIPELINE)
    return made


def run(scene: Scene) -> dict[str, dict[str, int]]:
    """The numbers of each sink after a run."""
    scene.job.expect(0, "pipeline", "run", "daily")
    return {day["collection"]: day["metrics"] for day in scene.job.report()["days"]}


def numbers(inserted: int, updated: int, unchanged: int, superseded: int = 0) -> dict[str, int]:
    """Numbers as a report has them."""
    found = {
        "inserted": inserted,
        "updated": updated,
        "unchanged": unchanged,
        "superseded": superseded,
        "marked": 0,
        "deleted": 0,
    }
    return {f"rows_{name}": number for name, number in sorted(found.items())}


def failure(scene: Scene) -> str:
    """The message and the hint of a run that fails, by its report."""
    scene.job.expect(11, "pipeline", "run", "daily")
    told = scene.job.report()["days"][0]["failure"]
    return f"{told['message']} {told['hint']}"


def files(scene: Scene) -> list[str]:
    """Files of the tables."""
    return sorted(str(file) for file in (scene.folder / "warehouse").rglob("*.parquet"))


def test_rows_are_merged_by_their_keys(checks: Checks, scene: Scene) -> None:
    """Rows that are gone in the database stay; one that moves to another day is in one partition only."""
    plan = scene.job.expect(0, "pipeline", "plan", "daily").stdout
    checks.same("plan", "orders is merged by id into sales.orders" in plan, True)
    checks.same("first run", run(scene), dict.fromkeys(("whole", "days"), numbers(3, 0, 0)))
    before = files(scene)
    checks.same("second run", run(scene), dict.fromkeys(("whole", "days"), numbers(0, 0, 3)))
    checks.same("files of a run without changes", files(scene), before)
    change = """\
    update orders set total = 9, updated_at = '2024-05-03' where id = 2; delete from orders where id = 1;
    insert into orders values (4, null, null, null, null);
    """
    scene.server.run(change, scene.database)
    checks.same("third run", run(scene), dict.fromkeys(("whole", "days"), numbers(1, 1, 1)))
    expected: list[list[Any]] = [[1, "Ann", 1.5, ["a"]], [2, "Bob", 9.0, None], [3, "Cid", 3.5, []], [4, None, None, None]]
    for table in ("orders", "days"):
        checks.same(table, scene.rows(ROWS.format(table=table)), expected)
    days = scene.rows("select day, count(*) from sales.days group by day order by day")
    checks.same("days", days, [["2024-05-01", 1], ["2024-05-02", 1], ["2024-05-03", 1], [None, 1]])


def test_of_rows_with_the_same_key_the_newest_is_merged(checks: Checks, scene: Scene) -> None:
    """Or the run fails, where nothing tells which is the newest, and the table stays as it was."""
    run(scene)
    twice = """\
    insert into orders values (1, 'Ann', 5, null, '2024-05-04'), (1, 'Ann', 6, null, '2024-05-03'), (7, 'x', 1, null, '2024-05-04'),
      (7, 'x', 1, null, '2024-05-04');
    """
    scene.server.run(twice, scene.database)
    checks.same("numbers", run(scene), dict.fromkeys(("whole", "days"), numbers(1, 1, 2, superseded=3)))
    for table in ("orders", "days"):
        checks.same(
            table, scene.rows(f"select id, total from sales.{table} where id in (1, 7) order by id"), [[1, 5.0], [7, 1.0]]
        )
    scene.server.run("insert into orders values (7, 'y', 1, null, '2024-05-04')", scene.database)
    failed = failure(scene)
    checks.same("tie", "1 keys (id) have several newest rows by `updated_at`, with different values" in failed, True)
    checks.same("stays", scene.rows("select customer from sales.orders where id = 7"), [["x"]])
    scene.pipeline("daily", PIPELINE.replace("order_by: updated_at", "order_by: updated_at, on_tie: last_read"))
    run(scene)
    checks.same("last read", scene.rows("select customer from sales.orders where id = 7"), [["y"]])
    scene.pipeline("daily", PIPELINE.replace(", order_by: updated_at", ""))
    failed = failure(scene)
    checks.same("without an order", "2 keys (id) stand in more than one row" in failed and "order_by" in failed, True)


def test_keys_have_no_nulls(checks: Checks, scene: Scene) -> None:
    """The run fails, and the table stays as it was."""
    run(scene)
    scene.server.run("insert into orders values (null, 'x', 1, null, null), (9, 'y', 1, null, null)", scene.database)
    failed = failure(scene)
    checks.same("told", "the key column `id` has a null" in failed, True)
    for table in ("orders", "days"):
        checks.same(table, scene.rows(f"select count(*) from sales.{table}"), [[3]])


def test_a_table_that_was_replaced_can_be_merged_into(checks: Checks, scene: Scene) -> None:
    """And one whose columns grew: rows of older files have null in new columns."""
    replaced = PIPELINE.replace("mode: merge, keys: [id], order_by: updated_at", "mode: replace")
    scene.pipeline("daily", replaced.replace("mode: merge, keys: [ID], order_by: updated_at", "mode: replace"))
    scene.job.expect(0, "pipeline", "run", "daily")
    scene.pipeline("daily", PIPELINE)
    grown = "alter table orders add city text; delete from orders where id < 3; update orders set city = 'York'"
    scene.server.run(grown, scene.database)
    checks.same("numbers", run(scene), dict.fromkeys(("whole", "days"), numbers(0, 1, 0)))
    for table in ("orders", "days"):
        checks.same(table, scene.rows(f"select id, city from sales.{table} order by id"), [[1, None], [2, None], [3, "York"]])


DELETES = """\
version: 1
pipeline: daily
sources:
  orders: { postgres: { connection: shop, table: orders } }
sinks:
  lake: { from: orders, hive: { table: sales.orders }, mode: merge, keys: [id], order_by: updated_at, RULE }
  mart: { from: orders, postgres: { connection: shop, table: mart }, mode: merge, keys: [id], order_by: updated_at, RULE }
"""


def both(scene: Scene) -> list[str]:
    """The ids of both tables."""
    lake = " ".join(str(row[0]) for row in scene.rows("select id from sales.orders order by id"))
    return [lake, scene.server.run("select string_agg(id::text, ' ' order by id) from mart", scene.database)]


def test_rows_that_are_marked_are_deleted(checks: Checks, scene: Scene) -> None:
    """The newest row of a key decides."""
    scene.server.run("alter table orders add is_deleted boolean", scene.database)
    scene.pipeline("daily", DELETES.replace("RULE", "deletes: { by_column: is_deleted }"))
    run(scene)
    change = """\
    insert into orders values (1, 'Ann', 1, null, '2024-06-01', true), (2, 'Bob', 1, null, '2024-06-01', true),
      (2, 'Bob', 2, null, '2024-06-02', false), (9, 'new', 1, null, '2024-06-01', true), (8, 'new', 1, null, '2024-06-01', false);
    """
    scene.server.run(change, scene.database)
    found = numbers(1, 1, 1, superseded=3) | {"rows_marked": 2, "rows_deleted": 1}
    checks.same("numbers", run(scene), dict.fromkeys(("lake", "mart"), found))
    checks.same("rows", both(scene), ["2 3 8"] * 2)
    scene.pipeline("daily", DELETES.replace("RULE", "deletes: { by_column: total }"))
    told = scene.job.expect(10, "pipeline", "plan", "daily").stderr
    checks.same("no boolean", "`total` marks deleted rows, and is decimal(9,2)" in told, True)


def test_rows_that_are_gone_are_deleted(checks: Checks, scene: Scene) -> None:
    """If they are not too many; a source without rows deletes none."""
    scene.pipeline("daily", DELETES.replace("RULE", "deletes: key_diff, most_deleted: 0.4"))
    run(scene)
    scene.server.run("delete from orders where id = 2; update orders set total = 7 where id = 1", scene.database)
    found = numbers(0, 1, 1) | {"rows_deleted": 1}
    checks.same("numbers", run(scene), dict.fromkeys(("lake", "mart"), found))
    checks.same("rows", both(scene), ["1 3"] * 2)
    scene.server.run("create table away as select * from orders; delete from orders where id = 1", scene.database)
    failed = failure(scene)
    checks.same("too many", "1 of 2 rows of sales.orders are gone" in failed and "most_deleted" in failed, True)
    scene.server.run("delete from orders", scene.database)
    checks.same("none", "has no rows" in failure(scene), True)
    checks.same("stay", both(scene), ["1 3"] * 2)
    cursor = DELETES.replace("RULE", "deletes: key_diff").replace("table: orders }", "table: orders, cursor: updated_at }")
    scene.pipeline("daily", cursor)
    told = scene.job.expect(10, "pipeline", "run", "daily").stderr
    checks.same("cursor", "`deletes: key_diff` would delete all others" in told, True)
