"""Faults over the wire: a proxy stands between adg and each service, and calls go wrong there.

After each fault the exit code and the messages must be ones to act on, readers must see whole days, and the same command again must
give the right table, value for value.

Usage: ADG_BIN=… wire_faults.py [NAME …], of endless, s3, dynamodb, glue, hive, keys, disk, sleeper, runs and spark; all where
none is named. Prints each check; exits 1 where one fails.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

from cases.faults import test_beside_spark as beside_spark
from cases.faults import test_disk as disk_faults
from cases.faults import test_glue as glue_faults
from cases.faults import test_hive as hive_faults
from cases.faults import test_keys as key_faults
from cases.faults import test_ledger as ledger_faults
from cases.faults import test_s3 as s3_faults
from cases.faults import test_sleepers as sleepers
from world.aws import accounts
from cases.faults.aws_world import Aws
from world.checks import Checks
from world.fault_proxy import Proxy, http_proxy
from cases.faults.folder_world import Embedded
from world.hive_client import HiveClient
from cases.faults.hive_world import InHive, hive_client
from world.module_scene import ModuleScene
from world.scene import DYNAMODB_LEDGER, People
from world.hive import Hive
from world.hive import hive as hive_metastore
from world.key_service import KeyService, key_service
from world.moto import Moto, moto
from world.process import HOST
from world.spark import metastore_at, session
from world.stream_proxy import tcp_proxy, thrift_proxy

REGIONS = ["eu-west-1", "eu-west-3", "eu-south-1", "ca-central-1"]
"""Of what runs beside all else."""


class Stage:
    """The services, each started when it is first needed."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self.stack = stack
        self.folder = folder
        self._moto: Moto | None = None
        self._people: People | None = None
        self._keys: KeyService | None = None
        self._hive: tuple[Hive, HiveClient] | None = None

    def people(self) -> People:
        """Who is in AWS."""
        if self._people is None:
            self._moto = self.stack.enter_context(moto(unchecked=True))
            self._people = People(*accounts(self._moto))
        return self._people

    def aws(self, region: str) -> Aws:
        """A region, behind a proxy of its own."""
        people = self.people()
        proxy = self.stack.enter_context(http_proxy(people.home.url))
        return Aws(people, region, self.folder, proxy)

    def keys(self, region: str) -> tuple[ModuleScene, Proxy]:
        """Encrypted files, and the key service behind a proxy."""
        if self._keys is None:
            self._keys = self.stack.enter_context(key_service())
        proxy = self.stack.enter_context(tcp_proxy(self._keys.url))
        return key_faults.scene_of(self.people(), region, self.folder, self._keys, proxy), proxy

    def hive(self, name: str, services: int = 1, **more: Any) -> InHive:
        """Folders, and the metastore behind proxies of their own."""
        if self._hive is None:
            metastore = self.stack.enter_context(hive_metastore())
            self._hive = metastore, self.stack.enter_context(hive_client(metastore.uri))
        metastore, client = self._hive
        proxies = [self.stack.enter_context(thrift_proxy(metastore.uri)) for _ in range(services)]
        return InHive(self.folder / name, client, proxies, **more)


Beside = list[Callable[[Checks], None]]
"""What mostly waits, and so runs beside all else."""


def s3(checks: Checks, stage: Stage) -> Beside:
    """S3 in trouble."""
    s3_faults.run(checks, stage.aws("eu-west-2"))
    return []


def dynamodb(checks: Checks, stage: Stage) -> Beside:
    """The ledger in trouble."""
    ledger_faults.run(checks, stage.aws("eu-central-1"))
    return []


def glue(checks: Checks, stage: Stage) -> Beside:
    """Glue in trouble."""
    glue_faults.run(checks, stage.aws("eu-north-1"))
    return []


def hive(checks: Checks, stage: Stage) -> Beside:
    """A Hive Metastore in trouble."""
    hive_faults.run(checks, stage.hive("hive"))
    hive_faults.another(checks, stage.hive("two", services=2))
    hive_faults.back_again(checks, stage.hive("patient", timeout=30))
    hive_faults.dead_after_acting(checks, stage.hive("dying"))
    return []


def keys(checks: Checks, stage: Stage) -> Beside:
    """The key service in trouble."""
    key_faults.run(checks, *stage.keys("eu-central-2"))
    return []


def endless(checks: Checks, stage: Stage) -> Beside:
    """Storms that do not end, and connections that stand still."""
    beside: Beside = []
    scenarios = s3_faults.endless, s3_faults.long_storm, s3_faults.stands_still, ledger_faults.without_end
    for region, scenario in zip(REGIONS, scenarios, strict=True):
        beside.append(partial(_swapped, scenario, stage.aws(region)))
    at = stage.keys("eu-south-2")
    beside.append(lambda own: key_faults.never(own, *at))
    return beside


def _swapped(scenario: Callable[[Checks, Aws], None], world: Aws, checks: Checks) -> None:
    scenario(checks, world)


def disk(checks: Checks, stage: Stage) -> Beside:
    """Disks in trouble."""
    disk_faults.run(checks, stage.folder / "disks")
    return []


def sleeper(checks: Checks, stage: Stage) -> Beside:
    """Holders that sleep past their leases."""
    sleepers.in_aws(checks, stage.aws("us-east-1"))
    region = "us-east-2"
    ledger = stage.aws(region)
    places: dict[str, Any] = {"user": ledger.job.user, "region": region, "endpoint": ledger.proxy.url}
    sleepers.in_hive(checks, stage.hive("asleep", ledger=DYNAMODB_LEDGER, **places), ledger)
    sleepers.embedded(checks, Embedded(stage.folder / "embedded"))
    return []


def runs(checks: Checks, stage: Stage) -> Beside:
    """Several runs at once."""
    sleepers.runs(checks, stage.aws("us-west-2"))
    return []


def spark(checks: Checks, stage: Stage) -> Beside:
    """adg beside Spark."""
    world = stage.hive("spark", timeout=60)
    service = f"thrift://{HOST}:{world.proxy.upstream[1]}"
    running = session(stage.folder, metastore_at(service))
    try:
        beside_spark.run(checks, world, running)
    finally:
        running.stop()
    return []


SCENARIOS: dict[str, Callable[[Checks, Stage], Beside]] = {
    "endless": endless,
    "s3": s3,
    "dynamodb": dynamodb,
    "glue": glue,
    "hive": hive,
    "keys": keys,
    "disk": disk,
    "sleeper": sleeper,
    "runs": runs,
    "spark": spark,
}


def alone(scenario: Callable[[Checks], None]) -> int:
    """Runs a scenario with checks of its own; how many were wrong."""
    checks = Checks()
    scenario(checks)
    return checks.wrong


def main() -> None:
    """Those that are named, or all."""
    names = sys.argv[1:] or list(SCENARIOS)
    checks = Checks()
    begun = time.monotonic()
    with ExitStack() as stack:
        stage = Stage(stack, Path(stack.enter_context(tempfile.TemporaryDirectory())).resolve())
        pool = stack.enter_context(ThreadPoolExecutor())
        beside: list[Future[int]] = []
        for name in names:
            started, wrong = time.monotonic(), checks.wrong
            beside += [pool.submit(alone, scenario) for scenario in SCENARIOS[name](checks, stage)]
            print(f"{name}: {checks.wrong - wrong} wrong, {time.monotonic() - started:.0f} s", flush=True)
        checks.wrong += sum(one.result() for one in beside)
    print(f"\n{checks.wrong} wrong, {time.monotonic() - begun:.0f} s")
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
