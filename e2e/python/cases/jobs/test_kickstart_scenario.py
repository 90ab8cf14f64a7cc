"""The replaced job's world, continued by adg: its secret, its audit table, its roles and buckets, with Glue beside them.

Its acceptance test comes first: random files by a template, an audit table that says yesterday was completed, and a run that does
exactly today. Then dates asked for by name, audit tables that say a day failed or never ended, a file that comes late, rights that
are missing, the test folder, a protected profile, and a ledger in PostgreSQL. No key, token or secret is told by any of it.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from world.aws import accounts, issued
from world.checks import Checks
from world.kickstart import CORRELATION_ID, MARKER, MODULE, PRODUCT, ROWS, TEMPLATE, WRITTEN, file, hive_schema, key, today
from world.moto import Moto
from world.moto import moto as private_moto
from world.postgres import Postgres
from world.scene import TEST_FOLDER, People, Scene

RUN = ("--module", MODULE)
PROTECTED = "the test flag is refused: the profile `production` is protected"
HOW = cycle(WRITTEN)
"""The ways in which the secret is written, a scene after the other."""


@pytest.fixture
def set_scene(checks: Checks, tmp_path: Path, moto: Moto, people: People, region: str) -> Iterator[Callable[..., Scene]]:
    """Sets the one scene of a test. When the test is over, no secret may be in anything that was said or written."""
    scenes: list[Scene] = []

    def make(how: str = "", database: str = "") -> Scene:
        scenes.append(Scene.set(people, region, tmp_path, how or next(HOW), database))
        return scenes[0]

    yield make
    secrets = issued(moto) | {MARKER}
    for scene in scenes:
        found = scene.job.leaks(secrets) + scene.tester.leaks(secrets)
        checks.same("secrets in all that was said and written", found, [])


@pytest.fixture
def scene(set_scene: Callable[..., Scene]) -> Scene:
    """A region with the audit table in DynamoDB."""
    return set_scene()


def dates(*days: date) -> list[str]:
    """As adg writes them."""
    return [str(day) for day in days]


def audit(day: date, run: int, status: str = "Completed") -> list[dict[str, Any]]:
    """All that other readers must find of the module."""
    return [{"Correlation_Id": CORRELATION_ID, "DataProduct": PRODUCT, "Date": str(day), "Run_Id": run, "Status": status}]


def check_tables(checks: Checks, scene: Scene, what: str, *days: date) -> None:
    """Each table has these days and no others, row for row as the source."""
    for name in TEMPLATE:
        checks.same(f"{what}, {name}: partitions", list(scene.partitions(name)), dates(*days))
        columns = list(scene.types(name).items())
        checks.same(f"{what}, {name}: columns", columns, list(hive_schema(name).items()))
        wrong = [str(day) for day in days if scene.rows(name, day) != scene.wanted(name, day)]
        checks.same(f"{what}, {name}: {ROWS * len(days)} rows as in the source", wrong, [])


def check_nothing_to_do(checks: Checks, scene: Scene, what: str) -> None:
    """A second run changes nothing."""
    before = scene.published.keys(), scene.newest()
    scene.job.expect(0, *RUN)
    checks.same(f"{what}, run again: dates done", scene.job.report()["days"], [])
    checks.same(f"{what}, run again: what is published, and the audit item", (scene.published.keys(), scene.newest()), before)


@pytest.mark.parametrize("how", WRITTEN)
def test_today_is_done_where_yesterday_was_completed(checks: Checks, set_scene: Callable[..., Scene], how: str) -> None:
    """The replaced job's own test, and then dates by name."""
    scene, now, what = set_scene(how), today(), "yesterday was COMPLETED"
    yesterday = now - timedelta(1)
    scene.land(yesterday, now)
    scene.seed(yesterday, "COMPLETED", 1)
    scene.job.expect(0, *RUN, ADG_LOG_LEVEL="trace")
    check_tables(checks, scene, what, now)
    checks.same(f"{what}: the audit item", scene.newest(), audit(now, 2))
    check_nothing_to_do(checks, scene, what)
    for first, last in ((yesterday, yesterday), (now, now), (yesterday, now)):
        scene.job.expect(0, *RUN, START_DT=str(first), END_DT=str(last))
        found = [(item["Date"], item["Status"]) for item in scene.newest()]
        checks.same(f"{what}, then {first} to {last} by name: the audit item", found, [(str(now), "Completed")])
    check_tables(checks, scene, f"{what}, then both days by name", yesterday, now)
    check_nothing_to_do(checks, scene, f"{what}, then both days by name")
    ran = scene.job.expect(0, "doctor", *RUN)
    failed = [text for verdict, text in ran.steps() if verdict == "FAIL"]
    checks.same(f"{what}: the doctor's {len(ran.steps())} steps", failed, [])


