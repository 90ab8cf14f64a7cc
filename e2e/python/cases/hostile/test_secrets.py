"""Secrets in no log, report, ledger, metastore or error: with every library at its most talkative, in both forms of the log, and with
each secret wrong in turn. The cases of role chains and of the replaced job look for keys, tokens and the secret's password in what
good runs and refused ones say at adg's own trace level; here are the libraries, the certificate's key, and keys of files.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from cases.hostile.trust import RUN, job
from world.aws import issued
from world.checks import Checks
from world.encrypted import Sealed
from world.key_service import KeyService
from world.module_files import APPLICATION, text
from world.module_scene import SQLITE_LEDGER, ModuleScene, load, named
from world.moto import Moto
from world.scene import People

EVERYTHING = "trace,adg=trace"
"""With an equals sign it is taken as it is: all libraries say all that they can."""
MARKER = "Marker-Of-A-Secret"
(GRANTS,) = APPLICATION.values()
DELTA = load("application")


def spellings(key: bytes) -> set[str]:
    """Gives the ways in which a program may print a key by mistake."""
    packed = base64.b64encode(key).decode().rstrip("=")
    return {packed, key.hex(), key.hex().upper(), ", ".join(map(str, key)), ", ".join(f"{byte:#x}" for byte in key)}


def lines_of_pem(file: Path) -> set[str]:
    """Gives the lines that are secret in it."""
    return {line for line in file.read_text().splitlines() if line and not line.startswith("-")}


NOW = date.today() - timedelta(1)
pytestmark = pytest.mark.timeout(400)


@dataclass
class Site:
    """A region whose ledger is a file, so that it is looked into, and two encrypted files."""

    scene: ModuleScene
    server: Moto
    sealed: list[Sealed]

    def secrets(self) -> set[str]:
        """All secrets that there are by now."""
        keys = {spelling for one in self.sealed for spelling in spellings(one.key)}
        own = self.scene.job.user.keys
        return keys | issued(self.server) | {own["AWS_SECRET_ACCESS_KEY"]} | lines_of_pem(self.scene.service.key)


@pytest.fixture(scope="module")
def site(moto: Moto, people: People, key_service: KeyService, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One region."""
    scene = ModuleScene.make(people, "eu-west-2", tmp_path_factory.mktemp("secrets"), key_service, SQLITE_LEDGER)
    return Site(scene, moto, [scene.put(GRANTS, NOW, number, text(GRANTS, NOW, number)) for number in (1, 2)])


@pytest.fixture
def scene(checks: Checks, site: Site) -> Iterator[ModuleScene]:
    """The region. When the test is over, no secret and no marker may be in anything that was said or written."""
    site.scene.job.outputs.clear()
    yield site.scene
    check_untold(checks, "in the end", site.scene, site.secrets() | {MARKER})
    found = [str(file) for file in files(site.scene) if any(one.key in file.read_bytes() for one in site.sealed)]
    checks.same("keys of files as bytes, in files", found, [])


def files(scene: ModuleScene) -> Iterable[Path]:
    """Gives all that lies in the job's folder: reports, ledger, scratch."""
    return (file for file in scene.job.folder.rglob("*") if file.is_file())


def check_untold(checks: Checks, what: str, scene: ModuleScene, secrets: set[str]) -> None:
    """Finds none of them in anything said or written. The config files are ours."""
    found = [leak for leak in scene.job.leaks(secrets) if not leak.endswith(("adg.yaml", ".key"))]
    checks.same(
        f"{what}: {len(secrets)} secrets in {len(scene.job.outputs)} outputs and {len(list(files(scene)))} files", found, []
    )


@pytest.mark.parametrize("log", ["json", "human"])
def test_working_runs_tell_no_secret(checks: Checks, scene: ModuleScene, log: str) -> None:
    """With everything said."""
    said = ("--log-format", log)
    asked = ((*DELTA, *said), ("doctor", *DELTA, *said), ("tables", *said), ("describe", GRANTS.name, *said))
    for words in asked:
        variables = named(NOW) if words[0] == DELTA[0] else {}
        ran = scene.job.run(*words, ADG_LOG_LEVEL=EVERYTHING, **variables)
        # The job has no right to list tables.
        checks.same(f"everything said, {words[0]}, {log}: exit code", ran.code, 20 if words[0] in ("tables", "describe") else 0)
        if log == "json" and variables:
            libraries = {name for name in ("rustls", "hyper", "aws_", "reqwest") if name in ran.stderr}
            print(f"       {len(ran.stderr)} bytes said, {len(ran.stderr.splitlines())} lines, of {sorted(libraries)}")
            checks.same("everything said: libraries did talk", len(ran.stderr.splitlines()) > 300, True)


@dataclass(frozen=True)
class Wrong:
    """A secret that is wrong, and how the run ends."""

    what: str
    secret: str | None
    """The text that the secret becomes."""
    variables: dict[str, str]
    codes: tuple[int, ...]


