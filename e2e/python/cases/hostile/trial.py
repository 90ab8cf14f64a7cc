"""The binary under input that is meant to harm it: each run is bounded in time, and its memory measured."""

import gzip
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from world.adg import VARIABLES, Workspace
from world.checks import Checks

MODULE = """\
version: 1
module: trial
source: {{ min_known: 0, files: "{{date}}_{{collection}}.data", {source} }}
limits: {{ error_rate: 1, quarantine_rate: {quarantine_rate} }}
target: {{ database: trial }}
collections: {{ things: {{}} }}
"""
CSV, LINES, ENVELOPE = "csv: {}", "json: {}", "json: { records: data }"
DAY, NEXT = "2024-05-01", "2024-05-02"
GOOD = {CSV: b"id,note\n1,good\n", LINES: b'{"id":1,"note":"good"}\n', ENVELOPE: b'{"data":[{"id":1,"note":"good"}]}'}
MIB = 1 << 20
LEAST = 128
"""The least memory that a run may be given, in MiB."""
SLACK = 1.3
"""The factor by which a process may exceed the memory that it was given."""
PATIENCE = 20
"""Seconds that a run has, unless it has much to read."""
BUG, KILLED = 70, -9
LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True)
class Ended:
    """How a run ended, and what it took."""

    code: int
    seconds: float
    mib: int
    """The most memory that it held."""
    stdout: bytes
    stderr: bytes

    def events(self) -> list[dict[str, Any]]:
        """Gives the events that it logged."""
        return [json.loads(line) for line in self.stderr.splitlines() if line.startswith(b"{")]

    def told(self) -> str:
        """Its errors."""
        return "\n".join(str(event["error"]) for event in self.events() if "error" in event)

    def is_bug(self) -> bool:
        """Whether it stopped where it should never come."""
        return self.code == BUG or b"panicked" in self.stderr or b'"event":"panic"' in self.stderr


class Trial(Workspace):
    """A workspace with one table, whose files are written in one of the ways."""

    def __init__(self, folder: Path, source: str, quarantine_rate: float = 1) -> None:
        super().__init__(folder)
        self.way = source
        self.umask = -1
        """None of its own."""
        self.module("trial", MODULE.format(source=source, quarantine_rate=quarantine_rate))

    def land(self, content: bytes | Iterable[bytes], day: str = DAY) -> None:
        """A day's file, packed or not."""
        with (self.source / f"{day}_things.data").open("wb") as file:
            file.writelines([content] if isinstance(content, bytes) else content)

    def ingest(self, day: str = DAY, memory: int = LEAST, patience: float = PATIENCE, log: str = "json") -> Ended:
        """Runs a day with so many MiB."""
        days = ("--start-dt", day, "--end-dt", day)
        return self.measured("--module", "trial", *days, "--memory", f"{memory}MiB", "--log-format", log, patience=patience)

    def measured(self, *args: str, patience: float = PATIENCE, **variables: str) -> Ended:
        """Runs a command, and kills it where it takes too long."""
        clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        result, out, err = (self.folder.parent / name for name in ("result", "stdout", "stderr"))
        launch: list[str | Path] = [sys.executable, "-S", "-E", LAUNCH, result, str(patience), os.environ["ADG_BIN"]]
        begun = time.monotonic()
        with out.open("wb") as stdout, err.open("wb") as stderr:
            how: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": stdout, "stderr": stderr, "umask": self.umask}
            subprocess.run([*launch, *args], cwd=self.folder, env=clean | variables, check=True, **how)
        seconds = time.monotonic() - begun
        code, kib = map(int, result.read_text().split())
        return Ended(code, seconds, kib // 1024, out.read_bytes(), err.read_bytes())

    def report(self) -> dict[str, Any]:
        """The newest report, of one date."""
        newest = max((self.folder / "reports").iterdir(), key=lambda path: (path.stat().st_mtime_ns, path))
        found: dict[str, Any] = json.loads(newest.read_text())["days"][0]
        return found

    def quarantined(self) -> list[Path]:
        """The files of records that were set aside."""
        return sorted((self.folder / "warehouse").rglob("records.jsonl"))


@contextmanager
def trial(source: str, quarantine_rate: float = 1) -> Iterator[Trial]:
    """A trial, until its block ends."""
    with TemporaryDirectory(prefix="adg-trial-") as folder:
        yield Trial(Path(folder) / "work", source, quarantine_rate)


def calm(checks: Checks, what: str, ended: Ended, codes: tuple[int, ...], memory: int = LEAST) -> bool:
    """It ends in time, with one of these codes, holds no more than it was told to, and never panics."""
    print(f"       {what}: exit code {ended.code}, {ended.seconds:.1f} s, {ended.mib} MiB")
    wrong = []
    if ended.code == KILLED:
        wrong.append(f"killed after {ended.seconds:.0f} s")
    elif ended.code not in codes:
        wrong.append(f"exit code {ended.code} instead of one of {codes}: {ended.stderr[-300:]!r}")
    if ended.is_bug():
        wrong.append(f"a bug: {ended.stderr[-300:]!r}")
    if ended.mib > memory * SLACK:
        wrong.append(f"{ended.mib} MiB, where {memory} were given")
    checks.same(f"{what}: ends as it should", wrong, [])
    return not wrong


def names_place(checks: Checks, what: str, ended: Ended, *words: str) -> None:
    """Its error names the file, and where in it."""
    told = ended.told()
    missing = [word for word in (f"{DAY}_things.data", *words) if word not in told]
    checks.same(f"{what}: the message names the file and {' and '.join(words) or 'no more'}, in {told[:200]!r}", missing, [])
    checks.same(f"{what}: the message is short", len(told) < 2000, True)


def next_day_works(checks: Checks, what: str, at: Trial, memory: int = LEAST) -> None:
    """A good file on the next day becomes a row."""
    at.land(GOOD[at.way], NEXT)
    ended = at.ingest(NEXT, memory)
    rows = at.report()["rows_written"] if ended.code == 0 else ended.stderr[-300:]
    checks.same(f"{what}: the next day's rows", rows, 1)


def members(*pieces: tuple[bytes, int], pack: Callable[[bytes], bytes] | None = None) -> Iterator[bytes]:
    """An archive of pieces, each so many times: what is the same is packed once."""
    for piece, times in pieces:
        packed = (pack or (lambda text: gzip.compress(text, 9, mtime=0)))(piece)
        for _ in range(times):
            yield packed


def block(piece: bytes, size: int = 8 * MIB) -> bytes:
    """So many bytes of the same piece."""
    return piece * (size // len(piece))
