"""The modes of all that adg leaves on a machine: with any umask nobody reads scratch, ledger, metastore, locks and reports. What is
published into a folder is for others to read, so it follows the umask.
"""

import re
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cases.hostile.trial import CSV, DAY, Trial, trial
from world.checks import Checks

FILE, FOLDER, SHOWN = 0o600, 0o700, 0o755
RUN_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PRIVATE = ("scratch", "reports", "ledger.db", "metastore.db")
"""Names that begin so, in the workspace or its warehouse, is for its owner alone."""
SCRATCH = "scratch/adg-scratch-RUN"
ROWS = 300_000


@contextmanager
def watching(folder: Path) -> Iterator[dict[str, int]]:
    """The modes of everything that is below a folder at any time during the block, by what it is."""
    found: dict[str, int] = {}
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(0.002):
            look(folder, found)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        ended.set()
        thread.join()
        look(folder, found)


def look(folder: Path, found: dict[str, int]) -> None:
    """Adds what is there now. What a run names after itself is one and the same."""
    for below in ("", "warehouse"):
        for path in (path for name in PRIVATE for path in (folder / below).glob(f"{name}*")):
            for one in [path, *path.rglob("*")]:
                try:
                    status = one.lstat()
                except FileNotFoundError:
                    continue
                kind = "folder" if stat.S_ISDIR(status.st_mode) else "file"
                name = RUN_ID.sub("RUN", str(one.relative_to(folder)))
                found[f"{kind} {name}"] = found.get(f"{kind} {name}", 0) | stat.S_IMODE(status.st_mode)


@pytest.mark.parametrize("umask", [0o000, 0o022], ids=lambda umask: f"{umask:03o}")
def test_files_are_for_their_owner_alone(checks: Checks, umask: int) -> None:
    """A run with records to set aside, one that fails, the doctor, and queries."""
    with trial(CSV) as at:
        at.umask = umask
        rows = b"".join(b"%d,a note of some length\nnone\n" % number for number in range(ROWS))
        with watching(at.folder) as found:
            at.land(b"id,note\n" + rows)
            at.ingest(memory=512)
            at.land(b"id,id\n", "2024-05-02")
            at.ingest("2024-05-02")
            at.measured("doctor", "--module", "trial")
            at.measured("tables")
        wanted = [f"file {SCRATCH}/", f"folder {SCRATCH}", "file reports/trial", "file warehouse/ledger.db"]
        missing = [what for what in wanted if not any(name.startswith(what) for name in found)]
        checks.same(f"umask {umask:03o}: what should be seen, of {len(found)} kinds", missing, [])
        for what, mode in sorted(found.items()):
            if not what.startswith(f"folder {SCRATCH}/"):
                checks.same(f"umask {umask:03o}: {what} is {mode:03o}", mode & ~most(what), 0)
        check_published(checks, at, umask)


def most(what: str) -> int:
    """The mode that something may have. Whoever may write into a folder replaces what is in it; what is in scratch lies behind the
    run's own folder.
    """
    if what.startswith("file"):
        return FILE
    return FOLDER if what == f"folder {SCRATCH}" else SHOWN


def check_published(checks: Checks, at: Trial, umask: int) -> None:
    """Its readers are others."""
    (folder,) = (path for value, path in at.table("trial", "things").partitions.items() if value == DAY)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in folder.glob("*.parquet")}
    checks.same(f"umask {umask:03o}: files of tables", modes, {0o666 & ~umask})
