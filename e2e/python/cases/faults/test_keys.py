"""A key service whose connections break, at whichever byte of its replies. What it may answer is `cases/jobs/test_key_trouble.py`'s."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cases.faults.wire_case import explained
from cases.faults.wire_world import FIRST
from world.checks import Checks
from world.fault_proxy import Proxy
from world.fault_rules import Cut, Reset, Rule
from world.key_service import DECRYPT, KeyService
from world.module_files import APPLICATION
from world.module_scene import SQLITE_LEDGER, ModuleScene, day_of, load, named
from world.scene import People
from world.stream_proxy import tcp_proxy

(GRANTS,) = APPLICATION.values()
DELTA = load("application")
BREAKS = {True: (0, 250, 1500, 2000), False: (500, 2250)}
"""By whether connections are reset or closed, after how many bytes of what the service says: handshake and reply are some 2,500."""


def scene_of(people: People, region: str, folder: Path, service: KeyService, proxy: Proxy) -> ModuleScene:
    """A day's encrypted files, and adg with the service behind the proxy."""
    behind = replace(service, url=proxy.url.replace("http:", "https:") + DECRYPT)
    scene = replace(ModuleScene.make(people, region, folder, behind, SQLITE_LEDGER), service=service)
    scene.land(FIRST, GRANTS)
    return scene


pytestmark = pytest.mark.timeout(400)


@dataclass
class Behind:
    """A day's encrypted files, and the key service behind a proxy."""

    scene: ModuleScene
    proxy: Proxy


@pytest.fixture
def behind(unchecked_people: People, region: str, key_service: KeyService, tmp_path: Path) -> Iterator[Behind]:
    """Nothing is done yet."""
    with tcp_proxy(key_service.url) as proxy:
        yield Behind(scene_of(unchecked_people, region, tmp_path, key_service, proxy), proxy)


@pytest.mark.parametrize("reset", BREAKS, ids=["reset", "closed"])
def test_key_is_asked_for_until_it_is_there(checks: Checks, behind: Behind, reset: bool) -> None:
    """Connections break in the handshake and in the reply."""
    scene, proxy, places = behind.scene, behind.proxy, BREAKS[reset]
    rules = [Rule("connect", Cut(after, reset) if after else Reset()) for after in places]
    what = f"connections {'reset' if reset else 'closed'} after {places} bytes"
    with proxy.rules.during(*rules):
        ran = scene.job.run(*DELTA, **named(FIRST))
    checks.same(f"{what}: exit code", explained(ran, 0), 0)
    checks.same(f"{what}: breaks that never came", [rule.fault for rule in rules if not rule.hits], [])
    checks.gives(f"{what}: rows", lambda: scene.in_order(GRANTS.name, FIRST), day_of(GRANTS, FIRST))


def test_connections_that_all_break_fail_the_date(checks: Checks, behind: Behind) -> None:
    """They break in the middle of the handshake: that is no matter of trust."""
    scene, proxy = behind.scene, behind.proxy
    what = "connections that all break in the handshake"
    before = scene.state([GRANTS.name])
    with proxy.rules.during(Rule("connect", Cut(500), None)):
        ran = scene.job.run(*DELTA, **named(FIRST))
    checks.same(f"{what}: exit code", explained(ran, 21), 21)
    told = [GRANTS.key(FIRST, 1) in one.message and str(proxy.port) in one.message and bool(one.hint) for one in ran.complaints()]
    checks.same(f"{what}: names the file and the service, with a hint", told, [True])
    checks.same(f"{what}: what is published", scene.state([GRANTS.name]), before)
