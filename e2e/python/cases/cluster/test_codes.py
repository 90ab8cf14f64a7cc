"""Exit codes mean the same everywhere: each platform's file goes by the README's table, and that by the binary."""

import json
import re
from typing import Any

from cases.cluster.codes import STOPPED, known, never, table, worth_another_try
from cases.cluster.files import FOLDER, load
from world.checks import Checks


def test_table_of_the_readme_has_all_codes(checks: Checks) -> None:
    """The binary lists them in its help."""
    checks.same("the README's table", sorted(table()), sorted(known()))


def test_kubernetes_fails_for_codes_that_would_come_again(checks: Checks) -> None:
    """Both jobs."""
    stop = sorted(never(table()))
    nightly, catch_up = (load(FOLDER / f"kubernetes/{name}.yaml")["spec"] for name in ("cronjob", "catch-up-job"))
    for job in (nightly["jobTemplate"]["spec"], catch_up):
        rules = [rule["onExitCodes"]["values"] for rule in job["podFailurePolicy"]["rules"] if "onExitCodes" in rule]
        checks.same("Kubernetes fails for", rules, [stop])


def test_systemd_does_not_restart_for_codes_that_would_come_again(checks: Checks) -> None:
    """The unit lists them."""
    stop = sorted(never(table()))
    unit = (FOLDER / "systemd/adg@.service").read_text()
    prevented = re.findall(r"^RestartPreventExitStatus=(.*)$", unit, re.MULTILINE)
    checks.same("systemd does not restart for", prevented, [" ".join(map(str, stop))])


def test_adg_retry_tries_again_for_the_others(checks: Checks) -> None:
    """The script lists them."""
    worth = worth_another_try()
    script = (FOLDER / "bin/adg-retry").read_text()
    tried = re.findall(r"^    ([0-9 |]+)\) tries=", script, re.MULTILINE)
    checks.same("adg-retry tries again for", tried, [" | ".join(map(str, sorted(worth)))])


def test_batch_tries_again_what_was_told_to_stop_alone(checks: Checks) -> None:
    """All else is adg-retry's."""
    retried = [one["onExitCode"] for one in batch()["evaluateOnExit"] if "onExitCode" in one]
    checks.same("Batch itself tries again only what was told to stop", retried, [str(STOPPED)])


def batch() -> dict[str, Any]:
    """Gives Batch's way of trying again."""
    found: dict[str, Any] = json.loads((FOLDER / "batch/job_definition.json").read_text())["retryStrategy"]
    return found
