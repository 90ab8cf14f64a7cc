"""Pipelines that publish to tables of a real PostgreSQL."""

import json
import random
import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from cases.database.pipeline_scene import Scene
from world.checks import Checks
from world.fault_rules import Lost, Reset, Rule
from world.postgres import Postgres
from world.stream_proxy import postgres_proxy

SHOP = """\
create table orders (id int primary key, customer text, total numeric(9,2), tags text[], attributes jsonb, code uuid,
  updated_at timestamp);
insert into orders values
  (1, 'Ann', 1.50, '{a,null}', '{"a": 1.10}', '00000000-0000-0000-0000-00000000000a', '2024-05-01 10:00'),
  (2, 'Bob', 2.50, null, null, null, '2024-05-01 11:00'), (3, 'Cid', 3.50, '{}', '[]', null, '2024-05-02 12:00');
create schema mart;
"""

PIPELINE = """\
version: 1
pipeline: daily
sources:
  orders: { postgres: { connection: shop, table: orders } }
sinks:
  merged: { from: orders, postgres: { connection: shop, table: mart.orders }, mode: merge, keys: [id] }
  copied: { from: orders, postgres: { connection: shop, table: mart.copy }, mode: replace }
"""

ONE = """\
version: 1
pipeline: daily
sources:
  orders: { postgres: { connection: shop, table: orders } }
sinks:
  merged: { from: orders, postgres: { connection: shop, table: mart.orders }, mode: MODE }
"""


@pytest.fixture
def scene(postgres: Postgres, tmp_path: Path) -> Scene:
    """A pipeline within a database of its own."""
    made = Scene(postgres, postgres.new_database(), tmp_path)
    made.server.run(SHOP, made.database)
    made.pipeline("daily", PIPELINE)
    return made


def run(scene: Scene) -> list[dict[str, Any]]:
    """What the report has of each sink after a run."""
    scene.job.expect(0, "pipeline", "run", "daily")
    return list(scene.job.report()["days"])


def refused(scene: Scene, code: int, pipeline: str, *, plan: bool = True) -> str:
    """What is told of a pipeline that a run and its plan refuse."""
    scene.pipeline("daily", pipeline)
    if plan:
        scene.job.expect(code, "pipeline", "plan", "daily")
    return scene.job.expect(code, "pipeline", "run", "daily").stderr


def sql(scene: Scene, statement: str) -> str:
    """The rows of a statement in the database."""
    return scene.server.run(statement, scene.database)


def test_tables_of_a_database_are_merged_and_replaced(checks: Checks, scene: Scene) -> None:
    """With the values as they were; a run that changes nothing leaves the merged table untouched."""
    plan = scene.job.expect(0, "pipeline", "plan", "daily").stdout
    for told in ('create table "mart"."orders"', 'primary key ("id")', "orders is merged by id into mart.orders"):
        checks.same(f"the plan tells {told}", told in plan, True)
    checks.same("a plan creates nothing", sql(scene, "select to_regclass('mart.orders'), to_regnamespace('adg_records')"), "|")
    merged, copied = run(scene)
    checks.same("inserted", merged["metrics"]["rows_inserted"], 3)
    checks.same("replaced", copied["rows_written"], 3)
    checks.same("created", copied["schema_changes"][0].startswith('create table "mart"."copy"'), True)
    same = """\
    select count(*) from orders o join mart.{table} t using (id) where o.customer is not distinct from t.customer
      and o.total = t.total and o.tags is not distinct from t.tags and o.code::text is not distinct from t.code
      and o.attributes::text is not distinct from t.attributes and o.updated_at at time zone 'UTC' = t.updated_at
    """
    for table in ("orders", "copy"):
        checks.same(f"values of {table}", sql(scene, same.format(table=table)), "3")
    before = sql(scene, "select string_agg(xmin::text, ',' order by id) from mart.orders")
    checks.same("second run", run(scene)[0]["metrics"]["rows_unchanged"], 3)
    checks.same("untouched rows", sql(scene, "select string_agg(xmin::text, ',' order by id) from mart.orders"), before)
    sql(scene, "update orders set total = 9 where id = 2; delete from orders where id = 1; insert into orders values (4, 'Dan')")
    metrics = run(scene)[0]["metrics"]
    found = [metrics[f"rows_{what}"] for what in ("inserted", "updated", "unchanged", "deleted")]
    checks.same("third run", found, [1, 1, 1, 0])
    checks.same(
        "merged",
        sql(scene, "select string_agg(id || '=' || coalesce(total, 0), ' ' order by id) from mart.orders"),
        "1=1.50 2=9.00 3=3.50 4=0",
    )
    checks.same("copied", sql(scene, "select string_agg(id::text, ' ' order by id) from mart.copy"), "2 3 4")
    history = json.loads(scene.job.expect(0, "pipeline", "history", "daily", "--json").stdout)["attempts"]
    checks.same(
        "history",
        [(one["sink"], one["attempt"], one["status"]) for one in history][-2:],
        [("copied", 1, "Completed"), ("merged", 1, "Completed")],
    )
    checks.same("numbers in the history", history[1]["metrics"]["rows_updated"], 1)
    told = scene.job.expect(0, "pipeline", "history", "daily", "--last", "1").stdout
    checks.same("history for people", "copied" in told and "merged" not in told, True)
    drawn = scene.job.expect(0, "pipeline", "graph", "daily").stdout
    checks.same("graph", "n_orders -->|merge| n_merged" in drawn, True)


