"""Personal data goes where it belongs, and nobody sees a value of it anywhere else: not in logs, errors, reports, the ledger, the
metastore, nor in the scratch space of a run that was killed.

Every value is a marker that is looked for in all that was said and written.
"""

import io
import json
import os
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from world.checks import Checks
from world.encrypted import Sealed
from world.key_service import KeyService
from world.kickstart import today
from world.module_files import PAYMENT, Collection, Record, envelope, records
from world.module_scene import SQLITE_LEDGER, ModuleScene, load, named, numbers
from world.scene import People

MARKER = "Marker-of-Personal-Data"
ROWS = 110
"""Of a file, so that one that is broken stays below the limit."""
UNFIT = {"nationalInsuranceNumber": "national_insurance_number", "weeklyHours": "weekly_hours", "timestamp": "created_at"}
"""Fields into which no marker fits, and their columns."""
TEXTS = ("fullName", "userName", "email", "notes")
"""Fields into which markers fit."""
EVERYTHING = "trace,hyper=trace,rustls=trace,reqwest=trace,aws_smithy_runtime=debug"
"""The log level with which libraries talk too, asked for by name."""
SCRATCH_BYTES = 100_000
"""The bytes that a run writes of its own before it is killed."""
TRIES = 20
"""Runs of which one is killed in time."""


def marked(one: Collection, day: date, number: int, rows: int = ROWS) -> list[Record | str]:
    """Records whose personal data are markers: in three of them they do not fit, and one is broken."""
    found = records(one, f"{MARKER} {day} {number}", rows)
    for at, record in enumerate(found):
        record |= {name: json.dumps(f"{MARKER}-{at}"[:24]) for name in one.pii if name in TEXTS}
    if one.name == "employee":
        for at, name in enumerate(UNFIT):
            found[at][name] = json.dumps(f"{MARKER}-{number}-{at}")
    listed: list[Record | str] = list(found)
    return [*listed, broken(one, number)] if one.pii else listed


def broken(one: Collection, number: int) -> str:
    """A record that is none."""
    name, value = json.dumps(min(one.pii)), json.dumps(MARKER)
    ways = ["{1}", "{{{0}: {1}, oops}}", "{{{0}: {1}, {0}: {1}}}", "{{{0}: " + MARKER + "}}", "{{{0}: {1}; {0}: 1}}"]
    return ways[number % len(ways)].format(name, value)


@pytest.fixture(scope="module")
def good() -> date:
    """The good day."""
    return today() - timedelta(3)


@pytest.fixture(scope="module")
def scene(
    people: People, regions: Iterator[str], key_service: KeyService, tmp_path_factory: pytest.TempPathFactory, good: date
) -> ModuleScene:
    """A region in which the good day is done."""
    made = ModuleScene.make(people, next(regions), tmp_path_factory.mktemp("personal"), key_service)
    for one in PAYMENT.values():
        for number in numbers():
            made.put(one, good, number, envelope(one, marked(one, good, number), good))
    made.job.expect(0, *load("payment"), **named(good), ADG_LOG_LEVEL="trace")
    return made


def test_error_desc_quotes_values_that_do_not_fit(checks: Checks, scene: ModuleScene, good: date) -> None:
    """The column lies where the values belong."""
    found = [text for row in scene.in_order("employee", good) for text in row.get("error_desc", [])]
    said = "Type Conversion for column {}. The source value is: {}-{}-{}"
    wanted = [said.format(name, MARKER, number, at) for number in numbers() for at, name in enumerate(UNFIT.values())]
    checks.same("personal data: what error_desc quotes", found, wanted)


@pytest.mark.parametrize("one", [one for one in PAYMENT.values() if one.pii], ids=lambda one: one.name)
def test_quarantine_lies_with_its_table(checks: Checks, scene: ModuleScene, good: date, one: Collection) -> None:
    """Broken records are tagged as the table is, and their reasons have nothing of their content."""
    keys = [key for key in scene.published.keys(f"{one.folder}/_quarantine/") if f"date_uploaded={good}" in key]
    lines = [json.loads(line) for key in keys for line in scene.published.get(key).splitlines()]
    checks.same(f"{one.name}: set aside, with a marker", [MARKER in line["text"] for line in lines], [True] * len(numbers()))
    told = [line for line in lines if MARKER in json.dumps({name: line[name] for name in line if name != "text"})]
    checks.same(f"{one.name}: markers in the reasons", told, [])
    checks.same(f"{one.name}: tags of what is set aside", [scene.published.tags(key)["pii"] for key in keys], ["true"])


