"""A key service in trouble, and files that are not what their metadata says: nothing is published, and the next run makes it good."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Self

import pytest

from world.checks import Checks
from world.encrypted import IV, KEY_ID, WRAPPED, Sealed
from world.key_service import KeyService, control, new_key, requests
from world.key_service import key_service as private_key_service
from world.kickstart import today
from world.module_files import APPLICATION, PAYMENT, text, wanted
from world.module_scene import ModuleScene, correlation_id, day_of, load, named, numbers
from world.scene import People

(GRANTS,) = APPLICATION.values()
DELTA = load("application")


NOW = today()


@dataclass(frozen=True)
class Material:
    """A file encrypted in two ways, and keys of other files."""

    plain: bytes
    sealed: Sealed
    bare: Sealed
    """Not packed."""
    same: str
    """Another file's wrapped key, of the same id."""
    other: str
    """Another file's wrapped key, of another id."""

    @classmethod
    def make(cls, scene: ModuleScene, plain: bytes) -> Self:
        """Encrypts the file, and asks for other keys until there is one of each id."""
        sealed = Sealed.make(scene.service, plain)
        others: dict[str, str] = {}
        while len(others) < 2:
            key_id, _, wrapped = new_key(scene.service)
            others[key_id] = wrapped
        same, other = others.pop(sealed.metadata[KEY_ID]), others.popitem()[1]
        return cls(plain, sealed, Sealed.make(scene.service, plain, packed=False), same, other)


