"""`adg pipeline`: tables and queries of a real PostgreSQL, through SQL, into tables of the lake."""

import random
import signal
import time
from pathlib import Path

import pytest

from cases.database.pipeline_scene import Scene
from world.checks import Checks
from world.postgres import Postgres

SHOP = """\
create table nothing ();
create table customers (id bigint primary key, name text, "Home Town" text, born date);
insert into customers values (1, 'Ann', 'York', '1980-01-01'), (2, 'Bob', null, 'infinity'), (3, 'Cid', 'Ely', null);
create table orders (id bigint primary key, customer_id bigint, total numeric(12,2), created_at timestamp);
insert into orders select n, n % 3 + 1, n * 1.25, timestamp '2024-05-01' + n * interval '1 minute' from generate_series(1, 1000) n;
"""

PIPELINE = """\
version: 1
pipeline: daily
sources:
  orders: { postgres: { connection: shop, table: public.orders } }
  customers: { postgres: { connection: shop, query: "select * from customers -- all of them" } }
transforms:
  totals: { sql: "select NAME, count(*), sum(total) as total from e group by name", inputs: { e: enriched } }
  enriched:
    sql: |
      select o.id, o.total, c.name, row_number() over (partition by c.id order by o.id) as nth
      from orders o join customers c on c.id = o.customer_id
checks:
  orders: [ { not_null: id }, { unique: id }, { rows: ">= 1" } ]
  enriched: [ { sql: "select count(*) = 0 from enriched where total < 0" } ]
sinks:
  people: { from: customers, hive: { table: sales.customers }, mode: replace, partition_by: dt }
  lake: { from: enriched, hive: { table: sales.orders }, mode: replace, partition_by: dt }
  sums: { from: totals, hive: { table: sales.totals }, mode: replace, partition_by: dt }
"""


@pytest.fixture
def scene(postgres: Postgres, tmp_path: Path) -> Scene:
    """A pipeline over a database of its own."""
    made = Scene(postgres, postgres.new_database(), tmp_path)
    made.server.run(SHOP, made.database)
    made.pipeline("daily", PIPELINE)
    return made


def test_tables_of_a_database_become_tables_of_the_lake(checks: Checks, scene: Scene) -> None:
    """Joined, counted, with every value that no type holds told in its row."""
    plan = scene.job.expect(0, "pipeline", "plan", "daily").stdout
    for told in (
        "public.orders at postgresql://127.0.0.1/",
        "count bigint, total decimal(38,2)",
        "CREATE EXTERNAL TABLE sales.orders",
    ):
        checks.same(f"the plan tells {told}", told in plan, True)
    checks.same("a plan writes no table", scene.job.expect(0, "tables").stdout.count("sales."), 0)
    scene.job.expect(0, "pipeline", "run", "daily")
    checks.same(
        "totals",
        scene.rows("select name, count, total from sales.totals order by name"),
        [["Ann", 333, 208541.25], ["Bob", 334, 208958.75], ["Cid", 333, 208125.0]],
    )
    checks.same(
        "customers",
        scene.rows('select id, name, "home town", born, error_desc from sales.customers order by id'),
        [
            [1, "Ann", "York", "1980-01-01", None],
            [2, "Bob", None, None, ["Type Conversion for column born. The source value is: infinity"]],
            [3, "Cid", "Ely", None, None],
        ],
    )
    checks.same("orders", scene.rows("select count(*), max(nth) from sales.orders"), [[1000, 334]])
    report = scene.job.report()
    checks.same(
        "the report",
        [(day["collection"], day["rows_read"], day["rows_written"], day["value_errors"]) for day in report["days"]],
        [("people", 3, 3, 1), ("lake", 1000, 1000, 0), ("sums", 3, 3, 0)],
    )
    scene.server.run(
        "delete from orders where id > 10; alter table customers add column age int; update customers set age = id",
        scene.database,
    )
    scene.job.expect(0, "pipeline", "run", "daily")
    checks.same("the next run replaces the date", scene.rows("select count(*) from sales.orders"), [[10]])
    checks.same("a new column", scene.rows("select age from sales.customers order by id"), [[1], [2], [3]])


