"""A key service in trouble, and files that are not what their metadata says: nothing is published, and the next run makes it good."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

from world.checks import Checks
from world.encrypted import IV, KEY_ID, WRAPPED, Sealed
from world.module_files import APPLICATION, PAYMENT, text, wanted
from world.module_scene import ModuleScene, correlation_id, day_of, load, named, numbers
from world.key_service import control, new_key, requests

(GRANTS,) = APPLICATION.values()
DELTA = load("application")


def key_trouble(checks: Checks, scene: ModuleScene, now: date) -> None:
    """One trouble after the other."""
    scene.seed(now - timedelta(1), "COMPLETED", 1, correlation_id("application"))
    scene.land(now, GRANTS)
    wrong_files(checks, scene, now)
    wrong_callers(checks, scene, now)
    throttled(checks, scene, now)
    one_key(checks, scene, now)


def wrong_files(checks: Checks, scene: ModuleScene, now: date) -> None:
    """The third of five is wrong: each time the run fails and names it, and with the right one the next run works."""
    for what, made in wrong(scene, text(GRANTS, now, 3).encode()).items():
        before = scene.state([GRANTS.name])
        scene.put_sealed(GRANTS, now, 3, made)
        ran = scene.job.run(*DELTA, **named(now))
        check_failed(checks, scene, what, (ran.code, 13), [(one.message, one.hint) for one in ran.complaints()], now)
        checks.same(f"{what}: what is published", scene.state([GRANTS.name]), before)
        scene.put(GRANTS, now, 3, text(GRANTS, now, 3))
        scene.job.expect(0, *DELTA)
        checks.same(f"{what}, repaired: rows", scene.in_order(GRANTS.name, now), day_of(GRANTS, now))
        line = [(item["Date"], item["Status"]) for item in scene.newest(correlation_id("application"))]
        checks.same(f"{what}, repaired: the audit item", line, [(str(now), "Completed")])


def wrong(scene: ModuleScene, plain: bytes) -> dict[str, Sealed]:
    """Files with something wrong."""
    sealed = Sealed.make(scene.service, plain)
    bare = Sealed.make(scene.service, plain, packed=False)
    others = {}
    while len(others) < 2:
        key_id, key, wrapped = new_key(scene.service)
        others[key_id] = wrapped
    same, other = others.pop(sealed.metadata[KEY_ID]), others.popitem()[1]
    middle = len(sealed.content) // 2
    return {
        "no iv": sealed.saying(**{IV: ""}),
        "no key": sealed.saying(**{WRAPPED: ""}),
        "no key id": sealed.saying(**{KEY_ID: ""}),
        "no metadata": sealed.saying(**{IV: "", WRAPPED: "", KEY_ID: ""}),
        "an iv of 8 bytes": sealed.saying(**{IV: "AAAAAAAAAAA="}),
        "an iv that is not base64": sealed.saying(**{IV: "***"}),
        "another file's key": sealed.saying(**{WRAPPED: same}),
        "another file's key, packed not": bare.saying(**{WRAPPED: same}),
        "another file's key of another id": sealed.saying(**{WRAPPED: other}),
        "an unknown key id": sealed.saying(**{KEY_ID: "cloudhsm:9,9"}),
        "a key that is none": sealed.saying(**{WRAPPED: "bm8ga2V5"}),
        "half the file": sealed.cut(middle),
        "half the file, packed not": bare.cut(middle),
        "all but the last byte": sealed.cut(-1),
        "nothing": sealed.cut(0),
        "half the file of another": Sealed(sealed.content[:middle] + bare.content[middle:], sealed.metadata, sealed.key),
        "another file's iv": sealed.saying(**{IV: bare.metadata[IV]}),
        "plain text": Sealed(plain, sealed.metadata, sealed.key),
    }


def check_failed(
    checks: Checks, scene: ModuleScene, what: str, codes: tuple[int, int], told: list[tuple[str, str]], now: date
) -> None:
    """The exit code, and whether the message names the file and the hint says something."""
    checks.same(f"{what}: exit code", *codes)
    named = [message for message, hint in told if GRANTS.key(now, 3) in message and hint]
    checks.same(f"{what}: messages that name the file, with a hint, of {told}", len(named), 1)
    failure = scene.job.report()["days"][-1]["failure"]
    checks.same(f"{what}: the report says the same", bool(failure) and failure["message"] in named, True)


def wrong_callers(checks: Checks, scene: ModuleScene, now: date) -> None:
    """Who is not trusted, or does not trust, ends at once."""
    for profile in ("stranger", "impostor"):
        before = scene.state([GRANTS.name])
        ran = scene.job.run(*DELTA, "--profile", profile, **named(now))
        checks.same(f"{profile}: exit code", ran.code, 20)
        told = [one for one in ran.complaints() if GRANTS.key(now, 1) in one.message and scene.service.url[:20] in one.message]
        checks.same(f"{profile}: names the file and the service, with a hint", [bool(one.hint) for one in told], [True])
        checks.same(f"{profile}: what is published", scene.state([GRANTS.name]), before)
        checks.same(f"{profile}: at once", ran.seconds < 10, True)
        scene.job.expect(0, *DELTA)
        checks.same(f"{profile}, then the right one: rows", scene.in_order(GRANTS.name, now), day_of(GRANTS, now))


def throttled(checks: Checks, scene: ModuleScene, now: date) -> None:
    """It is asked again, and each key is asked for until it is there, and then not again."""
    before = len(requests(scene.service))
    control(scene.service, fail=[429, 503, 500])
    scene.job.expect(0, *DELTA, **named(now))
    asked = requests(scene.service)[before:]
    statuses = Counter(request["status"] for request in asked)
    checks.same("throttled: answers", dict(sorted(statuses.items())), {200: len(numbers()), 429: 1, 500: 1, 503: 1})
    checks.same("throttled: correlation ids", len({request["correlationId"] for request in asked}), 1)
    checks.same("throttled: rows", scene.in_order(GRANTS.name, now), day_of(GRANTS, now))


def one_key(checks: Checks, scene: ModuleScene, now: date) -> None:
    """Files of several collections under one key: it is asked for once."""
    key, before = new_key(scene.service), len(requests(scene.service))
    for one in PAYMENT.values():
        scene.put_sealed(one, now, 1, Sealed.under(key, text(one, now, 1).encode()))
    scene.job.expect(0, *load("payment"), **named(now))
    asked = [request["keyId"] for request in requests(scene.service)[before:]]
    checks.same(f"one key for {len(PAYMENT)} files: asked for", asked, [key[0]])
    for one in PAYMENT.values():
        checks.same(f"one key, {one.name}: rows", scene.in_order(one.name, now), wanted(one, text(one, now, 1)))


def down(scene: ModuleScene, now: date) -> Callable[[Checks], None]:
    """A service that nobody answers for. Gives what to check."""
    scene.land(now, GRANTS)
    ran = scene.job.run(*DELTA, "--profile", "down", **named(now))

    def check(checks: Checks) -> None:
        print(f"the key service is down: {ran.seconds:.2f} s")
        checks.same("the key service is down: exit code", ran.code, 21)
        told = [bool(one.hint) for one in ran.complaints() if GRANTS.key(now, 1) in one.message and "127.0.0.1:9" in one.message]
        checks.same("the key service is down: names the file and the service, with a hint", told, [True])
        checks.same("the key service is down: what is published", scene.published.keys(), [])
        scene.job.expect(0, *DELTA, **named(now))
        checks.same("the key service is up again: rows", scene.in_order(GRANTS.name, now), day_of(GRANTS, now))

    return check
