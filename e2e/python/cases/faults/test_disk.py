"""Disks in trouble: full at every point of a run, read-only, and files where folders are to be.

Full disks are small file systems in memory, which only root may mount: for others these scenarios are left out.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cases.faults.folder_world import Embedded
from cases.faults.wire_case import check_whole, explained
from cases.faults.wire_world import LARGE, day
from world.checks import Checks
from world.job import Ran

pytestmark = pytest.mark.timeout(600)
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount disks")
PAGE = 4096
STEPS = range(64)
"""Free pages of a disk on which a run meets its end: with the most of them it is done."""
FULL = "No space left on device"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace is made there."""
    return tmp_path.resolve() / "work"


@contextmanager
def disk(folder: Path, options: str) -> Iterator[Path]:
    """A file system in memory."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "adg-test", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def remount(folder: Path, options: str) -> None:
    """Gives it other options."""
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


def check_failed(checks: Checks, what: str, ran: Ran, words: tuple[str, ...], hint: str = "") -> None:
    """It ends with 21, says what was to be done where and why not, and what to do."""
    checks.same(f"{what}: exit code", explained(ran, 21), 21)
    for one in ran.complaints():
        checks.same(f"{what}: `{one.message:.300}` names all", [word for word in words if word not in one.message], [])
        checks.same(f"{what}: its hint `{one.hint:.150}` says what to do", bool(one.hint) and hint in one.hint, True)
    checks.same(f"{what}: an error is told", bool(ran.complaints()), True)


def check_again(checks: Checks, world: Embedded, what: str, name: str) -> None:
    """The same command, when there is nothing wrong any more."""
    ran = world.run(name, day())
    checks.same(f"{what}, run again: exit code", explained(ran, 0), 0)
    check_whole(checks, world, f"{what}, run again", name)
    checks.same(f"{what}, run again: files that nothing points at", world.strays(name), [])
    scratch = world.job.folder / "scratch"
    left = list(scratch.iterdir()) if scratch.is_dir() else []
    checks.same(f"{what}, run again: what is left in scratch", left, [])


def test_scratch_that_is_a_file_is_told(checks: Checks, folder: Path) -> None:
    """Nothing can be done with it; running again alone does not help, so that the hint must say more."""
    what, world = "scratch is a file", Embedded(folder)
    world.module("a_file", retention=0)
    world.land("a_file", day())
    (folder / "scratch").write_text("a file")
    check_failed(checks, what, world.run("a_file", day()), ("scratch folder",), "scratch")
    (folder / "scratch").unlink()
    check_again(checks, world, what, "a_file")


def test_reports_that_are_a_file_fail_no_run(checks: Checks, folder: Path) -> None:
    """A report that can't be written fails no run."""
    what, world = "reports is a file", Embedded(folder)
    world.module("no_report", retention=0)
    world.land("no_report", day())
    (folder / "reports").write_text("a file")
    ran = world.run("no_report", day())
    checks.same(f"{what}: exit code", explained(ran, 0), 0)
    told = [event["event"] for event in ran.events() if event["level"] == "WARN"]
    checks.same(f"{what}: it is told", told, ["report_not_written"])
    check_whole(checks, world, what, "no_report")


@as_root
def test_full_scratch_is_told(checks: Checks, folder: Path) -> None:
    """Records that are no rows go to scratch first: more of them than it takes."""
    what, name, world = "scratch is full", "bad_rows", Embedded(folder)
    world.module(name, retention=0, quarantine_rate=1)
    bad = "".join(f"{number},too,many,fields,{'x' * 500}\n" for number in range(8000))
    world.land_beside(name, day(), bad)
    with disk(folder / "scratch", "size=1m"):
        check_failed(checks, what, world.run(name, day()), ("scratch/adg-scratch-", "quarantine", FULL))
        checks.same(f"{what}: what is registered", world.partitions(name), {})
        checks.same(f"{what}: what is left of it", (world.files(name), list((folder / "scratch").iterdir())), ([], []))
        remount(folder / "scratch", "size=64m")
        check_again(checks, world, what, name)


