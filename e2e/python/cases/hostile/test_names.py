"""Names that are written to be more than names: paths, SQL, terminal sequences. As headers, keys, and files of the source."""

import csv
import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from cases.hostile.said import ESCAPE, FORGED, check_both_logs, check_said, unsafe
from cases.hostile.trial import CSV, DAY, LINES, MIB, Trial, calm, next_day_works, trial
from world.checks import Checks

NAMES = {
    "../../etc/passwd": "etc_passwd",
    "%2F": "2f",
    "a/b": "a_b",
    'say "x"': "say_x",
    "it's": "it_s",
    "a`b": "a_b2",
    "x); drop table things; --": "x_drop_table_things",
    "y` bigint) location '/etc": "y_bigint_location_etc",
    "array<z>": "array_z",
    "two\nlines": "two_lines",
    "a\ttab": "a_tab",
    f"{ESCAPE}red": "0_owned_31mred",
    "\u202etxt.exe": "txt_exe",
    "\x9b31mc1": "31mc1",
    "s" * 10_240: "s" * 10_240,
    "${env:HOME}": "$_env_home",
    "{0}{date}": "0_date",
    "\u0455cope": "cope",
}
"""With the columns that they become. Some would become one: a number tells these apart."""
REFUSED = {
    "a column of adg's": ["\x1b]error\x07\x1b[desc", "x"],
    "adg's column in other words": ["Error\nDesc", "x"],
    "the partition's": ["date\tuploaded", "x"],
    "punctuation alone": ["\x1b]!\n!", "x"],
    "a name twice": [f"a\n{FORGED}", f"a\n{FORGED}"],
    "two names of one column": [f"a{ESCAPE}", f"a {ESCAPE}"],
    "two names, one from right to left": ["\u202ea", "a"],
    "two names, one with a C1 character": ["\x9ba", "a"],
    "two names of a megabyte": ["n" * MIB, "n" * MIB + "?"],
}
"""Headers that make no table."""
COLUMN = re.compile(r"  `[a-z0-9_$]+` [a-z0-9_$<>:,()`]+,?")
MEMBER = re.compile(r"[<,]([^<>:,]+):")
PLAIN = re.compile(r"(?!([0-9]+([lsdfy]|bd)?|[0-9]+e[0-9]+)$)[a-z0-9_]+|`[^`]+`")
"""A member's name as Spark reads it: without quotes, no number and no dollar sign."""


def distinct(names: dict[str, str]) -> list[str]:
    """The names, so that no two become one column."""
    return [name if not column.endswith("2") else f"{name}2" for name, column in names.items()]


def hostile_text(way: str) -> str:
    """Writes a row whose names are hostile, as CSV or as JSON."""
    names = distinct(NAMES)
    row = {name: {name: 1} for name in names}
    opened = io.StringIO()
    csv.writer(opened).writerows([["id", *names], [1, *[1] * len(names)]])
    # JSON must write control characters as escapes, as its writers do.
    return opened.getvalue() if way == CSV else json.dumps({"id": 1} | row, ensure_ascii=False)


@pytest.mark.parametrize("way", [CSV, LINES], ids=["csv", "json"])
def test_hostile_names_become_harmless_columns(checks: Checks, way: str) -> None:
    """As headers, as keys and as members of objects; statements name them as such."""
    with trial(way) as at:
        at.land(hostile_text(way).encode())
        what = f"{way}, hostile names"
        check_both_logs(checks, what, at, (0,))
        wanted = ["id", *NAMES.values(), "error_desc"]
        checks.gives(f"{what}: columns", lambda: list(at.table("trial", "things").columns), wanted)
        described = at.measured("describe", "trial.things")
        check_said(checks, f"{what}, described", described)
        body = described.stdout.decode().partition("\n)\nPARTITIONED BY (`date_uploaded` date)\nSTORED AS PARQUET\n")[0]
        first, *lines = body.split("\n")
        checks.same(f"{what}: the statement's first line", first, "CREATE EXTERNAL TABLE trial.things (")
        checks.same(f"{what}: lines that are no columns", [line for line in lines if not COLUMN.fullmatch(line)], [])
        checks.same(f"{what}: columns of the statement", len(lines), len(wanted))
        members = [name for line in lines for name in MEMBER.findall(line)]
        unquoted = [name for name in members if not PLAIN.fullmatch(name)]
        checks.same(f"{what}: of {len(members)} members, names that need quotes and have none", unquoted, [])
        checks.same(f"{what}: folders", folders(at), [f"data/trial/things/date_uploaded={DAY}"])
        next_day_works(checks, what, at)


