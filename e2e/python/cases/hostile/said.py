"""Everything that a run says, and what may not stand in it: terminal sequences, forged lines, floods."""

import re
import unicodedata
from functools import partial

from cases.hostile.trial import Ended, Trial, calm
from world.checks import Checks

ESCAPE = "\x1b]0;owned\x07\x1b[31m"
FORGED = "2024-05-01 things: completed"
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
"""Characters that JSON must escape."""
BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def unsafe(text: str) -> list[str]:
    """Lists characters that do something to a terminal, or make a text look like another."""
    return sorted({repr(c) for c in text if (unicodedata.category(c) == "Cc" and c != "\n") or c in BIDI})


def check_said(checks: Checks, what: str, ended: Ended) -> None:
    """Finds nothing that was said with such a character, or looks like a line of adg's own."""
    text = (ended.stdout + ended.stderr).decode(errors="strict")
    checks.same(f"{what}: control characters in what was said", unsafe(text), [])
    checks.same(f"{what}: forged lines in what was said", [line for line in text.split("\n") if line.startswith(FORGED)], [])
    longest = max(map(len, text.split("\n")), default=0)
    checks.same(f"{what}: the longest line, of {longest}, is no flood", longest < 100_000, True)


def count_events(ended: Ended) -> int:
    """Counts the lines of the log that are JSON."""
    return len(ended.events())


def check_both_logs(checks: Checks, what: str, at: Trial, codes: tuple[int, ...]) -> None:
    """Runs the same with either log, and looks into its report."""
    for log in ("json", "human"):
        ended = at.ingest(log=log)
        calm(checks, f"{what}, {log}", ended, codes)
        check_said(checks, f"{what}, {log}", ended)
        if log == "json":
            checks.gives(f"{what}: each line of the log is JSON", partial(count_events, ended), len(ended.stderr.splitlines()))
    reports = [file.read_text() for file in (at.folder / "reports").iterdir()]
    checks.same(f"{what}: reports with a raw control character", [text for text in reports if CONTROL.search(text)], [])
