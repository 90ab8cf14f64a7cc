"""The scripts that are not yet cases, each as one test."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cases.unconverted import SCRIPTS

ROOT = Path(__file__).parents[1]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", SCRIPTS)
def test_script_finds_nothing_wrong(name: str) -> None:
    """The script prints its checks as it makes them."""
    words = [word for word in SCRIPTS[name] if "/shared/" in word]
    if any(not Path(word).exists() for word in words):
        pytest.skip(f"{words} is not there")
    subprocess.run([sys.executable, "-m", name, *SCRIPTS[name]], cwd=ROOT, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