def test_a_replaced_table_stays_what_it_is_for_others(checks: Checks, scene: Scene) -> None:
    """Grants, comments and the name of its key; and indexes, views and triggers, where it has some."""
    scene.pipeline("daily", ONE.replace("MODE", "replace"))
    run(scene)
    reader = f"reader_{scene.database[-8:]}"
    sql(
        scene,
        f"""
    create role {reader}; grant select on mart.orders to {reader} with grant option; grant insert on mart.orders to public;
    comment on table mart.orders is 'All ''orders'''; comment on column mart.orders.id is 'Number';
    alter table mart.orders add constraint by_number primary key (id), add constraint positive check (total > 0),
      alter column customer set default 'nobody'
    """,
    )
    look = """
    select (select string_agg(a.grantee::regrole || ':' || a.privilege_type || ':' || a.is_grantable, ' ' order by a.grantee, a.privilege_type)
            from aclexplode(c.relacl) a where a.grantee <> 0 and a.grantee <> c.relowner),
      has_table_privilege('public', c.oid, 'insert'), obj_description(c.oid, 'pg_class'), col_description(c.oid, 1),
      (select string_agg(conname, ' ' order by conname) from pg_constraint where conrelid = c.oid and contype in ('p', 'c')),
      (select pg_get_expr(adbin, adrelid) from pg_attrdef where adrelid = c.oid)
    from pg_class c where c.oid = 'mart.orders'::regclass
    """
    run(scene)
    before, number = sql(scene, look), sql(scene, "select 'mart.orders'::regclass::oid")
    plan = scene.job.expect(0, "pipeline", "plan", "daily").stdout
    checks.same("the plan tells how", "a copy with the new rows takes the place of the table" in plan, True)
    sql(scene, "update orders set total = 7 where id = 1")
    run(scene)
    checks.same("traits of a copy", sql(scene, look), before)
    checks.same("another table", sql(scene, "select 'mart.orders'::regclass::oid") != number, True)
    sql(scene, "create view mart.seen as select id, total from mart.orders; create index by_total on mart.orders (total)")
    number = sql(scene, "select 'mart.orders'::regclass::oid")
    plan = scene.job.expect(0, "pipeline", "plan", "daily").stdout
    checks.same("the plan tells how", "within the table, in one transaction" in plan, True)
    sql(scene, "update orders set total = 8 where id = 1")
    run(scene)
    checks.same("traits", sql(scene, look), before)
    checks.same("the same table", sql(scene, "select 'mart.orders'::regclass::oid"), number)
    checks.same("view", sql(scene, "select total from mart.seen where id = 1"), "8.00")
    checks.same("kept", sql(scene, "select count(kept) from adg_records.commits"), "3")


