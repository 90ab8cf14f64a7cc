"""A source in another account, behind three roles of which each may only take the next; and each single right taken away.

Whatever is missing, the run ends with 20 and says who could not do what, and its hint has the statement that is missing: with it
the run works again. `adg doctor` fails at that very step and at none before. A bucket that does not exist and services that do not
answer end otherwise.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from cases.source.removals import NEEDED, WISHED, Removal
from world import published
from world.aws import accounts, issued
from world.chain import COLLECTIONS, DATABASE, DEAD, MODULE, SESSION, THIS_DAY, Site
from world.checks import Checks
from world.job import Ran
from world.moto import Moto

PATIENCE = 240
"""Seconds after which a run must have given up on a service that does not answer."""
SILENT = ("no S3", "no STS")
"""The profiles with a service that does not answer."""
pytestmark = pytest.mark.timeout(PATIENCE + 120)


@pytest.fixture(scope="module")
def site(moto: Moto, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The buckets, the chains, and a day's files."""
    return Site(tmp_path_factory.mktemp("chain"), *accounts(moto))


@pytest.fixture(scope="module", autouse=True)
def silent(request: pytest.FixtureRequest, site: Site) -> Iterator[dict[str, Future[Ran]]]:
    """Runs that wait for services that do not answer, beside all else; none where no test asks for them."""
    asked = [item for item in request.session.items if "silent_service" in item.nodeid]
    with ThreadPoolExecutor() as pool:
        yield {what: pool.submit(site.job.run, *THIS_DAY, "--profile", what) for what in SILENT} if asked else {}


@pytest.fixture(autouse=True)
def no_secret_is_told(checks: Checks, site: Site, moto: Moto) -> Iterator[None]:
    """After each test no key or token is in anything that was said or written."""
    yield
    checks.same("secret keys and session tokens told", site.job.leaks(issued(moto)), [])


def test_day_is_published_over_three_roles(checks: Checks, site: Site) -> None:
    """The day's rows in S3 are the source's, and each file has its tags."""
    site.job.expect(0, *THIS_DAY)
    for collection in COLLECTIONS:
        types = site.types(collection)
        keys = site.published.keys(site.partition(collection))
        rows = published.of_parquet(map(site.published.get, keys), types)
        wanted = published.of_csv(site.source_of(collection), types)
        checks.same(f"{collection}: {len(wanted)} rows in S3 as in the source", rows, wanted)
        tags = {"db": DATABASE, "pii": "false", "table": collection}
        found = [dict(sorted(site.published.tags(key).items())) for key in keys]
        checks.same(f"{collection}: the tags of its file", found, [tags])


def test_doctor_names_each_hop(checks: Checks, site: Site) -> None:
    """With all rights no step fails."""
    ran = site.job.run("doctor", *MODULE)
    failed = [text for verdict, text in ran.steps() if verdict == "FAIL"]
    checks.same(f"the doctor's {len(ran.steps())} steps: code and failures", (ran.code, failed), (0, []))
    roles = enumerate(site.across.roles, 1)
    hops = [f"source: hop {number} of 3, {role.arn}: {role.session(SESSION)}" for number, role in roles]
    checks.same("the doctor's hops", [text for _, text in ran.steps() if text.startswith("source: hop ")], hops)


def test_chain_within_one_account_works(site: Site) -> None:
    """All three roles are in the job's own account."""
    assert site.job.run(*THIS_DAY, "--profile", "within").code == 0


def check_doctor(site: Site, checks: Checks, removal: Removal) -> Ran:
    """Has the doctor fail at the step of the right, and at none before."""
    ran = site.job.run("doctor", *MODULE, "--profile", removal.profile)
    first = next((text for verdict, text in ran.steps() if verdict == "FAIL"), "no failure")
    checks.same(f"{removal.what}: the doctor's exit code", ran.code, 20)
    at = removal.step if first.startswith(f"{removal.step}: ") else first
    checks.same(f"{removal.what}: the doctor's first failure", at, removal.step)
    return ran


@pytest.mark.parametrize("what", NEEDED)
def test_missing_right_ends_the_run_with_its_statement(checks: Checks, site: Site, what: str) -> None:
    """The run is refused, says why, and works with the statement that its hint asks for."""
    removal = NEEDED[what](site)
    with removal.broken():
        ran = site.job.run(*THIS_DAY, "--profile", removal.profile)
        checks.same(f"{removal.what}: exit code", ran.code, 20)
        told = ran.complaints()
        unnamed = [(name, one.message) for one in told for name in removal.names if name not in one.message]
        checks.same(f"{removal.what}: {len(told)} messages that name {', '.join(removal.names)}", unnamed, [])
        hinted = [one.statements() for one in told]
        has = bool(told) and all(removal.statement in statements for statements in hinted)
        checks.same(f"{removal.what}: the hint has the statement", has or told, True)
        check_doctor(site, checks, removal)
        kind = "Principal" if "Principal" in removal.statement else "Resource"
        if asked := [statement for statement in (hinted or [[]])[0] if kind in statement]:
            with removal.mended(*asked):
                again = site.job.run(*THIS_DAY, "--profile", removal.profile)
            checks.same(f"{removal.what}: exit code with what its hint asks for", again.code, 0)


@pytest.mark.parametrize("what", WISHED)
def test_missing_right_to_sweep_is_told_by_the_doctor(checks: Checks, site: Site, what: str) -> None:
    """The run works without it."""
    removal = WISHED[what](site)
    with removal.broken():
        checks.same(f"{removal.what}: exit code", site.job.run(*THIS_DAY).code, 0)
        ran = check_doctor(site, checks, removal)
        hint = ran.stdout.partition("hint: ")[2].splitlines()[0]
        checks.same(f"{removal.what}: the doctor's hint has the action", str(removal.statement["Action"]) in hint or hint, True)


@pytest.mark.parametrize(("profile", "bucket"), [("no source", "no-such-source"), ("no published", "no-such-published")])
def test_bucket_that_is_not_there_is_a_mistake_in_the_config(checks: Checks, site: Site, profile: str, bucket: str) -> None:
    """With its name corrected the run works."""
    ran = site.job.run(*THIS_DAY, "--profile", profile)
    checks.same(f"{profile} bucket: exit code", ran.code, 10)
    unnamed = [one.message for one in ran.complaints() if bucket not in one.message]
    checks.same(f"{profile} bucket: the messages name it", unnamed, [])
    ran = site.job.run(*THIS_DAY, "--profile", "corrected")
    checks.same("the bucket's name corrected: exit code", ran.code if ran.code == 0 else ran.complaints()[0].message, 0)


@pytest.mark.parametrize("what", SILENT)
def test_silent_service_is_given_up_in_time(checks: Checks, silent: dict[str, Future[Ran]], what: str) -> None:
    """The run names the address."""
    ran = silent[what].result()
    checks.same(f"{what}: exit code", ran.code, 21)
    checks.same(f"{what}: given up after {ran.seconds:.1f} s", ran.seconds < PATIENCE, True)
    unnamed = [one.message for one in ran.complaints() if DEAD.removeprefix("http://") not in one.message]
    checks.same(f"{what}: the message names the address", unnamed, [])
