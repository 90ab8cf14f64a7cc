"""The scripts of `cluster_config`, run: with a stand-in for adg and for the clouds' own commands, which write down what they are
asked."""

import http.server
import json
import os
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from world.checks import Checks
from cases.cluster.commands import of_steps, tried
from cases.cluster.files import FOLDER, files, name, skip

BASH = "#!/usr/bin/env bash"
ADG = """\
#!/bin/sh
printf '%s|' "$START_DT" "$END_DT" "${ADG_CERTIFICATE_PEM:-}" "$@" >>"$0.asked"
echo >>"$0.asked"
read -r code <"$0.codes"
sed -i 1d "$0.codes"
case $code in wait) sleep 60 & trap 'kill $!; exit 143' TERM; touch "$0.waits"; wait ;; esac
exit "$code"
"""
"""Ends with each of the listed codes in turn."""
AWS = """\
#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word" >>"$0.asked"; done
echo --- >>"$0.asked"
case "$*" in
  "s3 cp"*) cp "$(dirname "$0")/adg.tar.gz" "$5" ;;
  "secretsmanager get-secret-value"*) echo '{"certificate": "CERT", "key": "KEY", "ca": "CA"}' ;;
  "emr list-clusters"*) echo "j-1 j-2" ;;
  "emr list-steps --cluster-id j-1"*) echo "s-1 s-2" ;;
esac
"""
GCLOUD = """\
#!/bin/sh
case "$*" in
  "storage cp"*) cp "$(dirname "$0")/adg.tar.gz" "$4" ;;
  "secrets versions access latest --secret adg-ledger") echo '{"url": "postgresql://ledger"}' ;;
  *) exit 1 ;;
esac
"""
DYING = "#!/bin/sh\necho \"version 'GLIBC_2.99' not found\" >&2\nexit 1\n"


@contextmanager
def bench(**programs: str) -> Iterator[Path]:
    """A folder with programs, until its block ends."""
    with tempfile.TemporaryDirectory(prefix="adg-scripts-") as temporary:
        folder = Path(temporary)
        for each, text in programs.items():
            program(folder / each, text)
        yield folder


def program(path: Path, text: str) -> None:
    """Writes a script that can be run."""
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    path.chmod(0o755)


