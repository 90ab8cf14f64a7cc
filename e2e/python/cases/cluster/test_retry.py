"""adg-retry, which goes by the exit codes of the README."""

import os
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cases.cluster.bench import ADG, bench, run
from cases.cluster.codes import table, worth_another_try
from cases.cluster.files import FOLDER
from world.checks import Checks

CERTIFICATE = {"ADG_CERTIFICATE_PEM": "CERT", "ADG_CERTIFICATE_KEY": "KEY", "ADG_CERTIFICATE_CA": "CA"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a stand-in for adg."""
    with bench(adg=ADG) as made:
        yield made


def retried(folder: Path, *codes: int | str, **variables: str) -> tuple[int, int, str]:
    """Has adg end with these codes. Gives adg-retry's own code, how often adg ran, and with which arguments."""
    adg = folder / "adg"
    (folder / "adg.codes").write_text("".join(f"{code}\n" for code in codes))
    (folder / "adg.asked").unlink(missing_ok=True)
    shutil.copy(FOLDER / "bin/adg-retry", folder)
    done = run(folder / "adg-retry", "--module", "a b", "", at=folder, ADG_PAUSE="0", **variables)
    asked = Path(f"{adg}.asked").read_text().splitlines()
    return done.returncode, len(asked), asked[0]


@pytest.mark.parametrize("code", sorted(set(table()) - worth_another_try()))
def test_code_that_would_come_again_is_tried_once(folder: Path, code: int) -> None:
    """adg-retry ends with it."""
    assert retried(folder, code)[:2] == (code, 1)


@pytest.mark.parametrize("code", sorted(worth_another_try()))
def test_code_worth_another_try_is_tried_again(checks: Checks, folder: Path, code: int) -> None:
    """Four times at most."""
    checks.same(f"adg-retry, {code}, then 0: code and runs", retried(folder, code, 0)[:2], (0, 2))
    checks.same(f"adg-retry, {code} for ever: code and runs", retried(folder, *[code] * 9)[:2], (code, 4))
    checks.same(f"adg-retry, {code}, then 13: code and runs", retried(folder, code, 13)[:2], (13, 2))


def test_single_try_is_not_repeated(folder: Path) -> None:
    """Where that is asked for."""
    assert retried(folder, 21, 0, ADG_TRIES="1")[:2] == (21, 1)


def test_arguments_are_handed_on(folder: Path) -> None:
    """Blanks and empty ones too."""
    assert retried(folder, 0)[2] == "|||--module|a b||"


def test_certificate_is_written_for_its_owner_alone(checks: Checks, folder: Path) -> None:
    """And is not among adg's variables."""
    certificate = CERTIFICATE
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


def test_certificate_without_a_place_is_a_mistake_in_the_config(folder: Path) -> None:
    """Its folder can't be made."""
    shutil.copy(FOLDER / "bin/adg-retry", folder)
    (folder / "file").touch()
    assert run(folder / "adg-retry", at=folder, ADG_CERTS=f"{folder}/file/certs", **CERTIFICATE).returncode == 10


@pytest.mark.parametrize(
    ("codes", "ready"), [("wait\n0\n", "adg.waits"), ("21\n0\n", "adg.asked")], ids=["at work", "between tries"]
)
def test_stop_is_handed_on_and_ends_the_tries(checks: Checks, folder: Path, codes: str, ready: str) -> None:
    """Told to stop while adg works, or while adg-retry waits for the next try."""
    shutil.copy(FOLDER / "bin/adg-retry", folder)
    (folder / "adg.codes").write_text(codes)
    with subprocess.Popen([folder / "adg-retry"], env=os.environ | {"ADG_PAUSE": "60"}, stderr=subprocess.DEVNULL) as process:
        while not (folder / ready).exists():
            time.sleep(0.01)
        time.sleep(0.2)
        begun = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code = process.wait()
    runs = len((folder / "adg.asked").read_text().splitlines())
    checks.same("code, runs, at once", (code, runs, time.monotonic() - begun < 10), (143, 1, True))