@pytest.mark.parametrize("status", ["Failed", "In-Progress"])
def test_run_continues_at_the_day_that_was_left_undone(checks: Checks, scene: Scene, status: str) -> None:
    """The replaced job left a day undone: it and those after it are done, and none before."""
    now, what = today(), f"three days ago was {status}"
    days = [now - timedelta(ago) for ago in (3, 2, 1, 0)]
    scene.land(days[0] - timedelta(1), *days)
    scene.seed(days[0], status, 7)
    scene.job.expect(0, *RUN)
    check_tables(checks, scene, what, *days)
    checks.same(f"{what}: the audit item", scene.newest(), audit(now, 7 + len(days)))
    check_nothing_to_do(checks, scene, what)


def test_late_file_fails_its_collection_alone(checks: Checks, scene: Scene) -> None:
    """The collection is done when the file is there."""
    now, what, (name, *others) = today(), "a file came late", TEMPLATE
    scene.seed(now - timedelta(1), "Completed", 1)
    scene.land(now, collections=others)
    scene.job.expect(4, *RUN)
    checks.same(f"{what}: the audit item before", scene.newest(), audit(now, 2, "Failed"))
    scene.land(now, collections=[name])
    scene.job.expect(0, *RUN)
    checks.same(f"{what}: done then", [day["collection"] for day in scene.job.report()["days"]], [name])
    checks.same(f"{what}: the audit item", scene.newest(), audit(now, 3))
    check_tables(checks, scene, what, now)


MISSING = {"secrets": "secretsmanager:GetSecretValue", "ledger": "dynamodb:GetItem", "metastore": "glue:GetTable"}


@pytest.fixture
def done(scene: Scene) -> Scene:
    """Today is done."""
    scene.seed(today() - timedelta(1), "Completed", 1)
    scene.land(today())
    scene.job.expect(0, *RUN)
    return scene


@pytest.mark.parametrize("step", MISSING)
def test_missing_right_is_named(checks: Checks, done: Scene, step: str) -> None:
    """The run ends with 20, and its hint and the doctor name the right."""
    with done.people.job.without(step):
        check_told(checks, done, step, MISSING[step])
        ran = done.job.run("doctor", *RUN)
    failed = [text for verdict, text in ran.steps() if verdict == "FAIL"] or ["no list"]
    first = step if failed[0].startswith(f"{step}: ") else failed[0]
    checks.same(f"no right to {step}: the doctor's exit code and first failure", (ran.code, first), (20, step))


def test_missing_right_to_record_is_named(checks: Checks, done: Scene) -> None:
    """The run has begun when it first records something."""
    with done.people.job.without("records"):
        check_told(checks, done, "records", "dynamodb:PutItem")


def check_told(checks: Checks, scene: Scene, what: str, action: str) -> None:
    """A run that is refused logs what is missing."""
    ran = scene.job.run(*RUN, START_DT=str(today()))
    asked = [statement["Action"] for one in ran.complaints() for statement in one.statements()]
    named = [action in one for one in asked]
    checks.same(f"no right to {what}: exit code, and whether the hints name it", (ran.code, set(named)), (20, {True}))


def test_test_flag_reads_the_published_bucket(checks: Checks, scene: Scene) -> None:
    """Files in its test folder are read by a user who may take no role."""
    now, what = today(), "the test flag"
    scene.seed(now - timedelta(1), "COMPLETED", 1)
    for name in TEMPLATE:
        scene.published.put(f"{TEST_FOLDER}/{key(now, name)}", file(name, str(now)).encode())
    ran = scene.tester.run(*RUN)
    checks.same("without the test flag, who may take no role: exit code", ran.code, 20)
    scene.tester.expect(0, *RUN, E2E_TEST_FLG="true")
    check_tables(checks, scene, what, now)
    checks.same(f"{what}: the audit item's date", [item["Date"] for item in scene.newest()], dates(now))


def test_test_flag_is_refused_in_a_protected_profile(checks: Checks, tmp_path: Path) -> None:
    """The run asks no service for anything. Nobody else uses the server, or its log would have others' requests."""
    with private_moto() as server:
        scene = Scene.set(People(*accounts(server)), "eu-west-2", tmp_path, next(HOW))
        log = server.folder / "log"
        before = log.read_text().count("\n")
        ran = scene.tester.run(*RUN, "--profile", "production", E2E_TEST_FLG="true")
        told = [one.message for one in ran.complaints()]
        checks.same("exit code and message", (ran.code, told), (2, [PROTECTED]))
        checks.same("requests", log.read_text().splitlines()[before:], [])


def test_ledger_in_postgres_begins_with_yesterday(checks: Checks, set_scene: Callable[..., Scene], postgres: Postgres) -> None:
    """A ledger that nobody wrote before."""
    scene, now, what = set_scene("Python", postgres.url), today(), "a ledger in PostgreSQL"
    yesterday = now - timedelta(1)
    scene.land(yesterday, now)
    scene.job.expect(0, *RUN)
    check_tables(checks, scene, what, yesterday, now)
    check_nothing_to_do(checks, scene, what)
    scene.job.expect(0, *RUN, START_DT=str(now), END_DT=str(now))
    checks.same(f"{what}, today by name: dates", sorted({day["date"] for day in scene.job.report()["days"]}), dates(now))
    checks.same(f"{what}: the audit table", scene.newest(), [])
