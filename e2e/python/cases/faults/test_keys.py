"""A key service whose connections break, at whichever byte of its replies. What it may answer is `key_trouble.py`'s."""

from dataclasses import replace
from pathlib import Path

from world.checks import Checks
from world.fault_proxy import Proxy
from world.fault_rules import Cut, Reset, Rule
from cases.jobs.key_trouble import DELTA, GRANTS
from world.module_scene import SQLITE_LEDGER, ModuleScene, day_of, named
from world.scene import People
from world.key_service import DECRYPT, KeyService
from cases.faults.wire_case import explained
from cases.faults.wire_world import FIRST

BREAKS = {True: (0, 250, 1500, 2000), False: (500, 2250)}
"""By whether connections are reset or closed, after how many bytes of what the service says: handshake and reply are some 2,500."""


def scene_of(people: People, region: str, folder: Path, service: KeyService, proxy: Proxy) -> ModuleScene:
    """A day's encrypted files, and adg with the service behind the proxy."""
    behind = replace(service, url=proxy.url.replace("http:", "https:") + DECRYPT)
    scene = replace(ModuleScene.make(people, region, folder, behind, SQLITE_LEDGER), service=service)
    scene.land(FIRST, GRANTS)
    return scene


def run(checks: Checks, scene: ModuleScene, proxy: Proxy) -> None:
    """Each key is asked for until it is there."""
    for reset, places in BREAKS.items():
        rules = [Rule("connect", Cut(after, reset) if after else Reset()) for after in places]
        what = f"connections {'reset' if reset else 'closed'} after {places} bytes"
        with proxy.rules.during(*rules):
            ran = scene.job.run(*DELTA, **named(FIRST))
        print(f"       {what}: {ran.seconds:.1f} s")
        checks.same(f"{what}: exit code", explained(ran, 0), 0)
        checks.same(f"{what}: breaks that never came", [rule.fault for rule in rules if not rule.hits], [])
        checks.gives(f"{what}: rows", lambda: scene.in_order(GRANTS.name, FIRST), day_of(GRANTS, FIRST))


def never(checks: Checks, scene: ModuleScene, proxy: Proxy) -> None:
    """All break in the middle of the handshake: that is no matter of trust."""
    what = "connections that all break in the handshake"
    before = scene.state([GRANTS.name])
    with proxy.rules.during(Rule("connect", Cut(500), None)):
        ran = scene.job.run(*DELTA, **named(FIRST))
    print(f"       {what}: {ran.seconds:.1f} s")
    checks.same(f"{what}: exit code", explained(ran, 21), 21)
    told = [GRANTS.key(FIRST, 1) in one.message and str(proxy.port) in one.message and bool(one.hint) for one in ran.complaints()]
    checks.same(f"{what}: names the file and the service, with a hint", told, [True])
    checks.same(f"{what}: what is published", scene.state([GRANTS.name]), before)