@as_root
def test_read_only_scratch_ends_the_run_at_once(checks: Checks, folder: Path) -> None:
    """The run ends before anything is read."""
    what, name, world = "scratch is read-only", "read_only", Embedded(folder)
    world.module(name, retention=0)
    world.land(name, day())
    with disk(folder / "scratch", "size=1m,ro"):
        check_failed(checks, what, world.run(name, day()), ("scratch folder", "Read-only"), "scratch")
        remount(folder / "scratch", "rw")
        check_again(checks, world, what, name)


@as_root
def test_full_warehouse_publishes_nothing(checks: Checks, folder: Path) -> None:
    """While Parquet files are written, which are larger than the disk is."""
    what, name, world = "what is published has no room", "no_room", Embedded(folder)
    world.module(name, retention=0)
    with disk(world.warehouse, "size=4m"):
        world.land(name, day(1))
        world.job.expect(0, *world.words(name, day(1)))
        before = world.partitions(name)
        world.land(name, day(), LARGE)
        ran = world.run(name, day())
        check_failed(checks, what, ran, ("published", f"{name}/date_uploaded={day()}", FULL))
        checks.same(f"{what}: what is registered", world.partitions(name), before)
        checks.same(f"{what}: what is wrong, and what nothing points at", (world.wrong(name), world.strays(name)), ([], []))
        remount(world.warehouse, "size=64m")
        ran = world.run(name, day())
        checks.same(f"{what}, run again: exit code", explained(ran, 0), 0)
        found = list(world.partitions(name)), world.wrong(name), world.strays(name)
        wanted = [str(day()), str(day(1))]
        checks.same(f"{what}, run again: days, what is wrong, and what nothing points at", found, (wanted, [], []))


@as_root
def test_disk_that_fills_up_leaves_whole_days(checks: Checks, folder: Path) -> None:
    """The disk is full a little later each time: in the ledger, in the files, in the metastore, in the ledger again."""
    what, name, world = "a disk that is full a little later each time", "filling", Embedded(folder)
    world.module(name, retention=0)
    codes: list[int] = []
    said: set[str] = set()
    with disk(world.warehouse, "size=2m"):
        world.land(name, day(), 4000)
        world.job.expect(0, *world.words(name, day()))
        for pages in STEPS:
            rows = 4001 + pages
            old = world.landed[name, day()]
            world.land(name, day(), rows)
            fill(world.warehouse, pages)
            ran = world.run(name, day())
            (world.warehouse / "filler").unlink()
            codes.append(ran.code)
            said |= {re.sub(r"[0-9a-f]{8}-[0-9a-f-]+", "RUN", one.message) for one in ran.complaints()}
            check_step(checks, world, f"{what}, {pages} pages", name, ran, old)
        for message in sorted(said):
            print(f"       {what}: {message}")
        checks.same(f"{what}: exit codes", set(codes), {0, 21})
        checks.same(f"{what}: the last of {codes}", codes[-1], 0)
        world.land(name, day(), 200)
        check_again(checks, world, what, name)


def check_step(checks: Checks, world: Embedded, what: str, name: str, ran: Ran, old: str) -> None:
    """Done, or not done and told; in any case readers see all of the new rows, or all of the old ones."""
    if ran.code not in (0, 21) or (ran.code == 21 and not all(one.hint for one in ran.complaints())):
        checks.fail(f"{what}: exit code and hints", f"{explained(ran, 0)!r:.600}")
    wrong = world.wrong(name)
    if wrong and ran.code:
        world.landed[name, day()] = old
        wrong = world.wrong(name)
    if wrong:
        checks.fail(f"{what}: what readers see after exit code {ran.code}", f"neither the old rows nor the new: {wrong}")


def fill(folder: Path, pages: int) -> None:
    """Leaves only so many pages free."""
    state = os.statvfs(folder)
    with (folder / "filler").open("wb") as filler:
        filler.write(bytes(max(0, state.f_bavail * state.f_frsize - pages * PAGE)))
