"""The replaced job's three modules, each in all its load types, with the modules that are built into adg and nothing beside them.

Its acceptance test for all of them: random files by a template, encrypted where they came encrypted, audit tables that say
yesterday was completed, and runs that do exactly today. Then the test folder, and files that adg itself makes.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from world.checks import Checks
from world.encrypted import unsealed
from world.key_service import KeyService, requests
from world.key_service import key_service as private_key_service
from world.kickstart import PRODUCT, today
from world.module_files import APPLICATION, ENCRYPTED, FILES, PAYMENT, VACANCY, Collection, vacancy_text, wanted, wanted_of_csv
from world.module_scene import ModuleScene, correlation_id, day_of, load, named, numbers
from world.published import Rows, sort
from world.scene import TEST_FOLDER, People

TRACED = {"ADG_LOG_LEVEL": "trace"}
GENERATE = ("generate-test-data", "--files", str(FILES), "--gzip", "--rows", "10")


@pytest.fixture(scope="module")
def own_keys() -> Iterator[KeyService]:
    """A key service of this module's own: its requests are counted."""
    with private_key_service() as service:
        yield service


@pytest.fixture(scope="module")
def scene(people: People, regions: Iterator[str], own_keys: KeyService, tmp_path_factory: pytest.TempPathFactory) -> ModuleScene:
    """A region with the files of yesterday and today of all modules."""
    made, now = ModuleScene.make(people, next(regions), tmp_path_factory.mktemp("modules"), own_keys), today()
    for day in (now - timedelta(1), now):
        made.land_vacancies(day)
        made.land(day, *APPLICATION.values(), *PAYMENT.values())
    return made


@pytest.fixture
def empty(people: People, region: str, own_keys: KeyService, tmp_path: Path) -> ModuleScene:
    """A region without any files."""
    return ModuleScene.make(people, region, tmp_path, own_keys)


def check_done(checks: Checks, scene: ModuleScene, module: str, kind: str, now: date) -> None:
    """A load that was completed yesterday does exactly today, and then nothing."""
    what, key = f"{module} {kind}", correlation_id(module, kind)
    scene.seed(now - timedelta(1), "COMPLETED", 1, key)
    scene.job.expect(0, *load(module, kind), **TRACED)
    checks.same(f"{what}: dates done", {day["date"] for day in scene.job.report()["days"]}, {str(now)})
    line = {"Correlation_Id": key, "DataProduct": PRODUCT, "Date": str(now), "Run_Id": 2, "Status": "Completed"}
    checks.same(f"{what}: the audit item", scene.newest(key), [line])
    before = scene.published.keys()
    scene.job.expect(0, *load(module, kind))
    checks.same(f"{what}, run again: dates done", scene.job.report()["days"], [])
    checks.same(f"{what}, run again: what is published", scene.published.keys(), before)


def check_rows(checks: Checks, scene: ModuleScene, table: str, now: date, rows: Rows) -> None:
    """A table has that day alone, and its rows in the order of its files."""
    checks.same(f"{table}: partitions", list(scene.partitions(table)), [str(now)])
    checks.same(f"{table}: {len(rows)} rows as in the source, in order", scene.in_order(table, now), rows)


def check_place(checks: Checks, scene: ModuleScene, one: Collection, now: date) -> None:
    """By what its files say of personal data."""
    table = scene.table(one.name)
    checks.same(f"{one.name}: columns", list(scene.types(one.name).items()), list(one.columns.items()))
    place = f"s3a://{scene.published.name}/{one.folder}"
    checks.same(f"{one.name}: lies in", table["StorageDescriptor"]["Location"].rstrip("/"), place)
    marked = [column["Name"] for column in table["StorageDescriptor"]["Columns"] if column.get("Parameters", {}).get("pii")]
    checks.same(f"{one.name}: columns marked in Glue", sorted(marked), one.personal)
    listed = table["Parameters"].get("adg.pii", "")
    checks.same(f"{one.name}: columns in adg.pii", sorted(filter(None, listed.split(","))), one.personal)
    check_tags(checks, scene, one.name, now, bool(one.pii))


def check_tags(checks: Checks, scene: ModuleScene, table: str, now: date, pii: bool) -> None:
    """Of each of a day's files."""
    found = [dict(sorted(scene.published.tags(key).items())) for key in scene.keys(table, now)]
    tags = {"db": "uc_kickstart", "pii": str(pii).lower(), "table": table}
    checks.same(f"{table}: the tags of its {len(found)} files", found, [tags] * max(len(found), 1))