WRONG: dict[str, Callable[[Material], Sealed]] = {
    "no iv": lambda of: of.sealed.saying(**{IV: ""}),
    "no key": lambda of: of.sealed.saying(**{WRAPPED: ""}),
    "no key id": lambda of: of.sealed.saying(**{KEY_ID: ""}),
    "no metadata": lambda of: of.sealed.saying(**{IV: "", WRAPPED: "", KEY_ID: ""}),
    "an iv of 8 bytes": lambda of: of.sealed.saying(**{IV: "AAAAAAAAAAA="}),
    "an iv that is not base64": lambda of: of.sealed.saying(**{IV: "***"}),
    "another file's key": lambda of: of.sealed.saying(**{WRAPPED: of.same}),
    "another file's key, packed not": lambda of: of.bare.saying(**{WRAPPED: of.same}),
    "another file's key of another id": lambda of: of.sealed.saying(**{WRAPPED: of.other}),
    "an unknown key id": lambda of: of.sealed.saying(**{KEY_ID: "cloudhsm:9,9"}),
    "a key that is none": lambda of: of.sealed.saying(**{WRAPPED: "bm8ga2V5"}),
    "half the file": lambda of: of.sealed.cut(len(of.sealed.content) // 2),
    "half the file, packed not": lambda of: of.bare.cut(len(of.sealed.content) // 2),
    "all but the last byte": lambda of: of.sealed.cut(-1),
    "nothing": lambda of: of.sealed.cut(0),
    "half the file of another": lambda of: of.sealed.going_on_with(of.bare),
    "another file's iv": lambda of: of.sealed.saying(**{IV: of.bare.metadata[IV]}),
    "plain text": lambda of: Sealed(of.plain, of.sealed.metadata, of.sealed.key),
}
"""Files with something wrong."""


@pytest.fixture(scope="module")
def own_keys() -> Iterator[KeyService]:
    """A key service of this module's own: its requests are counted, and it is told to fail."""
    with private_key_service() as service:
        yield service


@pytest.fixture(scope="module")
def scene(people: People, regions: Iterator[str], own_keys: KeyService, tmp_path_factory: pytest.TempPathFactory) -> ModuleScene:
    """A region with today's files of a module. Yesterday is done."""
    made = ModuleScene.make(people, next(regions), tmp_path_factory.mktemp("keys"), own_keys)
    made.seed(NOW - timedelta(1), "COMPLETED", 1, correlation_id("application"))
    made.land(NOW, GRANTS)
    return made


@pytest.mark.parametrize("what", WRONG)
def test_wrong_file_fails_the_date_until_it_is_repaired(checks: Checks, scene: ModuleScene, what: str) -> None:
    """The third of five files is wrong: the run names it, publishes nothing, and the next run with the right file works."""
    made = WRONG[what](Material.make(scene, text(GRANTS, NOW, 3).encode()))
    before = scene.state([GRANTS.name])
    scene.put_sealed(GRANTS, NOW, 3, made)
    ran = scene.job.run(*DELTA, **named(NOW))
    check_failed(checks, scene, what, (ran.code, 13), [(one.message, one.hint) for one in ran.complaints()])
    checks.same(f"{what}: what is published", scene.state([GRANTS.name]), before)
    scene.put(GRANTS, NOW, 3, text(GRANTS, NOW, 3))
    scene.job.expect(0, *DELTA)
    checks.same(f"{what}, repaired: rows", scene.in_order(GRANTS.name, NOW), day_of(GRANTS, NOW))
    line = [(item["Date"], item["Status"]) for item in scene.newest(correlation_id("application"))]
    checks.same(f"{what}, repaired: the audit item", line, [(str(NOW), "Completed")])


def check_failed(checks: Checks, scene: ModuleScene, what: str, codes: tuple[int, int], told: list[tuple[str, str]]) -> None:
    """Compares the exit code, and looks for the file's name in the message and for a hint."""
    checks.same(f"{what}: exit code", *codes)
    named = [message for message, hint in told if GRANTS.key(NOW, 3) in message and hint]
    checks.same(f"{what}: messages that name the file, with a hint, of {told}", len(named), 1)
    failure = scene.job.report()["days"][-1]["failure"]
    checks.same(f"{what}: the report says the same", bool(failure) and failure["message"] in named, True)


@pytest.mark.parametrize("profile", ["stranger", "impostor"])
def test_untrusted_caller_or_service_ends_the_run_at_once(checks: Checks, scene: ModuleScene, profile: str) -> None:
    """A caller that the service does not trust, and a service that the caller does not trust."""
    before = scene.state([GRANTS.name])
    ran = scene.job.run(*DELTA, "--profile", profile, **named(NOW))
    checks.same(f"{profile}: exit code", ran.code, 20)
    told = [one for one in ran.complaints() if GRANTS.key(NOW, 1) in one.message and scene.service.url[:20] in one.message]
    checks.same(f"{profile}: names the file and the service, with a hint", [bool(one.hint) for one in told], [True])
    checks.same(f"{profile}: what is published", scene.state([GRANTS.name]), before)
    checks.same(f"{profile}: at once", ran.seconds < 10, True)
    scene.job.expect(0, *DELTA, **named(NOW))
    checks.same(f"{profile}, then the right one: rows", scene.in_order(GRANTS.name, NOW), day_of(GRANTS, NOW))


def test_throttled_key_service_is_asked_again(checks: Checks, scene: ModuleScene) -> None:
    """Each key is asked for until it is there, and then not again."""
    before = len(requests(scene.service))
    control(scene.service, fail=[429, 503, 500])
    scene.job.expect(0, *DELTA, **named(NOW))
    asked = requests(scene.service)[before:]
    statuses = Counter(request["status"] for request in asked)
    checks.same("throttled: answers", dict(sorted(statuses.items())), {200: len(numbers()), 429: 1, 500: 1, 503: 1})
    checks.same("throttled: correlation ids", len({request["correlationId"] for request in asked}), 1)
    checks.same("throttled: rows", scene.in_order(GRANTS.name, NOW), day_of(GRANTS, NOW))


def test_key_of_several_files_is_asked_for_once(checks: Checks, scene: ModuleScene) -> None:
    """Files of several collections are under one key."""
    key, before = new_key(scene.service), len(requests(scene.service))
    for one in PAYMENT.values():
        scene.put_sealed(one, NOW, 1, Sealed.under(key, text(one, NOW, 1).encode()))
    scene.job.expect(0, *load("payment"), **named(NOW))
    asked = [request["keyId"] for request in requests(scene.service)[before:]]
    checks.same(f"one key for {len(PAYMENT)} files: asked for", asked, [key[0]])
    for one in PAYMENT.values():
        checks.same(f"one key, {one.name}: rows", scene.in_order(one.name, NOW), wanted(one, text(one, NOW, 1)))


@pytest.mark.parametrize(
    ("profile", "code", "verdict"), [("development", 0, "ok"), ("stranger", 20, "FAIL"), ("impostor", 20, "FAIL")]
)
def test_doctor_walks_to_the_key_service(checks: Checks, scene: ModuleScene, profile: str, code: int, verdict: str) -> None:
    """Its step fails where one of both does not trust the other."""
    ran = scene.job.run("doctor", *DELTA, "--profile", profile)
    found = [verdict for verdict, text in ran.steps() if text.startswith("key service: ")]
    checks.same("exit code and key service", (ran.code, found), (code, [verdict]))


@pytest.mark.timeout(400)
def test_key_service_that_is_down_fails_the_date(
    checks: Checks, tmp_path: Path, people: People, region: str, own_keys: KeyService
) -> None:
    """The run waits, names the file and the service, and the next run works when the service is back."""
    scene = ModuleScene.make(people, region, tmp_path, own_keys)
    scene.land(NOW, GRANTS)
    ran = scene.job.run(*DELTA, "--profile", "down", **named(NOW))
    checks.same("exit code", ran.code, 21)
    told = [bool(one.hint) for one in ran.complaints() if GRANTS.key(NOW, 1) in one.message and "127.0.0.1:9" in one.message]
    checks.same("names the file and the service, with a hint", told, [True])
    checks.same("what is published", scene.published.keys(), [])
    scene.job.expect(0, *DELTA, **named(NOW))
    checks.same("the key service is up again: rows", scene.in_order(GRANTS.name, NOW), day_of(GRANTS, NOW))
