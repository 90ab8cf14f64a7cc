"""The units, as systemd reads them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cases.cluster.files import files
from world.checks import Checks

pytestmark = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units in a folder, with the binary that is tested."""
    for path in files(".service", ".timer"):
        (tmp_path / path.name).write_text(path.read_text().replace("/opt/adg/bin/adg ", f"{os.environ['ADG_BIN']} "))
    return tmp_path


def verified(unit: Path) -> subprocess.CompletedProcess[str]:
    """Asks systemd about an instance of a template beside it."""
    template = unit.with_name(f"adg@{unit.suffix}")
    unit.write_text(template.read_text())
    # Only these units, not those of the machine.
    environment = os.environ | {"SYSTEMD_UNIT_PATH": f"{unit.parent}:"}
    return subprocess.run(["systemd-analyze", "verify", unit], env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("kind", ["service", "timer"])
def test_unit_is_taken(checks: Checks, units: Path, kind: str) -> None:
    """An instance of the template."""
    done = verified(units / f"adg@vacancy.{kind}")
    checks.same("systemd-analyze verify", (done.returncode, done.stdout + done.stderr), (0, ""))


def test_wrong_unit_is_noticed(units: Path) -> None:
    """A service of its kind can't be restarted always."""
    unit = units / "adg@.service"
    unit.write_text(unit.read_text().replace("Restart=on-failure", "Restart=always"))
    assert verified(units / "adg@vacancy.service").returncode != 0