def run(script: Path, *arguments: str | Path, at: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs one, with a folder's programs before all others."""
    environment = {"PATH": f"{at}:{os.environ['PATH']}", "HOME": str(at), "TMPDIR": str(at)} | variables
    return subprocess.run([script, *arguments], env=environment, cwd=at, capture_output=True, text=True, timeout=60, check=False)


def check_shell(checks: Checks) -> None:
    """Syntax, and shellcheck."""
    scripts = [path for path in files() if path.read_bytes().startswith(b"#!")]
    shellcheck = next(
        (
            found
            for found in (Path(sys.executable).with_name("shellcheck"), shutil.which("shellcheck"))
            if found and Path(found).exists()
        ),
        None,
    )
    for path in scripts:
        shell = "bash" if path.read_text().startswith(BASH) else "sh"
        done = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
        checks.same(f"{name(path)}: {shell} -n", done.stderr, "")
        checks.same(f"{name(path)}: may be run", os.access(path, os.X_OK), True)
        if shellcheck:
            done = subprocess.run([shellcheck, path], capture_output=True, text=True, check=False)
            checks.same(f"{name(path)}: shellcheck", done.stdout, "")
    if not shellcheck:
        skip(f"shellcheck of {len(scripts)} scripts", "it is not installed")


def retried(folder: Path, *codes: int | str, **variables: str) -> tuple[int, int, str]:
    """How adg-retry ends where adg ends with these codes: its own, how often adg ran, with what."""
    adg = folder / "adg"
    (folder / "adg.codes").write_text("".join(f"{code}\n" for code in codes))
    (folder / "adg.asked").unlink(missing_ok=True)
    shutil.copy(FOLDER / "bin/adg-retry", folder)
    done = run(folder / "adg-retry", "--module", "a b", "", at=folder, ADG_PAUSE="0", **variables)
    asked = Path(f"{adg}.asked").read_text().splitlines()
    return done.returncode, len(asked), asked[0]


def check_retry(checks: Checks, never: set[int], again: set[int]) -> None:
    """By the codes of which the README says so."""
    with bench(adg=ADG) as folder:
        for code in sorted(never):
            checks.same(f"adg-retry, {code}: code and runs", retried(folder, code)[:2], (code, 1))
        for code in sorted(again):
            checks.same(f"adg-retry, {code}, then 0: code and runs", retried(folder, code, 0)[:2], (0, 2))
            checks.same(f"adg-retry, {code} for ever: code and runs", retried(folder, *[code] * 9)[:2], (code, 4))
            checks.same(f"adg-retry, {code}, then 13: code and runs", retried(folder, code, 13)[:2], (13, 2))
        checks.same("adg-retry, one try: code and runs", retried(folder, 21, 0, ADG_TRIES="1")[:2], (21, 1))
        checks.same("adg-retry: its arguments", retried(folder, 0)[2], "|||--module|a b||")
        certificate = {"ADG_CERTIFICATE_PEM": "CERT", "ADG_CERTIFICATE_KEY": "KEY", "ADG_CERTIFICATE_CA": "CA"}
        checks.same(
            "adg-retry: adg has no certificate among its variables",
            retried(folder, 0, ADG_CERTS=f"{folder}/c/d", **certificate)[2],
            "|||--module|a b||",
        )
        written = {path.name: (path.read_text(), stat.S_IMODE(path.stat().st_mode)) for path in (folder / "c/d").iterdir()}
        checks.same(
            "adg-retry: the certificate's files",
            written,
            dict.fromkeys(written, None) | {"adg.pem": ("CERT\n", 0o600), "adg.key": ("KEY\n", 0o600), "ca.pem": ("CA\n", 0o600)},
        )
        checks.same("adg-retry: nowhere to write the certificate", retried_nowhere(folder, certificate), 10)
        check_stopped(checks, folder)


def retried_nowhere(folder: Path, certificate: dict[str, str]) -> int:
    """The code where the certificate's folder can't be made."""
    (folder / "file").touch()
    return run(folder / "adg-retry", at=folder, ADG_CERTS=f"{folder}/file/certs", **certificate).returncode


def check_stopped(checks: Checks, folder: Path) -> None:
    """Told to stop while adg works, or while it waits for the next try, it tells adg, and tries no more."""
    for what, codes, ready in (("at work", "wait\n0\n", "adg.waits"), ("between tries", "21\n0\n", "adg.asked")):
        (folder / "adg.codes").write_text(codes)
        (folder / "adg.asked").unlink(missing_ok=True)
        with subprocess.Popen([folder / "adg-retry"], env=os.environ | {"ADG_PAUSE": "60"}, stderr=subprocess.DEVNULL) as process:
            while not (folder / ready).exists():
                time.sleep(0.01)
            time.sleep(0.2)
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            code = process.wait()
        runs = len((folder / "adg.asked").read_text().splitlines())
        checks.same(
            f"adg-retry, told to stop {what}: code, runs, at once", (code, runs, time.monotonic() - begun < 10), (143, 1, True)
        )


def check_installed(checks: Checks) -> None:
    """The bundle, and what EMR's and Dataproc's machines make of it."""
    with bench(aws=AWS, gcloud=GCLOUD, adg="#!/bin/sh\necho adg 0.1.0\n") as folder:
        sums = [run(FOLDER / "bin/package.sh", folder / "adg", at=folder).stdout.split()[0] for _ in range(2)]
        checks.same("package.sh: twice the same", sums[0], sums[1])
        config = folder / "config"
        (config / "modules").mkdir(parents=True)
        (config / "adg.yaml").write_text("mine")
        (config / "modules/own.yaml").write_text("own")
        sums.append(run(FOLDER / "bin/package.sh", folder / "adg", config, at=folder).stdout.split()[0])

        root = folder / "emr"
        bootstrap, bundle = FOLDER / "emr/bootstrap.sh", "s3://bucket/adg.tar.gz"
        done = run(bootstrap, bundle, sums[0], at=folder, ADG_ROOT=str(root))
        refused = (done.returncode, "not what was to be installed" in done.stderr, root.exists())
        checks.same("emr/bootstrap.sh, another bundle: code, told, anything installed", refused, (1, True, False))
        done = run(bootstrap, bundle, sums[-1], "/kickstart/adg-certificate", at=folder, ADG_ROOT=str(root))
        checks.same(
            "emr/bootstrap.sh: code, and what it says", (done.returncode, done.stdout, done.stderr), (0, "adg 0.1.0\n", "")
        )
        found = {str(path.relative_to(root)): oct(stat.S_IMODE(path.stat().st_mode)) for path in sorted(root.rglob("*"))}
        wanted = {"adg.yaml": "0o644", "bin": "0o755", "bin/adg": "0o755", "bin/adg-retry": "0o755", "certs": "0o755"}
        wanted |= {"certs/adg.key": "0o600", "certs/adg.pem": "0o600", "certs/ca.pem": "0o600"}
        wanted |= {"modules": "0o755", "modules/own.yaml": "0o644"}
        checks.same("emr/bootstrap.sh: what is there", found, wanted)
        certificate = [path.read_text() for path in sorted((root / "certs").glob("*"))]
        checks.same("emr/bootstrap.sh: the certificate", certificate, ["KEY\n", "CERT\n", "CA\n"])

        root = folder / "dataproc"
        given = {"ADG_ROOT": str(root), "ADG_BUNDLE": "gs://bucket/adg.tar.gz", "ADG_LEDGER_SECRET": "adg-ledger"}
        bootstrap = FOLDER / "dataproc/bootstrap.sh"
        done = run(bootstrap, at=folder, ADG_SHA256=sums[0], **given)
        checks.same(
            "dataproc/bootstrap.sh, another bundle: code, anything installed", (done.returncode, root.exists()), (1, False)
        )
        done = run(bootstrap, at=folder, ADG_SHA256=sums[-1], **given)
        checks.same(
            "dataproc/bootstrap.sh: code, and what it says", (done.returncode, done.stdout, done.stderr), (0, "adg 0.1.0\n", "")
        )
        program(root / "bin/adg", '#!/bin/sh\necho "$ADG_LEDGER" "$@"\n')
        done = run(root / "bin/adg-job", "generate-test-data", "module=vacancy", "date=2021-04-12", at=folder)
        wanted_of_job = (
            f'{{"url": "postgresql://ledger"}} generate-test-data --module=vacancy --date=2021-04-12 --config {root}/adg.yaml\n'
        )
        checks.same("adg-job: the ledger and its arguments", done.stdout, wanted_of_job)

        program(folder / "adg", DYING)
        (sum_of_dying,) = (run(FOLDER / "bin/package.sh", folder / "adg", at=folder).stdout.split()[:1],)
        done = run(FOLDER / "emr/bootstrap.sh", bundle, *sum_of_dying, at=folder, ADG_ROOT=str(folder / "old"))
        told = (done.returncode, "build it on" in done.stderr)
        checks.same("emr/bootstrap.sh, a system that is too old: code, told", told, (1, True))


def check_started(checks: Checks) -> None:
    """What start.sh sends, the launcher and adg take; and what is no name, date or flag is not sent."""
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
    with bench(aws=AWS) as folder:
        done = run(FOLDER / "emr/stop.sh", at=folder)
        calls = (folder / "aws.asked").read_text().removesuffix("---\n").split("\n---\n")
    told = [call.split() for call in calls]
    changes = [" ".join(call) for call in told if call[1] in ("cancel-steps", "terminate-clusters")]
    cancel = "emr cancel-steps --cluster-id j-1 --step-cancellation-option SEND_INTERRUPT --step-ids s-1 s-2"
    ends = ["emr terminate-clusters --cluster-ids j-1", "emr terminate-clusters --cluster-ids j-2"]
    checks.same("emr/stop.sh: code, and what it changes", (done.returncode, changes), (0, [cancel, *ends]))


class Lambda(http.server.BaseHTTPRequestHandler):
    """Lambda's runtime API: hands out events, and keeps what is answered."""

    events: list[str]
    answers: list[tuple[str, str, Any]]

    def do_GET(self) -> None:
        """The next event; none are left after a while."""
        if not self.events:
            self.send_error(410)
            return
        body = self.events.pop(0).encode()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", f"id-{len(self.events)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """What became of an event."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        self.answers.append((self.path.rpartition("invocation/")[2], kind, json.loads(body)))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def check_lambda(checks: Checks) -> None:
    """Each event is one run, and each exit code its answer."""
    if shutil.which("curl") is None:
        skip("lambda/bootstrap", "curl is not installed")
        return
    events = ['{"start_dt": "2021-04-12", "end_dt":"2021-04-14"}', '{"start_dt": "2021-04-12; reboot"}', "{}"]
    handler = type("Events", (Lambda,), {"events": events, "answers": []})
    with bench(adg=ADG) as folder, http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        shutil.copy(FOLDER / "lambda/bootstrap", folder)
        (folder / "adg.codes").write_text("0\n13\n21\n")
        api = f"127.0.0.1:{server.server_port}"
        done = run(folder / "bootstrap", "--module", "vacancy", at=folder, AWS_LAMBDA_RUNTIME_API=api, NO_PROXY="*", no_proxy="*")
        server.shutdown()
        asked = (folder / "adg.asked").read_text().splitlines()
    checks.same("lambda: what adg was asked", asked, ["2021-04-12|2021-04-14||--module|vacancy|", *["|||--module|vacancy|"] * 2])
    errors = [(code, {"errorType": f"adg.{code}", "errorMessage": f"adg ended with {code}"}) for code in (13, 21)]
    wanted: list[tuple[str, str, Any]] = [("id-2/response", "", {"exit_code": 0})]
    wanted += [(f"id-{place}/error", f"adg.{code}", told) for place, (code, told) in zip((1, 0), errors, strict=True)]
    checks.same("lambda: what was answered", handler.__dict__["answers"], wanted)
    checks.same("lambda: no API, no success", done.returncode, 1)


def check_systemd(checks: Checks) -> None:
    """As systemd reads the units."""
    if shutil.which("systemd-analyze") is None:
        skip("systemd-analyze verify", "systemd is not installed")
        return
    with tempfile.TemporaryDirectory(prefix="adg-units-") as temporary:
        folder = Path(temporary)
        for path in files(".service", ".timer"):
            (folder / path.name).write_text(path.read_text().replace("/opt/adg/bin/adg ", f"{os.environ['ADG_BIN']} "))
        for kind in ("service", "timer"):
            done = verified(folder / f"adg@vacancy.{kind}")
            checks.same(f"systemd-analyze verify adg@vacancy.{kind}", (done.returncode, done.stdout + done.stderr), (0, ""))
        unit = folder / "adg@.service"
        unit.write_text(unit.read_text().replace("Restart=on-failure", "Restart=always"))
        checks.same("a unit that systemd refuses is noticed", verified(folder / "adg@vacancy.service").returncode != 0, True)


def verified(unit: Path) -> subprocess.CompletedProcess[str]:
    """What systemd says of an instance of a template beside it."""
    template = unit.with_name(f"adg@{unit.suffix}")
    unit.write_text(template.read_text())
    # Only these units, not those of the machine.
    environment = os.environ | {"SYSTEMD_UNIT_PATH": f"{unit.parent}:"}
    return subprocess.run(["systemd-analyze", "verify", unit], env=environment, capture_output=True, text=True, check=False)


def check_cron(checks: Checks) -> None:
    """Each line has its five fields, a user, and a command without the sign that cron makes a line end of."""
    lines = [line for line in (FOLDER / "cron/adg.crontab").read_text().splitlines() if line and not line.startswith("#")]
    jobs = [line for line in lines if not re.match(r"[A-Z]+=", line)]
    pattern = re.compile(r"([0-9*,/-]+\s+){5}adg /opt/adg/bin/adg-retry [^%]+$")
    checks.same(f"crontab: {len(jobs)} lines that cron takes", [line for line in jobs if not pattern.match(line)], [])


def check_copied(checks: Checks) -> None:
    """What images are made of is there, or comes from package.sh."""
    for path in files("Containerfile"):
        sources = re.findall(r"^(?:COPY|ADD) (\S+)", path.read_text(), re.MULTILINE)
        missing = [source for source in sources if not (FOLDER / source).exists() and source != "adg.tar.gz"]
        checks.same(f"{name(path)}: what it copies is there", missing, [])


def check_scripts(checks: Checks, never: set[int], again: set[int]) -> None:
    """All of them."""
    check_shell(checks)
    check_retry(checks, never, again)
    check_installed(checks)
    check_started(checks)
    check_lambda(checks)
    check_systemd(checks)
    check_cron(checks)
    check_copied(checks)