def folders(at: Trial) -> list[str]:
    """Where files are published, without the runs' own folders."""
    warehouse = at.folder / "warehouse"
    return sorted({str(file.parent.parent.relative_to(warehouse)) for file in warehouse.rglob("*.parquet")})


@pytest.mark.parametrize("what", REFUSED)
def test_refused_header_is_told_harmlessly(checks: Checks, what: str) -> None:
    """Headers that make no table."""
    header = REFUSED[what]
    opened = io.StringIO()
    csv.writer(opened, quoting=csv.QUOTE_ALL).writerows([header, [1, 2]])
    with trial(CSV) as at:
        at.land(opened.getvalue().encode())
        check_both_logs(checks, what, at, (12,))
        checks.same(f"{what}: published", folders(at), [])
        next_day_works(checks, what, at)


def test_hostile_record_is_one_line_of_quarantine(checks: Checks) -> None:
    """The record may have any bytes."""
    with trial(CSV) as at:
        records = [f"{ESCAPE},,", "\u2028,\u2029,\x85", "\x9b31m,,", '"two\nlines",,', "\0,\0,\0"]
        at.land("\n".join(["id,note", *records, "1,x", ""]).encode() + b"\xff\xfe,,\n")
        check_both_logs(checks, "hostile records", at, (0,))
        lines = [line for file in at.quarantined() for line in file.read_bytes().split(b"\n") if line]
        texts = [json.loads(line)["text"] for line in lines[: len(records)]]
        checks.same("hostile records: set aside as they are", texts, records)
        reasons = [json.loads(line)["reason"] for line in lines]
        checks.same("hostile records: reasons with a control character", [one for one in reasons if unsafe(one)], [])


def test_hostile_file_names_are_read_as_names(checks: Checks) -> None:
    """Names that are no keys are left out and stop nothing."""
    safe = ["", "-..", "-%2F", "-%2e%2e%2f", "-a b", "-it's", '-"x"', "-;x", "-$(x)", "-`x`"]
    safe += ["-\u0455", "-\u202ex", "-" + "n" * 200]
    unsafe_names = [f"-{ESCAPE}", "-two\nlines", "-\x9b31m", "-\x7f"]
    with trial(CSV) as at:
        module = (at.folder / "modules/trial.yaml").read_text()
        at.module("trial", module.replace("{collection}", "{collection}*").replace("csv:", "pick: all, csv:"))
        for number, name in enumerate([*safe, *unsafe_names]):
            (at.source / f"{DAY}_things{name}.data").write_text(f"id,note\n{number},{number}\n")
        (at.source / os.fsdecode(f"{DAY}_things-".encode() + b"\xff.data")).write_text("id\n99\n")
        check_both_logs(checks, "hostile file names", at, (0,))
        checks.same("hostile file names: rows of those that are keys", at.report()["rows_written"] >= len(safe), True)


ODD: dict[str, Callable[[str], None]] = {
    "a pipe": os.mkfifo,
    "a folder": os.mkdir,
    "a link that leads nowhere": lambda path: os.symlink("nowhere", path),
    "a link to itself": lambda path: os.symlink(Path(path).name, path),
    "a link to a device": lambda path: os.symlink("/dev/zero", path),
    "a link to a file out of the source": lambda path: os.symlink("../elsewhere.csv", path),
    "a link to a folder": lambda path: os.symlink("/proc/self", path),
}
"""Entries of the source that are no files of it."""


@pytest.mark.parametrize("what", ODD)
def test_entry_that_is_no_file_is_left_out(checks: Checks, what: str) -> None:
    """The run neither waits for it nor follows it."""
    with trial(CSV) as at:
        (at.folder / "elsewhere.csv").write_bytes(b"id,note\n1,x\n")
        ODD[what](str(at.source / f"{DAY}_things.data"))
        calm(checks, f"{what} for a file", at.ingest(patience=10), (13,))
        (at.source / f"{DAY}_things.data").rename(at.folder / "away")
        next_day_works(checks, what, at)
