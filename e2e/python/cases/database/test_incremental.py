"""Pipelines that read what is new by a cursor: shared/late/missing values, and no row twice."""

import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from cases.database.pipeline_scene import Scene
from world.checks import Checks
from world.postgres import Postgres

SHOP = """\
create table orders (id int, total int, updated_at timestamptz);
insert into orders values (1, 10, '2024-05-01 10:00+00'), (2, 20, '2024-05-01 10:00+00'), (3, 30, '2024-05-01 10:00+00');
"""

PIPELINE = """\
version: 1
pipeline: daily
sources: { orders: { postgres: { connection: shop, table: orders, cursor: updated_at } } }
sinks:
  merged: { from: orders, hive: { table: sales.merged }, mode: merge, keys: [id] }
  days: { from: orders, hive: { table: sales.days }, mode: append, partition_by: { day: updated_at } }
"""

OVERLAP = "cursor: updated_at, overlap: 0min"

LATE = """\
begin;
insert into orders values (4, 40, now());
do $$ begin while not exists (select from release) loop perform pg_sleep(0.05); end loop; end $$;
commit;
"""

WAITING = "select count(*) from pg_stat_activity where query like '%from release%' and pid <> pg_backend_pid()"


@pytest.fixture
def scene(postgres: Postgres, tmp_path: Path) -> Scene:
    """A pipeline over a database of its own."""
    made = Scene(postgres, postgres.new_database(), tmp_path)
    made.server.run(SHOP, made.database)
    made.pipeline("daily", PIPELINE)
    return made


def run(scene: Scene) -> dict[str, Any]:
    """The report on each sink after a run."""
    scene.job.expect(0, "pipeline", "run", "daily")
    return {day["collection"]: day for day in scene.job.report()["days"]}


def ids(scene: Scene, table: str = "merged") -> list[int]:
    """The ids of a table."""
    return [row[0] for row in scene.rows(f"select id from sales.{table} order by id")]


def same_ids(checks: Checks, scene: Scene, what: str, expected: list[int]) -> None:
    """Both tables have these ids, each once."""
    for table in ("merged", "days"):
        checks.same(f"{what}: {table}", ids(scene, table), expected)


def insert(scene: Scene, values: str) -> None:
    """Inserts rows."""
    scene.server.run(f"insert into orders values {values}", scene.database)


@pytest.mark.parametrize("overlap", ["cursor: updated_at", OVERLAP])
def test_rows_that_share_the_last_value_come_once(checks: Checks, scene: Scene, overlap: str) -> None:
    """Those of a later run too; a run without new rows changes nothing."""
    scene.pipeline("daily", PIPELINE.replace("cursor: updated_at", overlap))
    first = run(scene)
    checks.same("range", "orders: updated_at from the first to " in " ".join(first["merged"]["notes"]), True)
    same_ids(checks, scene, "first run", [1, 2, 3])
    insert(scene, "(4, 40, '2024-05-01 10:00+00'), (5, 50, '2024-05-01 10:00+00'), (0, 5, '2024-05-01 08:00+00')")
    second = run(scene)
    begin = "10:00:00" if overlap == OVERLAP else "09:50:00"
    checks.same("second range", f"from 2024-05-01 {begin}.000000+00 to " in " ".join(second["merged"]["notes"]), True)
    same_ids(checks, scene, "ties", [1, 2, 3, 4, 5])
    third = run(scene)
    same_ids(checks, scene, "again", [1, 2, 3, 4, 5])
    checks.same("merged again", third["merged"]["metrics"]["rows_unchanged"], 5)
    insert(scene, "(6, 60, '2024-05-02 10:00+00')")
    scene.server.run("update orders set total = 11, updated_at = '2024-05-02 09:00+00' where id = 1", scene.database)
    run(scene)
    checks.same("updated", scene.rows("select total from sales.merged where id = 1"), [[11]])
    checks.same("added", ids(scene, "days"), [1, 2, 3, 4, 5, 6])
    plan = scene.job.expect(0, "pipeline", "plan", "daily").stdout
    checks.same("plan", "updated_at from 2024-05-0" in " ".join(plan.split()), True)


def test_rows_that_are_committed_late_are_not_missed(checks: Checks, scene: Scene) -> None:
    """A transaction holds its rows back, and all later ones wait for it."""
    scene.pipeline("daily", PIPELINE.replace("cursor: updated_at", OVERLAP))
    run(scene)
    scene.server.run("create table release (x int)", scene.database)
    session = scene.server.start(LATE, scene.database)
    scene.until(lambda: scene.server.run(WAITING, scene.database).strip() == "1")
    insert(scene, "(5, 50, now())")
    notes = " ".join(run(scene)["merged"]["notes"])
    same_ids(checks, scene, "while it is open", [1, 2, 3])
    checks.same("told", "orders: 1 rows of that time or later are left to the next runs" in notes, True)
    checks.same("hidden", "transactions of other users are not seen" in notes, False)
    scene.server.run("insert into release values (1)", scene.database)
    checks.same("committed", session.wait(60), 0)
    run(scene)
    same_ids(checks, scene, "after its end", [1, 2, 3, 4, 5])