def test_a_table_without_partitions_is_replaced_in_one_step(checks: Checks, scene: Scene) -> None:
    """Readers see all old rows or all new ones, while runs follow each other; and a table by the days of its rows."""
    whole = PIPELINE.replace(
        "hive: { table: sales.orders }, mode: replace, partition_by: dt", "hive: { table: sales.orders }, mode: replace"
    )
    by_day = "hive: { table: sales.days }, mode: replace, partition_by: { day: created_at }"
    scene.pipeline("daily", whole + f"  days: {{ from: orders, {by_day} }}\n")
    plan = scene.job.expect(0, "pipeline", "plan", "daily").stdout
    checks.same("the plan", ("becomes sales.orders\n" in plan, "PARTITIONED BY (`day` date)" in plan), (True, True))
    scene.job.expect(0, "pipeline", "run", "daily")
    checks.same("rows", scene.rows("select count(*), max(nth) from sales.orders"), [[1000, 334]])
    checks.same("days", scene.rows("select day, count(*) as n from sales.days group by day order by day"), [["2024-05-01", 1000]])
    counts = set()
    for more in (1, 2, 3):
        scene.server.run(
            f"insert into orders select {more} * 10000 + n, 1, 1, '2024-05-0{more}' from generate_series(1, 1000) n",
            scene.database,
        )
        with scene.job.start("pipeline", "run", "daily") as run:
            while run.poll() is None:
                counts.add(scene.rows("select count(*) from sales.orders")[0][0])
        checks.same("the code", run.returncode, 0)
    checks.same(f"whole: {counts}", counts <= {1000, 2000, 3000, 4000}, True)
    checks.same("rows in the end", scene.rows("select count(*) from sales.orders"), [[4000]])
    expected = [["2024-05-01", 2000], ["2024-05-02", 1000], ["2024-05-03", 1000]]
    checks.same("days in the end", scene.rows("select day, count(*) as n from sales.days group by day order by day"), expected)
    scene.server.run("delete from orders where created_at < '2024-05-02'", scene.database)
    scene.job.expect(0, "pipeline", "run", "daily")
    checks.same("a day is gone", scene.rows("select min(day) as first, count(*) as n from sales.days"), [["2024-05-02", 2000]])
    shown = scene.job.expect(0, "describe", "sales.orders").stdout
    checks.same(f"described: {shown}", ("PARTITIONED" in shown, "2000" in shown), (False, True))


def test_all_sources_are_read_in_one_state(checks: Checks, scene: Scene) -> None:
    """While others move amounts from one table to the other, no run sees one of them twice or not at all."""
    scene.server.run(
        "create table a (id int primary key, amount bigint); create table b (id int primary key, amount bigint); "
        "insert into a select n, 100 from generate_series(1, 20000) n; insert into b select n, 100 from generate_series(1, 20000) n",
        scene.database,
    )
    scene.pipeline(
        "sums",
        """\
version: 1
pipeline: sums
sources:
  a: { postgres: { connection: shop, table: a } }
  b: { postgres: { connection: shop, table: b } }
transforms: { total: { sql: "select sum(amount) as total from (select amount from a union all select amount from b) t" } }
sinks: { total_table: { from: total, hive: { table: sales.sums }, mode: replace, partition_by: dt } }
""",
    )
    move = "begin; update a set amount = amount - 1 where id = 1 + {0} % 20000; update b set amount = amount + 1 where id = 1 + {0} % 20000; commit;"
    with scene.busy("\n".join(move.format(number * 7919) for number in range(200_000))):
        for number in range(3):
            scene.job.expect(0, "pipeline", "run", "sums")
            checks.same(f"the sum of run {number}", scene.rows("select total from sales.sums"), [[4_000_000]])