@pytest.mark.parametrize("within", [False, True], ids=["by a copy", "within"])
def test_readers_see_the_old_rows_or_the_new_ones(checks: Checks, scene: Scene, *, within: bool) -> None:
    """Two readers look all the time at a table that is replaced again and again."""
    scene.pipeline("daily", ONE.replace("MODE", "replace"))
    sql(scene, "delete from orders; insert into orders select n, '0' from generate_series(1, 1000) n")
    run(scene)
    if within:
        sql(scene, "create view mart.seen as select * from mart.orders")
    found: set[str] = set()
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            statement = "select count(*), count(distinct customer) from mart.orders;" * 200
            found.update(sql(scene, statement).splitlines())

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for turn in range(12):
            sql(scene, f"update orders set customer = '{turn}'")
            run(scene)
    finally:
        over.set()
        for reader in readers:
            reader.join()
    checks.same("what readers saw", found, {"1000|1"})


CHANGE = """\
insert into orders select n, 'new', n from generate_series({first}, {last}) n;
update orders set total = total + 1 where id % 3 = 0;
"""


def test_kills_lose_and_repeat_nothing(checks: Checks, scene: Scene) -> None:
    """Whatever the moment."""
    scene.pipeline("daily", PIPELINE)
    chance = random.Random(23)
    for part in range(25):
        first = 1000 + part * 1000
        sql(scene, CHANGE.format(first=first, last=first + 999))
        with scene.job.start("pipeline", "run", "daily") as process:
            time.sleep(chance.uniform(0.05, 0.9))
            process.send_signal(signal.SIGKILL)
    run(scene)
    look = (
        "select count(*), sum(total), count(distinct id), md5(string_agg(id || ':' || coalesce(total, 0), ',' order by id)) from "
    )
    told = sql(scene, look + "orders")
    checks.same("merged", sql(scene, look + "mart.orders"), told)
    checks.same("copied", sql(scene, look + "mart.copy"), told)
    left = "select count(*) from pg_class where relnamespace = 'adg_records'::regnamespace and relname like 'new%'"
    checks.same("nothing is left", sql(scene, left), "0")
    kept = "select count(*) from pg_class where relnamespace = 'adg_records'::regnamespace and relname like 'kept%' and relkind = 'r'"
    checks.same(
        "each table that is kept has its record", sql(scene, kept), sql(scene, "select count(kept) from adg_records.commits")
    )


def test_what_a_table_is_not_to_take_is_refused(checks: Checks, scene: Scene) -> None:
    """Before anything is read, where it can be known then."""
    merge = ONE.replace("MODE", "merge, keys: [id]")
    sql(scene, "create table mart.orders (id int, note text); insert into mart.orders values (1, 'mine')")
    told = refused(scene, 10, merge)
    checks.same("foreign rows", "no job of adg published them" in told and "adopt: true" in told, True)
    scene.pipeline("daily", merge.replace("table: mart.orders", "table: mart.orders, adopt: true"))
    run(scene)
    checks.same("adopted", sql(scene, "select string_agg(coalesce(note, '-'), ' ' order by id) from mart.orders"), "mine - -")
    other = merge.replace("pipeline: daily", "pipeline: other")
    scene.pipeline("other", other)
    told = scene.job.expect(10, "pipeline", "run", "other").stderr
    checks.same("another job", "the job `daily` publishes to it" in told, True)
    sql(scene, "create view mart.seen as select 1 as id; create table mart.odd (id smallint, total text, code int)")
    told = refused(scene, 10, merge.replace("mart.orders", "mart.seen"))
    checks.same("view", "it is a view" in told, True)
    told = refused(scene, 12, merge.replace("mart.orders", "mart.odd"))
    checks.same("type", "`code` is string, and that of mart.odd is integer" in told, True)
    sql(scene, "alter table mart.orders add primary key (id); create table mart.lines (id int references mart.orders)")
    told = refused(scene, 10, ONE.replace("MODE", "replace"))
    checks.same("referred to", "rows of other tables refer to its rows" in told and "mode: merge" in told, True)
    told = refused(scene, 10, merge.replace("keys: [id]", "keys: [id], partition_by: { day: updated_at }"))
    checks.same("partitions", "the database partitions its own tables" in told, True)
    twice = PIPELINE.replace("mart.orders", "twice").replace("mart.copy", "public.twice")
    checks.same("the same table", "has the same table" in refused(scene, 10, twice), True)
    told = refused(scene, 10, merge.replace("postgres: { connection: shop, table: mart.orders }, ", ""))
    checks.same("no place", "it has one of `hive` and `postgres`" in told, True)
    scene.pipeline("daily", merge)
    sql(scene, "alter table mart.orders alter column customer set not null; insert into orders values (9, null)")
    told = scene.job.expect(11, "pipeline", "run", "daily").stdout + str(scene.job.report()["days"])
    checks.same("constraint", "null value in column" in told and "Failing row" not in told, True)
    checks.same("stays", sql(scene, "select count(*) from mart.orders"), "3")