def test_rows_without_a_cursor_are_told(checks: Checks, scene: Scene) -> None:
    """They fail the run, are left out, or are read by each run."""
    insert(scene, "(9, 90, null)")
    failed = scene.job.expect(11, "pipeline", "run", "daily").stderr
    checks.same("told", "1 rows of `orders` have no `updated_at`" in failed and "nulls: skip" in failed, True)
    scene.pipeline("daily", PIPELINE.replace("cursor: updated_at", "cursor: updated_at, nulls: skip"))
    notes = " ".join(run(scene)["days"]["notes"])
    checks.same("counted", "orders: 1 rows without `updated_at` were left out" in notes, True)
    same_ids(checks, scene, "left out", [1, 2, 3])
    reads = PIPELINE.replace("cursor: updated_at", "cursor: updated_at, nulls: read")
    scene.pipeline("daily", reads)
    refused = scene.job.expect(10, "pipeline", "plan", "daily").stderr
    checks.same("append", "each run would add the rows without a cursor again" in refused, True)
    scene.pipeline("daily", reads.split("  days:")[0])
    for _ in range(2):
        run(scene)
        checks.same("read", ids(scene), [1, 2, 3, 9])


def test_an_empty_read_changes_nothing(checks: Checks, scene: Scene) -> None:
    """Also where the source lost all its rows."""
    run(scene)
    scene.server.run("delete from orders", scene.database)
    notes = run(scene)["days"]["notes"]
    checks.same("told", "there were no rows; the table stays as it was" in notes, True)
    same_ids(checks, scene, "kept", [1, 2, 3])
    insert(scene, "(4, 40, '2024-05-01 10:00+00')")
    run(scene)
    checks.same("goes on", ids(scene), [1, 2, 3, 4])


@pytest.mark.parametrize(
    ("kind", "values", "overlap"),
    [
        ("timestamp", ("2024-05-01 10:00", "2024-05-02 10:00", "2024-05-03 10:00"), None),
        ("date", ("2024-05-01", "2024-05-02", "2024-05-02"), None),
        ("int", ("1", "2", "30000"), "5"),
        ("smallint", ("1", "2", "30000"), None),
        ("numeric(9,2)", ("1.50", "2.50", "1000.25"), "1"),
        ("text", ("B", "a", "b"), None),
    ],
)
def test_cursors_of_each_type(checks: Checks, scene: Scene, kind: str, values: tuple[str, str, str], overlap: str | None) -> None:
    """Each run reads from the largest value of the table on."""
    scene.server.run(f"create table things (id int, at {kind})", scene.database)
    more = f", overlap: {overlap}" if overlap else ""
    pipeline = PIPELINE.replace("table: orders, cursor: updated_at", f"table: things, cursor: at{more}")
    scene.pipeline("daily", pipeline.replace(", partition_by: { day: updated_at }", ""))
    for number, value in enumerate(values, 1):
        scene.server.run(f"insert into things values ({number}, '{value}')", scene.database)
        run(scene)
        same_ids(checks, scene, f"{kind} {value}", list(range(1, number + 1)))


def test_a_beginning_can_be_a_duration_or_a_value(checks: Checks, scene: Scene) -> None:
    """Both are read again by each run, so that rows are merged, and not added."""
    insert(scene, "(4, 40, now() - interval '1 hour'), (5, 50, now() - interval '3 hours')")
    merged = PIPELINE.split("  days:")[0]
    for begin, expected in [("2hour", [4]), ("2024-05-01 10:30", [4, 5])]:
        scene.pipeline("daily", merged.replace("cursor: updated_at", f"cursor: updated_at, from: {begin!r}"))
        run(scene)
        checks.same(begin, ids(scene), expected)
    scene.pipeline("daily", PIPELINE.replace("cursor: updated_at", "cursor: updated_at, from: 2hour"))
    refused = scene.job.expect(10, "pipeline", "plan", "daily").stderr
    checks.same("append", "`from: destination`, and no statement is between" in refused, True)


CHANGE = """\
update orders set total = total + 1, updated_at = timestamptz '2024-06-01' + interval '1 day' * {part} where id % 20 = {part} % 3;
insert into orders select n, n, timestamptz '2024-06-01' + interval '1 day' * {part} from generate_series({first}, {last}) n;
"""


def test_kills_lose_and_repeat_nothing(checks: Checks, scene: Scene) -> None:
    """Whatever the moment; rows change and move to other days meanwhile, and readers see each key once at any time."""
    days = PIPELINE.split("  days:")[0].replace("keys: [id]", "keys: [id], partition_by: { day: updated_at }")
    scene.pipeline("daily", days)
    chance = random.Random(11)
    for part in range(10):
        first = 1000 + part * 5000
        scene.server.run(CHANGE.format(part=part, first=first, last=first + 4999), scene.database)
        with scene.job.start("pipeline", "run", "daily") as process:
            time.sleep(chance.uniform(0.05, 1.2))
            process.send_signal(signal.SIGKILL)
        if "sales.merged" in scene.job.expect(0, "tables").stdout:
            checks.same("each key once", scene.rows("select count(*) - count(distinct id) from sales.merged"), [[0]])
    run(scene)
    told = scene.server.run("select count(*), sum(total), count(distinct id) from orders", scene.database)
    found = scene.rows("select count(*), sum(total), count(distinct id) from sales.merged")
    checks.same("all rows", "|".join(str(int(value)) for value in found[0]), told)