@pytest.mark.parametrize(
    ("right", "wrong", "code", "told"),
    [
        ("not_null: id", "not_null: [id, customer_id]", 11, "`not_null: id, customer_id` of `orders` failed: 1 rows have a null"),
        ("unique: id", "unique: customer_id", 11, "3 keys stand in more than one row"),
        ('">= 1"', '"< 9"', 11, "it has 1001 rows"),
        ("total < 0", "total > 0", 11, "the statement gives false"),
        ("table: public.orders", 'query: "select * from orders where id < 0"', 11, "it has 0 rows"),
        (
            "connection: shop, query",
            "connection: shop, misfits: { born: fail }, query",
            11,
            "`born` of `customers` has a value that is no date",
        ),
        ("table: public.orders", 'query: "select *, 1/(id - 500) as x from orders"', 10, "division by zero"),
    ],
)
def test_nothing_is_published_if_a_check_fails(
    checks: Checks, scene: Scene, right: str, wrong: str, code: int, told: str
) -> None:
    """Nor if a source fails; the ledger has the attempts, and a right pipeline runs afterwards."""
    scene.server.run("insert into orders values (1001, null, null, null)", scene.database)
    scene.pipeline("daily", PIPELINE.replace(right, wrong))
    ran = scene.job.run("pipeline", "run", "daily")
    checks.same(f"the code, {ran.stderr[-800:]}", ran.code, code)
    days = scene.job.report()["days"]
    checks.same("all tables failed", [day["outcome"] for day in days], ["failed"] * 3)
    checks.same(f"told, {days[0]['failure']}", told in days[0]["failure"]["message"], True)
    checks.same("what to type", scene.job.report()["rerun"][0].endswith("pipeline run daily"), True)
    checks.same("no table", scene.job.expect(0, "tables").stdout.count("sales."), 0)
    scene.server.run("delete from orders where id > 1000", scene.database)
    scene.pipeline("daily", PIPELINE)
    scene.job.expect(0, "pipeline", "run", "daily")


def test_an_empty_result_does_not_empty_a_table(checks: Checks, scene: Scene) -> None:
    """Unless the sink says that it may."""
    no_checks = PIPELINE[: PIPELINE.index("checks:")] + PIPELINE[PIPELINE.index("sinks:") :]
    scene.pipeline("daily", no_checks)
    scene.job.expect(0, "pipeline", "run", "daily")
    scene.server.run("delete from customers", scene.database)
    ran = scene.job.run("pipeline", "run", "daily")
    checks.same(f"the code, {ran.stderr[-800:]}", ran.code, 11)
    checks.same("the table is as it was", scene.rows("select count(*) from sales.orders"), [[1000]])
    scene.pipeline("daily", no_checks.replace("partition_by: dt", "partition_by: dt, allow_empty: true"))
    scene.job.expect(0, "pipeline", "run", "daily")
    checks.same("it is empty now", scene.rows("select count(*) from sales.orders"), [[0]])


@pytest.mark.parametrize(
    ("right", "wrong", "code", "told"),
    [
        ("connection: shop, table", "connection: shopp, table", 10, "the profile has no connection `shopp`; it has shop"),
        ("public.orders", "public.order", 10, "does not exist"),
        ("o.total,", "o.totl,", 10, "totl"),
        ("select * from customers", "select * fro customers", 10, "failed to read `customers`: "),
        (
            "select * from customers",
            "with x as (delete from customers returning *) select * from x",
            10,
            "data-modifying statement",
        ),
        ("= 0 from enriched", "from enriched", 10, "it gives a bigint"),
        ("not_null: id", "not_null: idd", 12, "names `idd`, and there is no such column"),
        ("table: public.orders", "table: nothing", 12, "there is none"),
        (
            "{ postgres: { connection: shop, table: public.orders } }",
            "{ table: no.such }",
            12,
            "the metastore has no table no.such",
        ),
        ("select * from customers", 'select *, 1 as \\"ID\\" from customers', 12, "two columns are called `id`"),
        ("o.id, o.total,", "o.id, o.total, 1 as dt,", 10, "which is to be the partition column"),
        (
            "table: sales.orders }, mode: replace, partition_by: dt",
            "table: sales.orders }, mode: replace, partition_by: { d: total }",
            10,
            "partitions are made of a date or timestamp",
        ),
        ("hive: { table: sales.orders }", "hive: { table: sales.orders, store: other }", 10, "the profile has no store `other`"),
        ("pipeline: daily", "pipeline: weekly", 10, "the file is named after `daily`"),
    ],
)
def test_mistakes_are_told_before_anything_is_read(
    checks: Checks, scene: Scene, right: str, wrong: str, code: int, told: str
) -> None:
    """By a plan and by a run alike."""
    scene.pipeline("daily", PIPELINE.replace(right, wrong, 1))
    for command in ("plan", "run"):
        ran = scene.job.run("pipeline", command, "daily")
        checks.same(f"{command}: the code, {ran.stderr[-800:]}", ran.code, code)
        checks.same(f"{command}: told, {ran.stderr[-800:]}", told in ran.stderr, True)
    checks.same("no table", scene.job.expect(0, "tables").stdout.count("sales."), 0)