def test_columns_are_compared_as_the_server_has_them(checks: Checks, scene: Scene) -> None:
    """A table that somebody made: other order and case, narrower texts, types that adg reads as text, defaults, computed ones."""
    sql(
        scene,
        """
    create domain mart.money_of as numeric(12,4) check (value >= 0);
    create table mart.orders (total mart.money_of, "Customer" varchar(4), code uuid, attributes jsonb, tags varchar[],
      id bigint generated by default as identity primary key, loaded_at timestamptz not null default now(),
      twice numeric generated always as (total * 2) stored, updated_at timestamp)
    """,
    )
    scene.pipeline("daily", ONE.replace("MODE", "merge, keys: [ID]"))
    run(scene)
    found = sql(
        scene,
        'select id, total, "Customer", code, attributes, tags, twice, updated_at, loaded_at is null from mart.orders '
        "where id = 1",
    )
    checks.same(
        "row", found, '1|1.5000|Ann|00000000-0000-0000-0000-00000000000a|{"a": 1.10}|{a,NULL}|3.0000|2024-05-01 10:00:00|f'
    )
    checks.same("again", run(scene)[0]["metrics"]["rows_unchanged"], 3)
    sql(scene, "update orders set customer = 'Catherine' where id = 3")
    scene.job.expect(11, "pipeline", "run", "daily")
    checks.same("too long a text", "value too long" in str(scene.job.report()["days"]), True)
    sql(scene, 'alter table mart.orders alter "Customer" type varchar(40); alter table orders add city text')
    run(scene)
    checks.same("a new column", sql(scene, 'select "Customer", city is null from mart.orders where id = 3'), "Catherine|t")


def test_new_rows_are_added_from_the_largest_value_of_the_table(checks: Checks, scene: Scene) -> None:
    """None is lost, and none comes twice."""
    appended = ONE.replace("table: orders }", "table: orders, cursor: updated_at, overlap: 1hour }")
    scene.pipeline("daily", appended.replace("MODE", "append"))
    run(scene)
    for turn in range(3):
        sql(
            scene,
            f"insert into orders (id, updated_at) values ({10 + turn}, '2024-05-0{3 + turn} 10:00'), "
            f"({20 + turn}, '2024-05-0{3 + turn} 10:00')",
        )
        run(scene)
    checks.same("rows", sql(scene, "select count(*), count(distinct id) from mart.orders"), "9|9")
    checks.same("nothing new", run(scene)[0]["metrics"]["rows_deleted"], 2)


def test_a_locked_table_is_waited_for(checks: Checks, scene: Scene) -> None:
    """While others read it in a long transaction."""
    scene.pipeline("daily", ONE.replace("MODE", "replace"))
    run(scene)
    with scene.server.start("begin; select from mart.orders; select pg_sleep(4)", scene.database) as other:
        scene.until(lambda: sql(scene, "select count(*) from pg_stat_activity where query like '%pg_sleep(4)'") != "0")
        told = scene.job.expect(0, "pipeline", "run", "daily").stderr
        other.wait()
    checks.same("told", "waiting for a lock of a table" in told, True)


