"""The bundle, and what EMR's, Dataproc's and Lambda's machines make of it."""

import http.server
import json
import shutil
import stat
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cases.cluster.bench import ADG, AWS, DYING, GCLOUD, bench, program, run
from cases.cluster.files import FOLDER
from world.checks import Checks


@dataclass
class Bundle:
    """A folder with the clouds' commands, and the bundle that package.sh made last there."""

    folder: Path
    first: str
    """The sum of another bundle, without a config."""
    sum: str


@pytest.fixture
def bundle() -> Iterator[Bundle]:
    """A bundle with a config of its own."""
    with bench(aws=AWS, gcloud=GCLOUD, adg="#!/bin/sh\necho adg 0.1.0\n") as folder:
        first = packed(folder)
        config = folder / "config"
        (config / "modules").mkdir(parents=True)
        (config / "adg.yaml").write_text("mine")
        (config / "modules/own.yaml").write_text("own")
        yield Bundle(folder, first, packed(folder, config))


def packed(folder: Path, *config: Path) -> str:
    """Makes a bundle; gives its sum."""
    return run(FOLDER / "bin/package.sh", folder / "adg", *config, at=folder).stdout.split()[0]


def test_bundle_is_the_same_each_time(checks: Checks, bundle: Bundle) -> None:
    """So that its sum says something."""
    checks.same("twice the same", packed(bundle.folder), bundle.first)


def test_emr_installs_the_bundle_that_was_named(checks: Checks, bundle: Bundle) -> None:
    """And no other."""
    folder, sums = bundle.folder, [bundle.first, bundle.sum]
    root = folder / "emr"
    bootstrap, place = FOLDER / "emr/bootstrap.sh", "s3://bucket/adg.tar.gz"
    done = run(bootstrap, place, sums[0], at=folder, ADG_ROOT=str(root))
    refused = (done.returncode, "not what was to be installed" in done.stderr, root.exists())
    checks.same("emr/bootstrap.sh, another bundle: code, told, anything installed", refused, (1, True, False))
    done = run(bootstrap, place, sums[-1], "/kickstart/adg-certificate", at=folder, ADG_ROOT=str(root))
    checks.same("emr/bootstrap.sh: code, and what it says", (done.returncode, done.stdout, done.stderr), (0, "adg 0.1.0\n", ""))
    found = {str(path.relative_to(root)): oct(stat.S_IMODE(path.stat().st_mode)) for path in sorted(root.rglob("*"))}
    wanted = {"adg.yaml": "0o644", "bin": "0o755", "bin/adg": "0o755", "bin/adg-retry": "0o755", "certs": "0o755"}
    wanted |= {"certs/adg.key": "0o600", "certs/adg.pem": "0o600", "certs/ca.pem": "0o600"}
    wanted |= {"modules": "0o755", "modules/own.yaml": "0o644"}
    checks.same("emr/bootstrap.sh: what is there", found, wanted)
    certificate = [path.read_text() for path in sorted((root / "certs").glob("*"))]
    checks.same("emr/bootstrap.sh: the certificate", certificate, ["KEY\n", "CERT\n", "CA\n"])


def test_dataproc_installs_the_bundle_that_was_named(checks: Checks, bundle: Bundle) -> None:
    """And no other; its jobs get the ledger's address."""
    folder, sums = bundle.folder, [bundle.first, bundle.sum]
    root = folder / "dataproc"
    given = {"ADG_ROOT": str(root), "ADG_BUNDLE": "gs://bucket/adg.tar.gz", "ADG_LEDGER_SECRET": "adg-ledger"}
    bootstrap = FOLDER / "dataproc/bootstrap.sh"
    done = run(bootstrap, at=folder, ADG_SHA256=sums[0], **given)
    checks.same("dataproc/bootstrap.sh, another bundle: code, anything installed", (done.returncode, root.exists()), (1, False))
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


def test_emr_tells_of_a_system_that_is_too_old(checks: Checks, bundle: Bundle) -> None:
    """The binary needs a newer libc."""
    folder = bundle.folder
    program(folder / "adg", DYING)
    done = run(FOLDER / "emr/bootstrap.sh", "s3://bucket/adg.tar.gz", packed(folder), at=folder, ADG_ROOT=str(folder / "old"))
    checks.same("code, told", (done.returncode, "build it on" in done.stderr), (1, True))


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
        """Takes the outcome of an event."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        kind = self.headers.get("Lambda-Runtime-Function-Error-Type", "")
        self.answers.append((self.path.rpartition("invocation/")[2], kind, json.loads(body)))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_lambda_answers_each_event_by_the_exit_code(checks: Checks) -> None:
    """Each event is one run."""
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
