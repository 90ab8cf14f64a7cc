"""The replaced job's world, continued by adg: its secret, its audit table, its roles and buckets, with Glue beside them.

Its acceptance test comes first: random files by a template, an audit table that says yesterday was completed, and a run that does
exactly today. Then dates asked for by name, audit tables that say a day failed or never ended, a file that comes late, rights that
are missing, the test folder, a protected profile, and a ledger in PostgreSQL. No key, token or secret is told by any of it.

Usage: ADG_BIN=… kickstart_scenario.py. Prints each check; exits 1 where one fails.
"""

import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any

from world.aws import accounts, issued
from world.checks import Checks
from world.kickstart import CORRELATION_ID, MARKER, MODULE, PRODUCT, ROWS, TEMPLATE, WRITTEN, file, hive_schema, key
from world.scene import TEST_FOLDER, People, Scene
from world.moto import moto
from world.postgres import postgres

RUN = ("--module", MODULE)
PROTECTED = "the test flag is refused: the profile `production` is protected"
REGIONS = ["eu-west-2", "eu-west-1", "eu-central-1", "eu-north-1", "eu-west-3"]


def today() -> date:
    """Today in UTC, with time left for the tests."""
    while (now := datetime.now(UTC)).hour == 23 and now.minute >= 57:
        time.sleep(10)
    return now.date()


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


def acceptance(checks: Checks, scene: Scene, now: date) -> None:
    """The replaced job's own test, and then dates by name."""
    what, yesterday = "yesterday was COMPLETED", now - timedelta(1)
    scene.land(yesterday, now)
    scene.seed(yesterday, "COMPLETED", 1)
    ran = scene.job.expect(0, *RUN, ADG_LOG_LEVEL="trace")
    print(f"{what}: {ran.seconds:.2f} s")
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


def continued(checks: Checks, scene: Scene, now: date, status: str) -> None:
    """The replaced job left a day undone: it and those after it are done, and none before."""
    what = f"three days ago was {status}"
    days = [now - timedelta(ago) for ago in (3, 2, 1, 0)]
    scene.land(days[0] - timedelta(1), *days)
    scene.seed(days[0], status, 7)
    ran = scene.job.expect(0, *RUN)
    print(f"{what}: {ran.seconds:.2f} s")
    check_tables(checks, scene, what, *days)
    checks.same(f"{what}: the audit item", scene.newest(), audit(now, 7 + len(days)))
    check_nothing_to_do(checks, scene, what)


def late_file(checks: Checks, scene: Scene, now: date) -> None:
    """Its collection alone fails, and is done when the file is there."""
    what, (name, *others) = "a file came late", TEMPLATE
    scene.seed(now - timedelta(1), "Completed", 1)
    scene.land(now, collections=others)
    scene.job.expect(4, *RUN)
    checks.same(f"{what}: the audit item before", scene.newest(), audit(now, 2, "Failed"))
    scene.land(now, collections=[name])
    scene.job.expect(0, *RUN)
    checks.same(f"{what}: done then", [day["collection"] for day in scene.job.report()["days"]], [name])
    checks.same(f"{what}: the audit item", scene.newest(), audit(now, 3))
    check_tables(checks, scene, what, now)


def missing_rights(checks: Checks, scene: Scene) -> None:
    """Whatever service refuses, the run ends with 20, and its hint and the doctor say what is missing."""
    missing = {"secrets": "secretsmanager:GetSecretValue", "ledger": "dynamodb:GetItem", "metastore": "glue:GetTable"}
    for step, action in missing.items():
        with scene.people.job.without(step):
            check_told(checks, scene, step, action)
            ran = scene.job.run("doctor", *RUN)
        failed = [text for verdict, text in ran.steps() if verdict == "FAIL"] or ["no list"]
        first = step if failed[0].startswith(f"{step}: ") else failed[0]
        checks.same(f"no right to {step}: the doctor's exit code and first failure", (ran.code, first), (20, step))
    # The run has begun when it first records something.
    with scene.people.job.without("records"):
        check_told(checks, scene, "records", "dynamodb:PutItem")


def check_told(checks: Checks, scene: Scene, what: str, action: str) -> None:
    """A run that is refused logs what is missing."""
    ran = scene.job.run(*RUN, START_DT=str(today()))
    asked = [statement["Action"] for one in ran.complaints() for statement in one.statements()]
    named = [action in one for one in asked]
    checks.same(f"no right to {what}: exit code, and whether the hints name it", (ran.code, set(named)), (20, {True}))


def test_folder(checks: Checks, scene: Scene, now: date, log: Path) -> None:
    """Files in the published bucket are read by somebody who may take no role; not so where the profile is protected."""
    what = "the test flag"
    scene.seed(now - timedelta(1), "COMPLETED", 1)
    for name in TEMPLATE:
        scene.published.put(f"{TEST_FOLDER}/{key(now, name)}", file(name, str(now)).encode())
    ran = scene.tester.run(*RUN)
    checks.same("without the test flag, who may take no role: exit code", ran.code, 20)
    scene.tester.expect(0, *RUN, E2E_TEST_FLG="true")
    check_tables(checks, scene, what, now)
    checks.same(f"{what}: the audit item's date", [item["Date"] for item in scene.newest()], dates(now))
    before = log.read_text().count("\n")
    ran = scene.tester.run(*RUN, "--profile", "production", E2E_TEST_FLG="true")
    told = [one.message for one in ran.complaints()]
    checks.same(f"{what} in a protected profile: exit code and message", (ran.code, told), (2, [PROTECTED]))
    checks.same(f"{what} in a protected profile: requests", log.read_text().splitlines()[before:], [])


def in_postgres(checks: Checks, scene: Scene, now: date) -> None:
    """A ledger that nobody wrote before: yesterday is the first day."""
    what, yesterday = "a ledger in PostgreSQL", now - timedelta(1)
    scene.land(yesterday, now)
    ran = scene.job.expect(0, *RUN)
    print(f"{what}: {ran.seconds:.2f} s")
    check_tables(checks, scene, what, yesterday, now)
    check_nothing_to_do(checks, scene, what)
    scene.job.expect(0, *RUN, START_DT=str(now), END_DT=str(now))
    checks.same(f"{what}, today by name: dates", sorted({day["date"] for day in scene.job.report()["days"]}), dates(now))
    checks.same(f"{what}: the audit table", scene.newest(), [])


def main() -> None:
    """Everything in one moto, a region for each scene."""
    checks = Checks()
    begun = time.monotonic()
    with moto() as server, tempfile.TemporaryDirectory() as temporary:
        people, folder, now = People(*accounts(server)), Path(temporary), today()
        written = dict(zip(REGIONS, cycle(WRITTEN)))
        scenes = [Scene.set(people, region, folder, how) for region, how in written.items()]
        acceptance(checks, scenes[0], now)
        continued(checks, scenes[1], now, "Failed")
        continued(checks, scenes[2], now, "In-Progress")
        late_file(checks, scenes[3], now)
        missing_rights(checks, scenes[3])
        test_folder(checks, scenes[4], now, server.folder / "log")
        with postgres() as database:
            scenes.append(Scene.set(people, "eu-south-1", folder, "Python", database.url))
            in_postgres(checks, scenes[5], now)
        secrets = issued(server) | {MARKER}
        for scene in scenes:
            found = scene.job.leaks(secrets) + scene.tester.leaks(secrets)
            checks.same(f"{scene.region}: {len(secrets)} secrets in all that was said and written", found, [])
    print(f"\n{checks.wrong} wrong, {time.monotonic() - begun:.0f} s")
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