def test_description_names_columns_with_personal_data(checks: Checks, scene: ModuleScene) -> None:
    """`adg describe` shows the same columns as the table's property."""
    described = scene.job.expect(0, "describe", "uc_kickstart.employee").stdout.splitlines()
    found = scene.table("employee")["Parameters"]["adg.pii"]
    wanted = [f"-- personal data: {', '.join(sorted(found.split(',')))}"]
    checks.same("described: personal data", [line for line in described if line.startswith("--")], wanted)


def test_failing_collections_tell_no_personal_data(checks: Checks, scene: ModuleScene) -> None:
    """Each collection fails in its own way, but one; every library says all that it can."""
    one, day = PAYMENT, today() - timedelta(2)
    damaged = {name: list(marked(one[name], day, 1)) for name in one}
    for record in damaged["employee"]:
        if isinstance(record, dict):
            record["weeklyHours"] = json.dumps(MARKER)
    # Who says now that a name is personal, of a table that lies among those without any.
    names = [{"fieldName": name, "pii": name == "name"} for name in one["role"].fields]
    texts = {
        "employee": envelope(one["employee"], damaged["employee"], day),
        "payment": f'{{"extract": {MARKER}, "data": [{{"notes": "{MARKER}"}}]}}',
        "supplier": envelope(one["supplier"], [{"name": f'"{MARKER}"'}], day, fields=json.dumps({MARKER: MARKER})),
        "user_detail": envelope(one["user_detail"], [{"email": f'"{MARKER}"'}], day)[:-6],
        "role": envelope(one["role"], [{"roleId": "1", "name": f'"{MARKER}"'}], day, fields=json.dumps(names)),
        "task": envelope(one["task"], damaged["task"], day),
    }
    for name, text in texts.items():
        scene.put_sealed(one[name], day, 1, Sealed.make(scene.service, text.encode(), packed=False))
    codes = {"employee": 11, "payment": 13, "supplier": 13, "user_detail": 13, "role": 12}
    tables = [name for name in one if name != "task"]
    before = {name: scene.partitions(name) for name in tables}
    scene.job.expect(4, *load("payment"), **named(day), ADG_LOG_LEVEL=EVERYTHING)
    failures = {found["collection"]: found["failure"] for found in scene.job.report()["days"]}
    checks.same("all wrong: partitions of what failed", {name: scene.partitions(name) for name in tables}, before)
    checks.same("all wrong: the other is done", (failures["task"], str(day) in scene.partitions("task")), (None, True))
    unhinted = [name for name in tables if not failures[name]["hint"]]
    checks.same("all wrong: failures without a hint", unhinted, [])
    for name, code in codes.items():
        alone = scene.job.run(*load("payment"), "--collection", name, **named(day), ADG_LOG_LEVEL=EVERYTHING)
        checks.same(f"all wrong, {name} alone: exit code", alone.code, code)
    hint = failures["role"]["hint"]
    checks.same("a column marked later: the hint says what to do", "drop the table" in hint and "correct its list" in hint, True)
    scene.job.run(*load("payment"), "--profile", "stranger", **named(day), ADG_LOG_LEVEL=EVERYTHING)
    scene.job.run("describe", "uc_kickstart.employee", ADG_LOG_LEVEL=EVERYTHING)
    check_nowhere_else(checks, scene)


def test_record_with_a_new_name_twice_is_set_aside(checks: Checks, scene: ModuleScene) -> None:
    """Also where no other record has the name."""
    one, day = PAYMENT["task"], today() - timedelta(4)
    twice = '{"unheardOf": 1, "unheardOf": 2}'
    scene.put(one, day, 1, envelope(one, [*records(one, str(day), 200), twice], day))
    ran = scene.job.run(*load("payment"), "--collection", one.name, **named(day))
    found = scene.job.report()["days"][-1]
    told = [one.message for one in ran.complaints()]
    counts = (ran.code, told, found["rows_written"], found["rows_quarantined"])
    checks.same("a new name twice in a record: exit code, errors, rows and those set aside", counts, (0, [], 200, 1))