def test_statements_need_an_engine_that_can_read_what_is_kept(checks: Checks, scene: Scene) -> None:
    """Without DuckDB, and with encrypted temporary files, tables are copied and checked, and statements refused with what to do."""
    copy = PIPELINE[: PIPELINE.index("transforms:")] + PIPELINE[PIPELINE.index("checks:") : PIPELINE.index("  enriched: [")]
    copy += "sinks:\n  people: { from: customers, hive: { table: sales.customers }, mode: replace }\n"
    scene.pipeline("copy", copy.replace("pipeline: daily", "pipeline: copy"))
    scene.profile(encryption=True)
    scene.job.expect(0, "pipeline", "run", "copy", PATH="/nowhere")
    checks.same("copied", scene.rows("select count(*) from sales.customers"), [[3]])
    ran = scene.job.run("pipeline", "run", "daily")
    checks.same("encrypted", (ran.code, "`scratch_encryption: false`" in ran.stderr), (10, True))
    scene.profile(encryption=False)
    ran = scene.job.run("pipeline", "plan", "daily", PATH="/nowhere")
    checks.same(f"no DuckDB, {ran.stderr}", (ran.code, "pip install duckdb-cli" in ran.stderr), (21, True))


def test_a_change_of_a_table_does_not_stop_both_for_ever(checks: Checks, scene: Scene) -> None:
    """TRUNCATE waits for the run, which reads all that was there; and no lock waits for ever."""
    scene.server.run("insert into orders select n, 1, 1, now() from generate_series(1001, 100000) n", scene.database)
    slow = PIPELINE.replace("select * from customers -- all", "select c.* from customers c, pg_sleep(0.5) -- all")
    order = "sources:\n  orders: {"
    checks.same("the order", order in slow, True)
    scene.pipeline("daily", slow)
    for _ in range(3):
        with scene.job.start("pipeline", "run", "daily") as run:
            time.sleep(0.5)
            changed = scene.server.start(
                "alter table customers add column if not exists x int; begin; truncate customers; rollback", scene.database
            )
            _, errors = run.communicate()
            changed.wait()
        checks.same(f"the code, {errors[-500:]}", run.returncode, 0)
        checks.same("all rows", scene.rows("select count(*) from sales.customers"), [[3]])


def test_a_partition_column_keeps_its_meaning(checks: Checks, scene: Scene) -> None:
    """Dates of runs do not become days of rows under the same name, nor the reverse: rows would be lost, or come twice."""
    by_run, by_row = "partition_by: day", "partition_by: { day: created_at }"
    start = PIPELINE[: PIPELINE.index("transforms:")].replace("  customers:", "  # customers:")
    for name, first, second in (
        ("one", by_run, by_row),
        ("two", by_row, by_run),
        ("three", by_row, by_row.replace("created_at", "x")),
    ):
        sink = f"sinks: {{ s: {{ from: orders, hive: {{ table: sales.{name} }}, mode: replace, %s }} }}\n"
        text = start.replace("pipeline: daily", f"pipeline: {name}").replace(
            "table: public.orders", 'query: "select *, created_at as x from orders"'
        )
        scene.pipeline(name, text + sink % first)
        scene.job.expect(0, "pipeline", "run", name)
        scene.pipeline(name, text + sink % second)
        for command in ("plan", "run"):
            ran = scene.job.run("pipeline", command, name)
            checks.same(f"{name}: {command}, {ran.stderr}", (ran.code, "the partition_by of sales" in ran.stderr), (10, True))
        checks.same(f"{name}: rows", scene.rows(f"select count(*) from sales.{name}"), [[1000]])


def test_pipelines_are_found_by_their_names(checks: Checks, scene: Scene) -> None:
    """And a module's name is none for a pipeline: ledger and leases know jobs by their names."""
    ran = scene.job.run("pipeline", "run", "dayly")
    checks.same("unknown", (ran.code, "there are daily" in ran.stderr), (10, True))
    scene.pipeline("vacancy", PIPELINE.replace("pipeline: daily", "pipeline: vacancy"))
    ran = scene.job.run("pipeline", "run", "vacancy")
    checks.same("a module's", (ran.code, "there is a module `vacancy` already" in ran.stderr), (10, True))