def wrong_secrets() -> list[Wrong]:
    """Lists secrets that are wrong, each of them a marker."""
    return [
        Wrong("a secret key", None, {"AWS_SECRET_ACCESS_KEY": MARKER}, (20,)),
        Wrong("a session token", None, {"AWS_SESSION_TOKEN": MARKER}, (0, 20)),
        Wrong("a secret key with a line end", None, {"AWS_SECRET_ACCESS_KEY": f"{MARKER}\n{MARKER}"}, (20,)),
        Wrong("a session token with a line end", None, {"AWS_SESSION_TOKEN": f"{MARKER}\n{MARKER}"}, (10, 20, 21)),
        Wrong("a secret that is no JSON", f"{{'x': {MARKER}", {}, (10,)),
        Wrong("a secret that is a text", json.dumps(MARKER), {}, (10,)),
        Wrong("a secret without the part", json.dumps({MARKER: MARKER}), {}, (10,)),
        Wrong("a secret with another kind of part", json.dumps({"src_bucket_names": {"application": [MARKER]}}), {}, (10,)),
        Wrong("a secret with a map for a part", json.dumps({"src_bucket_names": {"application": {MARKER: MARKER}}}), {}, (10,)),
        Wrong("a secret of a megabyte in brackets", "[" * 60_000 + MARKER, {}, (10,)),
    ]


@pytest.mark.parametrize("wrong", wrong_secrets(), ids=lambda wrong: wrong.what)
def test_wrong_secret_is_told_without_its_text(checks: Checks, scene: ModuleScene, wrong: Wrong) -> None:
    """By a run and by the doctor, in both logs."""
    manager = scene.people.home.client("secretsmanager", scene.region)
    right = manager.get_secret_value(SecretId="/kickstart/adg")["SecretString"]
    if wrong.secret is not None:
        manager.put_secret_value(SecretId="/kickstart/adg", SecretString=wrong.secret)
    for words in (DELTA, ("doctor", *DELTA)):
        for log in ("json", "human"):
            variables = named(NOW) if words == DELTA else {}
            ran = scene.job.run(*words, "--log-format", log, ADG_LOG_LEVEL=EVERYTHING, **variables, **wrong.variables)
            checks.same(f"{wrong.what}, {words[0]}, {log}: exit code, {ran.stderr[-200:]!r}", ran.code in wrong.codes, True)
    manager.put_secret_value(SecretId="/kickstart/adg", SecretString=right)


KEYS = ["a key of garbage", "a key that is cut", "a key that is no PEM", "another's key", "an empty key"]


def broken_key(service: KeyService, what: str) -> str:
    """Gives the text of a certificate's key that is broken."""
    whole = service.key.read_text()
    begin, middle, end = whole.splitlines()[0], MARKER, whole.splitlines()[-1]
    return {
        "a key of garbage": f"{begin}\n{middle}\n{end}\n",
        "a key that is cut": whole[: len(whole) // 2],
        "a key that is no PEM": MARKER * 10,
        "another's key": service.stranger_key.read_text(),
        "an empty key": "",
    }[what]


@pytest.mark.parametrize("what", KEYS)
def test_broken_key_of_a_certificate_is_told_by_its_place(checks: Checks, scene: ModuleScene, what: str) -> None:
    """A key that is broken or another's."""
    written = (scene.job.folder / "adg.yaml").read_text()
    broken = scene.job.folder / "broken.key"
    broken.write_text(broken_key(scene.service, what))
    scene.job.write("adg.yaml", written.replace(str(scene.service.key), str(broken)))
    for words in (DELTA, ("doctor", *DELTA)):
        variables = named(NOW) if words == DELTA else {}
        ran = scene.job.run(*words, ADG_LOG_LEVEL=EVERYTHING, **variables)
        checks.same(f"{what}, {words[0]}: exit code, {ran.stderr[-200:]!r}", ran.code in (10, 20), True)
    scene.job.write("adg.yaml", written)
    told = {MARKER} | lines_of_pem(scene.service.key) | lines_of_pem(scene.service.stranger_key)
    check_untold(checks, what, scene, told)


ADDRESSES = [
    f"postgresql://adg:{MARKER}@127.0.0.1:9/adg",
    f"postgresql://adg:{MARKER}@127.0.0.1:port/adg",
    f"postgresql://adg:{MARKER}@[::1/adg",
    f"postgresql://adg:{MARKER}@127.0.0.1:9/adg?sslmode={MARKER}",
    f"postgresql://adg:{MARKER}@127.0.0.1:9/adg?{MARKER}=1",
    f"postgresql://adg:{MARKER}@nowhere.invalid/adg",
    f"postgresql://adg:{MARKER}/%zz@127.0.0.1:9/adg",
    f"host=127.0.0.1 port=9 user=adg password={MARKER}",
    f"host=127.0.0.1 port=x user=adg password='{MARKER}",
    f"mysql://adg:{MARKER}@127.0.0.1/adg",
    MARKER,
    "",
]
"""Addresses of a database with a password, each wrong in its own way."""


@pytest.mark.parametrize("address", ADDRESSES, ids=lambda address: address.replace(MARKER, "…") or "empty")
def test_wrong_address_of_a_database_is_told_without_its_password(checks: Checks, tmp_path: Path, address: str) -> None:
    """The address comes from a secret."""
    ledger = {"secrets": "pg: { env: LEDGER_URL }", "ledger": 'postgres: { url: "${secret:pg}" }'}
    at = job(tmp_path / "work", ledger)
    for log in ("json", "human"):
        for words in (RUN, ("doctor", "--module", "tls")):
            ran = at.run(*words, "--log-format", log, ADG_LOG_LEVEL=EVERYTHING, LEDGER_URL=address)
            what = f"{address.replace(MARKER, '…')!r}, {words[0]}, {log}"
            checks.same(f"{what}: exit code {ran.code} of what is no bug", ran.code in (10, 20, 21), True)
    checks.same(f"{address.replace(MARKER, '…')!r}: password told", at.leaks({MARKER}), [])
