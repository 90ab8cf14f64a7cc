"""The scripts of `cluster_config`: their syntax, and what they start on EMR."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cases.cluster.bench import AWS, bench, run
from cases.cluster.commands import of_steps, tried
from cases.cluster.files import FOLDER, files, name
from world.checks import Checks

BASH = "#!/usr/bin/env bash"
SCRIPTS = [path for path in files() if path.read_bytes().startswith(b"#!")]
each_script = pytest.mark.parametrize("path", SCRIPTS, ids=name)


@each_script
def test_script_can_be_run(checks: Checks, path: Path) -> None:
    """Its shell reads it."""
    shell = "bash" if path.read_text().startswith(BASH) else "sh"
    done = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
    checks.same(f"{shell} -n", done.stderr, "")
    checks.same("may be run", os.access(path, os.X_OK), True)


@each_script
def test_script_passes_shellcheck(path: Path) -> None:
    """Without exceptions."""
    beside = Path(sys.executable).with_name("shellcheck")
    shellcheck = beside if beside.exists() else shutil.which("shellcheck")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed")
    assert subprocess.run([shellcheck, path], capture_output=True, text=True, check=False).stdout == ""


def test_start_sends_what_the_launcher_and_adg_take(checks: Checks) -> None:
    """Nothing is sent where a value is no name, date or flag."""
    start = FOLDER / "emr/start.sh"
    every = {
        "START_DT": "2021-04-12",
        "END_DT": "2021-04-12",
        "CLEAN_UP_FLG": "true",
        "E2E_TEST_FLG": "true",
        "ADG_PROFILE": "emr-development",
    }
    for what, said in (("nothing said", {}), ("all said", every)):
        with bench(aws=AWS) as folder:
            done = run(start, "vacancy", "arn:topic", at=folder, **said)
            asked = (folder / "aws.asked").read_text()
        checks.same(f"emr/start.sh, {what}: code", done.returncode, 0)
        _, _, message = asked.removesuffix("\n---\n").partition("--message\n")
        for one in of_steps("", json.loads(message)):
            checks.same(f"emr/start.sh, {what}: adg {' '.join(one.words)}", tried(one)[0], 13)
    for said in ({"START_DT": '2021-04-12", "x'}, {"END_DT": "$(reboot)"}, {"ADG_PROFILE": "a b"}):
        with bench(aws=AWS) as folder:
            code = run(start, "vacancy", "arn:topic", at=folder, **said).returncode
            checks.same(f"emr/start.sh, {said}: code, anything sent", (code, (folder / "aws.asked").exists()), (2, False))


def test_stop_cancels_steps_and_ends_clusters(checks: Checks) -> None:
    """The steps are interrupted first."""
    with bench(aws=AWS) as folder:
        done = run(FOLDER / "emr/stop.sh", at=folder)
        calls = (folder / "aws.asked").read_text().removesuffix("---\n").split("\n---\n")
    told = [call.split() for call in calls]
    changes = [" ".join(call) for call in told if call[1] in ("cancel-steps", "terminate-clusters")]
    cancel = "emr cancel-steps --cluster-id j-1 --step-cancellation-option SEND_INTERRUPT --step-ids s-1 s-2"
    ends = ["emr terminate-clusters --cluster-ids j-1", "emr terminate-clusters --cluster-ids j-2"]
    checks.same("emr/stop.sh: code, and what it changes", (done.returncode, changes), (0, [cancel, *ends]))


def test_crontab_has_lines_that_cron_takes(checks: Checks) -> None:
    """Five fields, a user, and a command without the sign of which cron makes a line end."""
    lines = [line for line in (FOLDER / "cron/adg.crontab").read_text().splitlines() if line and not line.startswith("#")]
    jobs = [line for line in lines if not re.match(r"[A-Z]+=", line)]
    pattern = re.compile(r"([0-9*,/-]+\s+){5}adg /opt/adg/bin/adg-retry [^%]+$")
    checks.same(f"crontab: {len(jobs)} lines that cron takes", [line for line in jobs if not pattern.match(line)], [])


@pytest.mark.parametrize("path", files("Containerfile"), ids=name)
def test_image_is_made_of_files_that_are_there(checks: Checks, path: Path) -> None:
    """Or of the bundle, which comes from package.sh."""
    sources = re.findall(r"^(?:COPY|ADD) (\S+)", path.read_text(), re.MULTILINE)
    missing = [source for source in sources if not (FOLDER / source).exists() and source != "adg.tar.gz"]
    checks.same(f"{name(path)}: what it copies is there", missing, [])
