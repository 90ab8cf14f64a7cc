"""The replaced job's world, continued by adg: its secret, its audit table, its roles and buckets, with Glue beside them.

Its acceptance test comes first: random files by a template, an audit table that says yesterday was completed, and a run that does
exactly today. Then audit tables that say a day failed or never ended, dates asked for by name, the test folder, a protected
profile, and a ledger in PostgreSQL. No key, token or secret is told by any of it.

Usage: ADG_BIN=… kickstart_scenario.py. Prints each check; exits 1 where one fails.
"""

import json
import socket
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from aws import accounts, issued
from checks import Checks
from job import Job, Ran
from kickstart import CORRELATION_ID, MARKER, MODULE, PRODUCT, ROWS, TEMPLATE, file, hive_schema, key
from scene import LEDGER, TEST_FOLDER, People, Scene
from service.moto import moto
from service.postgres import postgres
from service.process import HOST

RUN = ("--module", MODULE)


def today() -> date:
    """Today in UTC, with time left for the tests."""
    while (now := datetime.now(UTC)).hour == 23 and now.minute >= 57:
        time.sleep(10)
    return now.date()


def dates(*days: date) -> list[str]:
    """As adg writes them."""
    return [str(day) for day in days]


def audit(day: date, run: int) -> list[dict[str, Any]]:
    """What other readers must find of a module that is done."""
    return [{"Correlation_Id": CORRELATION_ID, "DataProduct": PRODUCT, "Date": str(day), "Run_Id": run, "Status": "Completed"}]


def report(job: Job) -> dict[str, Any]:
    """The newest report."""
    found: dict[str, Any] = json.loads(max((job.folder / "reports").iterdir()).read_text())
    return found


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
    checks.same(f"{what}, run again: dates done", report(scene.job)["days"], [])
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
    for variables in ({"START_DT": str(yesterday), "END_DT": str(yesterday)}, {"START_DT": str(now)}, {"START_DT": str(yesterday)}):
        scene.job.expect(0, *RUN, **variables)
        found = [(item["Date"], item["Status"]) for item in scene.newest()]
        checks.same(f"{what}, then {variables}: the audit item", found, [(str(now), "Completed")])
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


def test_folder(checks: Checks, scene: Scene, now: date, listener: socket.socket) -> None:
    """Files in the published bucket are read by somebody who may take no role; not so where the profile is protected."""
    what = "the test flag"
    scene.seed(now - timedelta(1), "COMPLETED", 1)
    for name in TEMPLATE:
        scene.published.put(f"{TEST_FOLDER}/{key(now, name)}", file(name, str(now)).encode())
    ran = scene.tester.run(*RUN)
    checks.same("without the test flag, who may take no role: exit code", ran.code, 20)
    scene.tester.expect(0, *RUN, E2E_TEST_FLG="true")
    check_tables(checks, scene, what, now)
    checks.same(f"{what}: the audit item", [item["Date"] for item in scene.newest()], dates(now))
    ran = scene.tester.run(*RUN, "--profile", "production", E2E_TEST_FLG="true")
    checks.same(f"{what} where it is protected, after {ran.seconds:.2f} s: exit code", (ran.code, _told(ran)), (2, [PROTECTED]))
    try:
        listener.accept()[0].close()
        asked = "somebody was asked"
    except BlockingIOError:
        asked = "nobody was asked"
    checks.same(f"{what} where it is protected: before anything is read", asked, "nobody was asked")


PROTECTED = "the test flag is refused: the profile `production` is protected"


def _told(ran: Ran) -> list[str]:
    return [one.message for one in ran.complaints()]


def in_postgres(checks: Checks, scene: Scene, now: date) -> None:
    """A ledger that nobody wrote before: yesterday is the first day."""
    what, yesterday = "a ledger in PostgreSQL", now - timedelta(1)
    scene.land(yesterday, now)
    ran = scene.job.expect(0, *RUN)
    print(f"{what}: {ran.seconds:.2f} s")
    check_tables(checks, scene, what, yesterday, now)
    check_nothing_to_do(checks, scene, what)
    scene.job.expect(0, *RUN, START_DT=str(now), END_DT=str(now))
    checks.same(f"{what}, today by name: dates", sorted({day["date"] for day in report(scene.job)["days"]}), dates(now))
    checks.same(f"{what}: the audit table", scene.newest(), [])


def main() -> None:
    """Everything in one moto, a region for each scene."""
    checks = Checks()
    begun = time.monotonic()
    with moto() as server, tempfile.TemporaryDirectory() as temporary, closing(socket.create_server((HOST, 0))) as listener:
        listener.setblocking(False)
        nowhere = f"http://{HOST}:{listener.getsockname()[1]}"
        people, folder, now = People(*accounts(server)), Path(temporary), today()
        scenes = {
            region: Scene.set(people, region, folder, written, nowhere=nowhere)
            for region, written in {"eu-west-2": "JSON", "eu-west-1": "Python", "eu-central-1": "Python", "us-west-2": "JSON"}.items()
        }
        acceptance(checks, scenes["eu-west-2"], now)
        continued(checks, scenes["eu-west-1"], now, "Failed")
        continued(checks, scenes["eu-central-1"], now, "In-Progress")
        test_folder(checks, scenes["us-west-2"], now, listener)
        with postgres() as database:
            ledger = f'postgres: {{ url: "{database.url}" }}'
            scenes["eu-north-1"] = Scene.set(people, "eu-north-1", folder, "Python", ledger)
            in_postgres(checks, scenes["eu-north-1"], now)
        secrets = issued(server) | {MARKER}
        for region, scene in scenes.items():
            found = scene.job.leaks(secrets) + scene.tester.leaks(secrets)
            checks.same(f"{region}: {len(secrets)} secrets in all that was said and written", found, [])
    print(f"\n{checks.wrong} wrong, {time.monotonic() - begun:.0f} s")
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