def test_a_run_is_undone(checks: Checks, scene: Scene) -> None:
    """In tables of files and of a database; what a merge changed in a database stays, and is told."""
    lake = "  lake: { from: orders, hive: { table: sales.orders }, mode: merge, keys: [id] }\n"
    scene.pipeline("daily", ONE.replace("MODE", "replace") + lake)

    def totals() -> list[str]:
        found = scene.rows("select id, total from sales.orders order by id")
        rows = " ".join(f"{row[0]}={row[1]:g}" for row in found)
        return [rows, sql(scene, "select string_agg(id || '=' || total::float, ' ' order by id) from mart.orders")]

    def undo(code: int, run_id: str) -> str:
        ran = scene.job.expect(code, "pipeline", "undo", "daily", "--run", run_id)
        return ran.stdout + ran.stderr

    run(scene)
    first, before = scene.job.report()["run_id"], totals()
    sql(scene, "update orders set total = 9 where id = 2; insert into orders values (4, 'Dan', 4)")
    run(scene)
    second, after = scene.job.report()["run_id"], totals()
    checks.same("an older run", undo(4, first).count("undo that run first"), 2)
    for _ in range(2):
        undo(0, second)
        checks.same("undone", totals(), before)
    attempts = json.loads(scene.job.expect(0, "pipeline", "history", "daily", "--json").stdout)["attempts"]
    undo(0, attempts[0]["run_id"])
    run(scene)
    checks.same("run again", totals(), after)
    third = scene.job.report()["run_id"]
    checks.same("a run of others", "did nothing to the tables" in undo(2, "018f3b2e-7c4d-7a10-8f00-3b5de1a2c4f6"), True)
    undo(0, third)
    scene.pipeline("daily", ONE.replace("MODE", "merge, keys: [id]"))
    run(scene)
    checks.same("a merge", "a merge changed them in the database" in undo(4, scene.job.report()["run_id"]), True)
    checks.same("stays", totals()[1], after[1])


def test_a_run_without_rows_is_no_state_to_go_back_to(checks: Checks, scene: Scene) -> None:
    """Its table is that of the run before."""
    lake = "  lake: { from: orders, hive: { table: sales.orders }, mode: merge, keys: [id] }\n"
    scene.pipeline("daily", ONE.split("  merged:")[0] + lake)
    run(scene)
    sql(scene, "create table away as select * from orders; delete from orders")
    first = scene.job.report()["days"][0]["location"]
    checks.same("no rows", run(scene)[0]["location"], first)
    sql(scene, "insert into orders select * from away; update orders set total = 9")
    run(scene)
    scene.job.expect(0, "pipeline", "undo", "daily", "--run", scene.job.report()["run_id"])
    checks.same("undone", scene.rows("select sum(total) from sales.orders"), [[7.5]])


@pytest.mark.parametrize("mode", ["replace", "merge, keys: [id]"])
def test_a_commit_whose_reply_is_lost_is_looked_up(checks: Checks, scene: Scene, mode: str) -> None:
    """It is neither repeated nor taken for a failure; one that the server never saw is a failure."""
    scene.pipeline("daily", ONE.replace("MODE", mode))
    run(scene)
    profile = (scene.folder / "adg.yaml").read_text()
    with postgres_proxy(scene.server.url) as proxy:
        scene.job.write("adg.yaml", profile.replace(f"port: {scene.server.port}", f"port: {proxy.port}"))
        sql(scene, "update orders set total = 7 where id = 1")
        # The first one is that of the look at the table's columns.
        lost = Rule("^commit$", Lost(), skip=1)
        with proxy.rules.during(lost):
            days = run(scene)
        checks.same("lost replies", (lost.hits, days[0]["outcome"]), (1, "completed"))
        checks.same("changed", sql(scene, "select total from mart.orders where id = 1"), "7.00")
        checks.same("commits", sql(scene, "select count(*) from adg_records.commits where name like '%orders%'"), "2")
        sql(scene, "update orders set total = 8 where id = 1")
        with proxy.rules.during(Rule("^commit$", Reset(), skip=1)):
            scene.job.expect(21, "pipeline", "run", "daily")
        checks.same("not changed", sql(scene, "select total from mart.orders where id = 1"), "7.00")
        run(scene)
        checks.same("changed later", sql(scene, "select total from mart.orders where id = 1"), "8.00")