def test_a_killed_run_is_done_by_the_next(checks: Checks, scene: Scene) -> None:
    """At whatever moment; readers see the old rows or the new ones, and temporary files go."""
    scene.server.run(
        "insert into orders select n, n % 3 + 1, n * 1.25, now() from generate_series(1001, 200000) n", scene.database
    )
    chance = random.Random(23)
    seen = set()
    for _ in range(8):
        with scene.job.start("pipeline", "run", "daily") as process:
            time.sleep(chance.uniform(0.05, 2.5))
            process.send_signal(signal.SIGKILL)
        tables = scene.job.expect(0, "tables").stdout
        seen.add(scene.rows("select count(*) from sales.orders")[0][0] if "sales.orders" in tables else None)
    checks.same(f"whole or not at all: {seen}", seen <= {None, 200_000}, True)
    scene.job.expect(0, "pipeline", "run", "daily")
    checks.same("all rows", scene.rows("select count(*), count(distinct id) from sales.orders"), [[200_000, 200_000]])
    checks.same("scratch", sorted(path.name for path in (scene.folder / "scratch").iterdir()), [])


def test_a_stop_ends_the_run_and_its_statements(checks: Checks, scene: Scene) -> None:
    """SIGTERM while the server computes: exit code 143, and nothing runs on in the server."""
    slow = PIPELINE.replace("table: public.orders", 'query: "select o.* from orders o, pg_sleep(300)"')
    scene.pipeline("daily", slow)
    with scene.job.start("pipeline", "run", "daily") as process:
        running = "select count(*) from pg_stat_activity where query like '%pg_sleep(300)%' and state = 'active' and pid <> pg_backend_pid()"
        scene.until(lambda: scene.server.run(running, scene.database) != "0")
        process.terminate()
        process.communicate()
    checks.same("the code", process.returncode, 143)
    scene.until(lambda: scene.server.run(running, scene.database) == "0")
    scene.pipeline("daily", PIPELINE)
    scene.job.expect(0, "pipeline", "run", "daily")


def test_tables_of_the_lake_are_sources(checks: Checks, scene: Scene) -> None:
    """Read by their own files in statements, and as rows for a sink."""
    scene.job.expect(0, "pipeline", "run", "daily")
    scene.pipeline(
        "again",
        """\
version: 1
pipeline: again
sources: { totals: { table: sales.totals }, people: { table: sales.customers } }
transforms:
  best: { sql: "select t.name, t.total from totals t join people p on p.name = t.name where t.dt = p.dt order by total desc limit 1" }
  copy: { sql: "select name, total from totals" }
sinks:
  best_table: { from: best, hive: { table: marts.best }, mode: replace, partition_by: day }
  copy_table: { from: copy, hive: { table: marts.copies }, mode: replace, partition_by: day }
""",
    )
    scene.job.expect(0, "pipeline", "run", "again")
    checks.same("joined", scene.rows("select name, total from marts.best"), [["Bob", 208958.75]])
    checks.same("copied", scene.rows("select count(*) from marts.copies"), [[3]])


def test_a_run_that_cannot_begin_is_reported(checks: Checks, scene: Scene) -> None:
    """With the command that runs it again; and the server's limits are told by their names."""
    scene.server.run(f'alter database "{scene.database}" set statement_timeout = 1', scene.database)
    scene.pipeline("daily", PIPELINE.replace("table: public.orders", 'query: "select o.* from orders o, pg_sleep(1)"'))
    scene.job.run("pipeline", "run", "daily")
    report = scene.job.report()
    told = report["ended_by"] or report["days"][0]["failure"]
    checks.same("told", "statement_timeout" in f"{told['message']} {told['hint']}", True)
    scene.server.run(f'alter database "{scene.database}" reset statement_timeout', scene.database)
    scene.pipeline("daily", PIPELINE)
    before = report["run_id"]
    scene.database = "nowhere"
    scene.profile(encryption=False)
    scene.job.expect(10, "pipeline", "run", "daily")
    report = scene.job.report()
    checks.same("reported", report["run_id"] != before and report["rerun"][0].endswith("pipeline run daily"), True)
    checks.same("the error", report["ended_by"]["exit_code"], 10)
