"""Eight processes share the dates of a module: S3 and the ledger of moto, the real Hive Metastore."""

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pyspark.sql import SparkSession

from world.checks import Checks, cause
from world.job import Ran
from world.soak_scene import SoakScene, World, by_name, world
from world.soak_source import TYPES

SHARDS = 8
DAYS = 16
HELD = 22


@pytest.fixture(scope="module")
def place(spark: SparkSession) -> Iterator[World]:
    """A metastore of its own, whose Hadoop takes a folder for the bucket."""
    with world(spark) as made:
        yield made


@pytest.fixture
def scene(place: World, request: pytest.FixtureRequest) -> Iterator[SoakScene]:
    """A module without any dates."""
    with SoakScene.set(place, f"shards_{request.node.originalname.removeprefix('test_')[:12]}") as made:
        yield made


def start(scene: SoakScene, shard: str, days: list[date]) -> subprocess.Popen[str]:
    """A process that does its share of these days."""
    return scene.job.start("--module", scene.module, "--shard", shard, **by_name(days).variables)


def ended(process: subprocess.Popen[str]) -> Ran:
    """How it did."""
    stdout, stderr = process.communicate()
    return Ran(process.returncode, stdout, stderr, 0)


def leases(scene: SoakScene) -> dict[str, dict[str, Any]]:
    """Those that are held, by name."""
    return {item["DataProduct"]: item for item in scene.items(f"adg#{scene.module}") if "token" in item and not item["released"]}


def expire(scene: SoakScene, lease: str) -> None:
    """Ends it."""
    scene.set_attribute("expires", f"adg#{scene.module}", lease, datetime.now(UTC) - timedelta(seconds=1))


def holds_the_module(scene: SoakScene, process: subprocess.Popen[str]) -> bool:
    """If it has the whole module, as each process does for moments."""
    held = leases(scene).get("lease")
    return held is not None and held["holder"]["process"] == process.pid


def pause(scene: SoakScene, process: subprocess.Popen[str]) -> None:
    """Stops it while it has its share alone: the others would wait for the whole module until its lease is over."""
    while True:
        process.send_signal(signal.SIGSTOP)
        # A request may be on its way.
        time.sleep(0.2)
        if not holds_the_module(scene, process):
            return
        process.send_signal(signal.SIGCONT)
        time.sleep(0.05)


def wait_for(scene: SoakScene, lease: str) -> None:
    """Until somebody holds it."""
    until = time.monotonic() + 60
    while lease not in leases(scene):
        if time.monotonic() > until:
            raise RuntimeError(f"nobody takes {lease}: {leases(scene)}")
        time.sleep(0.01)


def attempts(scene: SoakScene) -> list[dict[str, Any]]:
    """All that the ledger has."""
    return [item["attempt"] for item in scene.items(f"adg#{scene.module}") if "attempt" in item]


def compare(checks: Checks, scene: SoakScene, what: str) -> None:
    """All rows are as the source has them, once."""
    state = scene.look()
    for cell in scene.source.cells():
        try:
            scene.reader.see(cell, state)
        except ValueError as error:
            checks.fail(f"{what}: {cell}", cause(error))
    checks.same(f"{what}: what is not as the source", sorted(scene.reader.stale()), [])
    checks.same(f"{what}: what nothing speaks for", sorted(state.homeless()), [])
    checks.same(f"{what}: leases", sorted(leases(scene)), [])
    for name in TYPES:
        found, wanted = scene.reader.types(name), scene.source.columns(name)
        # The order is that in which they came, and of two shards either may come first.
        checks.same(f"{what}: columns of {name}", sorted(found.items()), sorted(wanted.items()))


@pytest.mark.timeout(600)
def test_eight_processes_do_each_date_once(checks: Checks, scene: SoakScene) -> None:
    """Tables are made, and get columns, while others write."""
    days = scene.source.next_days(DAYS)
    scene.source.land(days)
    processes = [start(scene, f"{number}/{SHARDS}", days) for number in range(1, SHARDS + 1)]
    wait_for(scene, f"lease#2/{SHARDS}")
    # On a busy machine it would be done before the last of the others has begun.
    pause(scene, processes[1])
    others = [
        scene.job.run("--module", scene.module, "--shard", "1/3", **by_name(days).variables),
        scene.job.run("--module", scene.module, "--shard", f"2/{SHARDS}", **by_name(days).variables),
        scene.job.run("--module", scene.module, **by_name(days).variables),
        scene.job.run("undo", "--module", scene.module, "--run", "01900000-0000-7000-8000-000000000000"),
    ]
    processes[1].send_signal(signal.SIGCONT)
    checks.same(
        "refused: another number of shards, the same shard, the whole module, an undo", [ran.code for ran in others], [HELD] * 4
    )
    done = [ended(process) for process in processes]
    checks.same("exit codes", [ran.code for ran in done], [0] * SHARDS)
    for ran in done:
        if ran.code:
            print(ran.stderr[-3000:])
    by_run: dict[str, set[str]] = {}
    found = attempts(scene)
    for attempt in found:
        by_run.setdefault(attempt["run_id"], set()).add(attempt["date"])
    counts = Counter((attempt["collection"], attempt["date"]) for attempt in found)
    checks.same("attempts at each date", sorted(set(counts.values())), [1])
    checks.same("dates of each process", sorted(len(dates) for dates in by_run.values()), [DAYS // SHARDS] * SHARDS)
    epoch = date(1970, 1, 1)
    shares = [{(date.fromisoformat(day) - epoch).days % SHARDS for day in dates} for dates in by_run.values()]
    checks.same("each of one share", sorted(map(sorted, shares)), [[number] for number in range(SHARDS)])
    changed = sum(event.get("event") == "table_changed" for ran in done for event in ran.events())
    print(f"       dates done anew, as another shard had changed their table: {changed}")
    compare(checks, scene, "eight processes")


@pytest.mark.timeout(600)
def test_dates_of_a_dead_process_are_done_by_its_successor(checks: Checks, scene: SoakScene) -> None:
    """The successor has the same number; the others go on."""
    days = scene.source.next_days(DAYS)
    scene.source.land(days)
    scene.job.expect(0, "--module", scene.module, **by_name(days).variables)
    scene.source.land(days)
    processes = [start(scene, f"{number}/2", days) for number in (1, 2)]
    wait_for(scene, "lease#1/2")
    time.sleep(1)
    processes[0].kill()
    processes[0].communicate()
    if holds_the_module(scene, processes[0]):
        # That lease is over, lest the other waits for two minutes.
        expire(scene, "lease")
    checks.same("the other goes on", ended(processes[1]).code, 0)
    checks.same("the dead one's lease", sorted(leases(scene)), ["lease#1/2"])
    again = scene.job.run("--module", scene.module, "--shard", "1/2", **by_name(days).variables)
    checks.same("held for two minutes", (again.code, "#1/2` until" in again.stderr), (HELD, True))
    expire(scene, "lease#1/2")
    scene.job.expect(0, "--module", scene.module, "--shard", "1/2", **by_name(days).variables)
    compare(checks, scene, "one died")
    scene.job.expect(0, "--module", scene.module, END_DT=str(days[-1]))
    checks.same("nothing to do", scene.job.report()["days"], [])