def test_missing_rights_are_told_before_anything_is_read(checks: Checks, scene: Scene) -> None:
    """Each with the statement that gives it, which is all that is needed."""

    def told(log: str) -> str:
        return log.split("let an owner of the database run `")[1].split("`")[0].replace('\\"', '"')

    user = f"limited_{scene.database[-8:]}"
    sql(
        scene,
        f"create role {user} login; grant select on orders to {user}; revoke temporary on database {scene.database} from public",
    )
    profile = (scene.folder / "adg.yaml").read_text()
    scene.job.write("adg.yaml", profile.replace("user: adg", f"user: {user}"))
    merge = ONE.replace("MODE", "merge, keys: [id]").replace("mart.orders", "new.orders")
    scene.pipeline("daily", merge)
    statements: list[str] = []
    while (ran := scene.job.run("pipeline", "plan", "daily")).code == 10 and len(statements) < 9:
        statements.append(told(ran.stderr))
        sql(scene, statements[-1])
    checks.same(
        "statements", [" ".join(one.split()[:2]) for one in statements], ["grant temporary", "create schema", "create schema"]
    )
    run(scene)
    sql(scene, f"alter table new.orders owner to adg; grant usage on schema new to {user}")
    ran = scene.job.expect(10, "pipeline", "plan", "daily")
    sql(scene, told(ran.stderr))
    checks.same("again", run(scene)[0]["metrics"]["rows_unchanged"], 3)


def test_rows_of_others_are_never_undone(checks: Checks, scene: Scene) -> None:
    """A table that was adopted, or that a run changed which the ledger does not know to be done, is not unpublished."""
    sql(scene, "create table mart.orders (id int, note text); insert into mart.orders values (77, 'mine')")
    scene.pipeline(
        "daily", ONE.replace("MODE", "merge, keys: [id]").replace("table: mart.orders", "table: mart.orders, adopt: true")
    )
    run(scene)
    told = scene.job.expect(4, "pipeline", "undo", "daily", "--run", scene.job.report()["run_id"]).stdout
    checks.same("told", "not only those of that run" in told, True)
    checks.same("all rows", sql(scene, "select count(*) from mart.orders"), "4")


def test_rows_that_a_trigger_leaves_out_are_told(checks: Checks, scene: Scene) -> None:
    """In each mode, and the table stays as it was."""
    replace = ONE.replace("MODE", "replace")
    scene.pipeline("daily", replace)
    run(scene)
    sql(
        scene,
        """
    create function mart.skip() returns trigger language plpgsql as $$ begin return null; end $$;
    create trigger skip before insert on mart.orders for each row when (new.id = 2) execute function mart.skip()
    """,
    )
    scene.job.expect(11, "pipeline", "run", "daily")
    checks.same("told", "took 2 rows, and 3 were expected" in str(scene.job.report()["days"]), True)
    checks.same("stays", sql(scene, "select count(*) from mart.orders"), "3")


def test_an_undo_that_would_lose_values_is_refused(checks: Checks, scene: Scene) -> None:
    """Of a column that the table no longer has."""
    scene.pipeline("daily", ONE.replace("MODE", "replace"))
    run(scene)
    run(scene)
    sql(scene, "alter table mart.orders drop column total")
    told = scene.job.expect(4, "pipeline", "undo", "daily", "--run", scene.job.report()["run_id"]).stdout
    checks.same("told", "unchanged" in told, True)
    checks.same("kept", sql(scene, "select count(kept) from adg_records.commits"), "1")


def test_revoked_rights_stay_revoked(checks: Checks, scene: Scene) -> None:
    """Also where new tables of the user are readable by others."""
    scene.pipeline("daily", ONE.replace("MODE", "replace"))
    reader = f"all_{scene.database[-8:]}"
    sql(scene, f"create role {reader}; alter default privileges grant select on tables to {reader}")
    run(scene)
    sql(scene, f"revoke select on mart.orders from {reader}")
    run(scene)
    checks.same("may read", sql(scene, f"select has_table_privilege('{reader}', 'mart.orders', 'select')"), "f")