@pytest.mark.parametrize("kind", ["full", "delta", "incremental"])
def test_vacancies_are_done_as_by_the_replaced_job(checks: Checks, scene: ModuleScene, kind: str) -> None:
    """A full load reads one file of a day, the others all of its changes."""
    now = today()
    check_done(checks, scene, "vacancy", kind, now)
    for name in VACANCY:
        table = name if kind == "full" else f"{name}_{kind}"
        texts = [vacancy_text(name, now, number) for number in ([0] if kind == "full" else numbers())]
        check_rows(checks, scene, table, now, wanted_of_csv(name, *texts))
        check_tags(checks, scene, table, now, False)
    checks.same("left in scratch", list((scene.job.folder / "scratch").iterdir()), [])


@pytest.mark.parametrize("module", ENCRYPTED)
def test_encrypted_modules_are_done_as_by_the_replaced_job(checks: Checks, scene: ModuleScene, module: str) -> None:
    """Each key is asked for once, and each table lies where its personal data belong."""
    now, collections = today(), ENCRYPTED[module]
    before = len(requests(scene.service))
    check_done(checks, scene, module, "delta", now)
    asked = Counter(request["keyId"] for request in requests(scene.service)[before:])
    checks.same(f"{module}: keys asked for, once each", asked.total(), FILES * len(collections))
    for one in collections.values():
        check_rows(checks, scene, one.name, now, day_of(one, now))
        check_place(checks, scene, one, now)
    checks.same("left in scratch", list((scene.job.folder / "scratch").iterdir()), [])


def test_full_load_of_an_encrypted_module_does_the_newest_file(checks: Checks, empty: ModuleScene) -> None:
    """Both loads have one record of the dates that are done."""
    scene, now, (one,) = empty, today(), APPLICATION.values()
    scene.land(now, one)
    scene.seed(now - timedelta(1), "COMPLETED", 1, correlation_id("application", "full"))
    scene.job.expect(0, *load("application", "full"))
    newest = day_of(one, now)[-10:]
    check_rows(checks, scene, one.name, now, newest)
    line = scene.newest(correlation_id("application", "full"))
    checks.same("application full: the audit item", [(item["Date"], item["Status"]) for item in line], [(str(now), "Completed")])
    scene.job.expect(0, *load("application"), **named(now))
    check_rows(checks, scene, one.name, now, day_of(one, now))


def test_test_flag_reads_encrypted_files_of_the_published_bucket(checks: Checks, empty: ModuleScene) -> None:
    """A user who may take no role reads its test folder."""
    scene, now = empty, today()
    scene.land(now, *PAYMENT.values(), folder=f"{TEST_FOLDER}/")
    scene.seed(now - timedelta(1), "COMPLETED", 1, correlation_id("payment"))
    checks.same("without the test flag, who may take no role: exit code", scene.tester.run(*load("payment")).code, 20)
    scene.tester.expect(0, *load("payment"), E2E_TEST_FLG="true")
    for one in PAYMENT.values():
        found, rows = scene.in_order(one.name, now), day_of(one, now)
        checks.same(f"the test flag, {one.name}: {len(rows)} rows as in the test folder", found, rows)


def test_generated_files_are_the_same_for_a_seed_and_fit(
    checks: Checks, empty: ModuleScene, people: People, regions: Iterator[str], own_keys: KeyService, tmp_path: Path
) -> None:
    """Files that adg makes are decrypted here without adg, and then ingested."""
    scene, other, now = empty, ModuleScene.make(people, next(regions), tmp_path, own_keys), today()
    made = {}
    for at, seed in ((scene, "1"), (other, "1"), (other, "2")):
        with at.writing():
            at.job.expect(0, *GENERATE, "--module", "payment", "--load-type", "delta", "--seed", seed, "--date", str(now))
        bucket = at.sources["payment"]
        made[at.region, seed] = [unsealed(at.service, bucket.get(key), bucket.metadata(key)).decode() for key in bucket.keys()]
    first, again, others = made.values()
    checks.same("generated for one seed: the same text twice", (len(first), first == again), (FILES * len(PAYMENT), True))
    checks.same("generated for another seed: texts that are the same", set(first) & set(others), set())
    bucket = scene.sources["payment"]
    vectors = {bucket.metadata(key)["iv"] for key in bucket.keys()}
    checks.same("generated: initialisation vectors", len(vectors), len(first))
    scene.job.expect(0, *load("payment"), **named(now))
    days = scene.job.report()["days"]
    found = [(day["collection"], day["rows_written"], day["rows_quarantined"], day["value_errors"]) for day in days]
    checks.same("generated, ingested: rows, quarantined, invalid", sorted(found), [(name, 50, 0, 0) for name in sorted(PAYMENT)])
    for one in PAYMENT.values():
        keys = [one.key(now, number - 1) for number in numbers()]
        texts = [unsealed(scene.service, bucket.get(key), bucket.metadata(key)) for key in keys]
        rows = wanted(one, *(content.decode() for content in texts))
        checks.same(f"generated, {one.name}: {len(rows)} rows", sort(scene.in_order(one.name, now)), sort(rows))
