"""A source in another account, behind three roles of which each may only take the next; and each single right taken away.

Whatever is missing, the run ends with 20 and says who could not do what, and its hint has the statement that is missing: with it
the run works again. `adg doctor` fails at that very step and at none before. A bucket that does not exist and services that do not
answer end otherwise.

Usage: ADG_BIN=… role_chain.py. Prints each check; exits 1 where one fails.
"""

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from world import published
from world.aws import accounts, issued
from world.chain import COLLECTIONS, DATABASE, DEAD, MODULE, SESSION, THIS_DAY, Site
from world.checks import Checks
from world.job import Ran
from cases.source.removals import Removal, needed, wished
from world.moto import moto

PATIENCE = 240
"""Seconds after which a run must have given up on a service that does not answer."""


def check_published(site: Site, checks: Checks) -> None:
    """The day's rows in S3 are the source's, and each file has its tags."""
    for collection in COLLECTIONS:
        types = site.types(collection)
        keys = site.published.keys(site.partition(collection))
        rows = published.of_parquet(map(site.published.get, keys), types)
        wanted = published.of_csv(site.source_of(collection), types)
        checks.same(f"{collection}: {len(wanted)} rows in S3 as in the source", rows, wanted)
        tags = {"db": DATABASE, "pii": "false", "table": collection}
        found = [dict(sorted(site.published.tags(key).items())) for key in keys]
        checks.same(f"{collection}: the tags of its file", found, [tags])


def check_sound(site: Site, checks: Checks) -> None:
    """With all rights it works."""
    ran = site.job.expect(0, *THIS_DAY)
    print(f"three hops into another account: {ran.seconds:.2f} s")
    check_published(site, checks)
    ran = site.job.run("doctor", *MODULE)
    failed = [text for verdict, text in ran.steps() if verdict == "FAIL"]
    checks.same(f"the doctor's {len(ran.steps())} steps: code and failures", (ran.code, failed), (0, []))
    roles = enumerate(site.across.roles, 1)
    hops = [f"source: hop {number} of 3, {role.arn}: {role.session(SESSION)}" for number, role in roles]
    checks.same("the doctor's hops", [text for _, text in ran.steps() if text.startswith("source: hop ")], hops)
    checks.same("one account: exit code", site.job.run(*THIS_DAY, "--profile", "within").code, 0)


def check_doctor(site: Site, checks: Checks, removal: Removal) -> Ran:
    """It fails at that step, and at none before."""
    ran = site.job.run("doctor", *MODULE, "--profile", removal.profile)
    first = next((text for verdict, text in ran.steps() if verdict == "FAIL"), "no failure")
    checks.same(f"{removal.what}: the doctor's exit code", ran.code, 20)
    at = removal.step if first.startswith(f"{removal.step}: ") else first
    checks.same(f"{removal.what}: the doctor's first failure", at, removal.step)
    return ran


def check_needed(site: Site, checks: Checks, removal: Removal) -> None:
    """The run is refused, says why, and works with what its hint asks for."""
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
            checks.same(f"{removal.what}: exit code with what the hint asks for", again.code, 0)


def check_wished(site: Site, checks: Checks, removal: Removal) -> None:
    """The run works, and the doctor tells."""
    with removal.broken():
        checks.same(f"{removal.what}: exit code", site.job.run(*THIS_DAY).code, 0)
        ran = check_doctor(site, checks, removal)
        hint = ran.stdout.partition("hint: ")[2].splitlines()[0]
        checks.same(f"{removal.what}: the doctor's hint has the action", str(removal.statement["Action"]) in hint or hint, True)


def check_wrong_buckets(site: Site, checks: Checks) -> None:
    """A bucket that is not there is a mistake in the config, and can be corrected."""
    for profile, bucket in (("no source", "no-such-source"), ("no published", "no-such-published")):
        ran = site.job.run(*THIS_DAY, "--profile", profile)
        checks.same(f"{profile} bucket: exit code", ran.code, 10)
        unnamed = [one.message for one in ran.complaints() if bucket not in one.message]
        checks.same(f"{profile} bucket: the messages name it", unnamed, [])
    ran = site.job.run(*THIS_DAY, "--profile", "corrected")
    checks.same("the bucket's name corrected: exit code", ran.code if ran.code == 0 else ran.complaints()[0].message, 0)


def check_silent(checks: Checks, what: str, ran: Ran) -> None:
    """The run gives up, and names the address."""
    checks.same(f"{what}: exit code", ran.code, 21)
    checks.same(f"{what}: given up after {ran.seconds:.1f} s", ran.seconds < PATIENCE, True)
    unnamed = [one.message for one in ran.complaints() if DEAD.removeprefix("http://") not in one.message]
    checks.same(f"{what}: the message names the address", unnamed, [])


def main() -> None:
    """Everything in one moto and a temporary folder. Services that do not answer are waited for meanwhile."""
    checks = Checks()
    begun = time.monotonic()
    with moto() as server, tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor() as pool:
        site = Site(Path(folder), *accounts(server))
        silent = {what: pool.submit(site.job.run, *THIS_DAY, "--profile", what) for what in ("no S3", "no STS")}
        check_sound(site, checks)
        for removal in needed(site):
            check_needed(site, checks, removal)
        for removal in wished(site):
            check_wished(site, checks, removal)
        check_wrong_buckets(site, checks)
        for what, ran in silent.items():
            check_silent(checks, what, ran.result())
        checks.same("secret keys and session tokens told", site.job.leaks(issued(server)), [])
        print(f"\n{len(site.job.outputs) // 2} commands", end=", ")
    print(f"{checks.wrong} wrong, {time.monotonic() - begun:.0f} s")
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
