"""What `cluster_config` says runs: its commands are adg's, its files what each platform's own schema asks for, its scripts do
what they say, its policies are enough and no more, and exit codes mean the same everywhere.

Usage: ADG_BIN=… cluster_config.py. Prints each check; exits 1 where one fails. What can't be checked on this machine is told as
skipped.
"""

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from world.checks import Checks
from cases.cluster.commands import check_commands
from cases.cluster.files import FOLDER, check_parse, load, skipped
from cases.cluster.test_rights import check_rights
from cases.cluster.test_schemas import check_schemas
from cases.cluster.test_scripts import check_scripts
from cases.cluster.terraform import check_terraform

ROW = re.compile(r"^\| ((?:\d+(?:, )?)+) \|.*?\| (no|yes) \|", re.MULTILINE)
KILLED, STOPPED = 137, 143
"""What a shell makes of SIGKILL and SIGTERM; adg itself ends with the second where it is told to stop."""


def known() -> set[int]:
    """The codes that the binary lists, and what a killed one ends with."""
    text = subprocess.run([os.environ["ADG_BIN"], "--help"], capture_output=True, text=True, check=True).stdout
    return {int(code) for code in re.findall(r"^ +(\d+)  ", text.partition("Exit codes:")[2], re.MULTILINE)} | {KILLED, STOPPED}


def table() -> dict[int, bool]:
    """By the README's table, whether a code is worth trying again at once."""
    rows = ROW.findall((FOLDER / "README.md").read_text())
    return {int(code): again == "yes" for codes, again in rows for code in codes.split(", ")}


def never(again: dict[int, bool]) -> set[int]:
    """Those that fail a run, and would again: of 0 and of one that was told to stop nobody says so."""
    return {code for code, is_worth in again.items() if not is_worth} - {0, STOPPED}


def check_codes(checks: Checks) -> tuple[set[int], set[int]]:
    """The README's table has all codes, and each platform's file goes by it. Gives those not to be tried again, and others."""
    again = table()
    checks.same("exit codes: the README's table", sorted(again), sorted(known()))
    stop = sorted(never(again))
    nightly, catch_up = (load(FOLDER / f"kubernetes/{name}.yaml")["spec"] for name in ("cronjob", "catch-up-job"))
    for job in (nightly["jobTemplate"]["spec"], catch_up):
        rules = [rule["onExitCodes"]["values"] for rule in job["podFailurePolicy"]["rules"] if "onExitCodes" in rule]
        checks.same("exit codes: Kubernetes fails for", rules, [stop])
    unit = (FOLDER / "systemd/adg@.service").read_text()
    prevented = re.findall(r"^RestartPreventExitStatus=(.*)$", unit, re.MULTILINE)
    checks.same("exit codes: systemd does not restart for", prevented, [" ".join(map(str, stop))])
    worth = {code for code, is_worth in again.items() if is_worth}
    script = (FOLDER / "bin/adg-retry").read_text()
    tried = re.findall(r"^    ([0-9 |]+)\) tries=", script, re.MULTILINE)
    checks.same("exit codes: adg-retry tries again for", tried, [" | ".join(map(str, sorted(worth)))])
    retried = [one["onExitCode"] for one in batch()["evaluateOnExit"] if "onExitCode" in one]
    checks.same("exit codes: Batch itself tries again only what was told to stop", retried, [str(STOPPED)])
    return set(again) - worth, worth


def batch() -> dict[str, Any]:
    """Batch's way of trying again."""
    found: dict[str, Any] = json.loads((FOLDER / "batch/job_definition.json").read_text())["retryStrategy"]
    return found


def main() -> None:
    """The rights, which take longest, beside all else."""
    checks, begun = Checks(), time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        rights = pool.submit(check_rights, checks)
        check_parse(checks)
        codes = check_codes(checks)
        check_schemas(checks)
        check_terraform(checks)
        check_scripts(checks, *codes)
        check_commands(checks)
        rights.result()
    for what in skipped:
        print(f"skipped: {what}")
    print(f"\n{checks.wrong} wrong, {len(skipped)} skipped, {time.monotonic() - begun:.0f} s")
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