def check_nowhere_else(checks: Checks, scene: ModuleScene) -> None:
    """No marker but in the files of tables with personal data."""
    checks.same("personal data in what was said, and in reports and scratch", sorted(set(scene.job.leaks({MARKER}))), [])
    items = scene.audit.scan()["Items"]
    checks.same(f"personal data in {len(items)} items of the ledger", [item for item in items if MARKER in str(item)], [])
    database = {"DatabaseName": "uc_kickstart"}
    tables = scene.glue.get_tables(**database)["TableList"]
    parts = [scene.glue.get_partitions(**database, TableName=table["Name"])["Partitions"] for table in tables]
    checks.same(f"personal data in Glue, {len(tables)} tables", MARKER in str((tables, parts)), False)
    keys = [key for key in scene.published.keys() if "/pii/" not in key]
    found = [key for key in keys if MARKER in readable(scene.published.get(key))]
    checks.same(f"personal data in {len(keys)} files that are not for it", found, [])


def test_good_day_tells_no_personal_data(checks: Checks, scene: ModuleScene) -> None:
    """The run was traced."""
    check_nowhere_else(checks, scene)


def readable(content: bytes) -> str:
    """The content of a file, packed or not."""
    if content.startswith(b"PAR1") and content.endswith(b"PAR1"):
        return str(pq.read_table(io.BytesIO(content)).to_pylist())
    return content.decode(errors="replace")


@pytest.mark.timeout(600)
def test_killed_run_leaves_nothing_readable_in_scratch(
    checks: Checks, tmp_path: Path, people: People, region: str, key_service: KeyService
) -> None:
    """Unless the profile says so. The next run removes what is left."""
    scene = ModuleScene.make(people, region, tmp_path, key_service, SQLITE_LEDGER)
    one, now = PAYMENT["employee"], today()
    # Broken records are the first to be written there, and stay in the clear where nothing is encrypted.
    oops = f'{{"fullName": "{MARKER * 200}", oops}}'
    few: list[Record | str] = [*records(one, "killed", 40), oops]
    many = few * 150
    sealed = Sealed.make(scene.service, envelope(one, many, now).encode())
    scene.put_sealed(one, now, 1, sealed)
    asked = (*load("payment"), "--collection", one.name)
    for profile, is_open in (("development", False), ("open scratch", True)):
        # The file itself comes first, as it is in the store.
        tries = (
            kill(scene, len(sealed.content) + SCRATCH_BYTES, *asked, "--profile", profile, **named(now)) for _ in range(TRIES)
        )
        # What is quarantined lies there for the blink of an eye: a run may have ended before it is killed.
        left = next((left for left in tries if left), [])
        found = [path.name for path, content in left if MARKER in readable(content)]
        size = sum(len(content) for _, content in left)
        checks.same(f"killed, {profile}: markers in {size} bytes of {len(left)} files in scratch", bool(found), is_open)
        checks.same(f"killed, {profile}: is something there to look at", size > len(sealed.content) + SCRATCH_BYTES, True)
    scene.put(one, now, 1, envelope(one, list(records(one, "killed")), now))
    scene.job.expect(0, *asked, **named(now))
    checks.same("killed, then run again: rows", len(scene.in_order(one.name, now)), 10)
    checks.same("killed, then run again: left in scratch", list((scene.job.folder / "scratch").iterdir()), [])


def kill(scene: ModuleScene, size: int, *args: str, **variables: str) -> list[tuple[Path, bytes]]:
    """Kills a run as soon as it has written more into scratch than so many bytes. Gives what is left there."""
    scratch = scene.job.folder / "scratch"
    before = set(scratch.rglob("*"))
    with scene.job.start(*args, **variables) as process:
        while process.poll() is None and sum(len(content) for _, content in _files(scratch, before)) <= size:
            time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    return list(_files(scratch, before))


def _files(folder: Path, but: set[Path]) -> Iterable[tuple[Path, bytes]]:
    # Unlike a glob, this passes over folders that vanish meanwhile.
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            if path in but:
                continue
            with suppress(FileNotFoundError):
                yield path, path.read_bytes()
