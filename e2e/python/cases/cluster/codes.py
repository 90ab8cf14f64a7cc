"""Exit codes, as the README of `cluster_config` and the binary list them."""

import os
import re
import subprocess

from cases.cluster.files import FOLDER

ROW = re.compile(r"^\| ((?:\d+(?:, )?)+) \|.*?\| (no|yes) \|", re.MULTILINE)
KILLED, STOPPED = 137, 143
"""A shell's codes for SIGKILL and SIGTERM; adg itself ends with the second where it is told to stop."""


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


def worth_another_try() -> set[int]:
    """Lists the codes after which a run may well succeed at once."""
    return {code for code, is_worth in table().items() if is_worth}
