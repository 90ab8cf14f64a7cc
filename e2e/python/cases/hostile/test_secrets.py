"""Secrets in no log, report, ledger, metastore or error: with every library at its most talkative, in both forms of the log, and with
each secret wrong in turn. `role_chain.py` and `kickstart_scenario.py` look for keys, tokens and the secret's password in what good
runs and refused ones say at adg's own trace level; here are the libraries, the certificate's key, and keys of files."""

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from world.aws import issued
from world.checks import Checks
from world.module_files import APPLICATION, text
from world.module_scene import SQLITE_LEDGER, ModuleScene, load, named
from world.scene import People
from cases.hostile.test_tls import RUN, job
from world.key_service import KeyService
from world.moto import Moto

EVERYTHING = "trace,adg=trace"
"""With an equals sign it is taken as it is: all libraries say all that they can."""
MARKER = "Marker-Of-A-Secret"
(GRANTS,) = APPLICATION.values()
DELTA = load("application")


def spellings(key: bytes) -> set[str]:
    """The ways in which a program may print a key by mistake."""
    packed = base64.b64encode(key).decode().rstrip("=")
    return {packed, key.hex(), key.hex().upper(), ", ".join(map(str, key)), ", ".join(f"{byte:#x}" for byte in key)}


def lines_of_pem(file: Path) -> set[str]:
    """What is secret in it."""
    return {line for line in file.read_text().splitlines() if line and not line.startswith("-")}


def check_sound(checks: Checks, scene: ModuleScene, server: Moto, now: date) -> set[str]:
    """Runs that work, with everything said. Gives the secrets."""
    sealed = [scene.put(GRANTS, now, number, text(GRANTS, now, number)) for number in (1, 2)]
    for log in ("json", "human"):
        said = ("--log-format", log)
        asked = ((*DELTA, *said), ("doctor", *DELTA, *said), ("tables", *said), ("describe", GRANTS.name, *said))
        for words in asked:
            variables = named(now) if words[0] == DELTA[0] else {}
            ran = scene.job.run(*words, ADG_LOG_LEVEL=EVERYTHING, **variables)
            # The job has no right to list tables.
            checks.same(f"everything said, {words[0]}, {log}: exit code", ran.code, 20 if words[0] in ("tables", "describe") else 0)
            if log == "json" and variables:
                libraries = {name for name in ("rustls", "hyper", "aws_", "reqwest") if name in ran.stderr}
                print(f"       {len(ran.stderr)} bytes said, {len(ran.stderr.splitlines())} lines, of {sorted(libraries)}")
                checks.same("everything said: libraries did talk", len(ran.stderr.splitlines()) > 300, True)
    keys = {spelling for one in sealed for spelling in spellings(one.key)}
    secrets = keys | issued(server) | {*scene.job.user.keys.values()} - {scene.job.user.keys["AWS_ACCESS_KEY_ID"]}
    secrets |= lines_of_pem(scene.service.key)
    check_untold(checks, "runs that work", scene, secrets)
    found = [str(file) for file in files(scene) if any(one.key in file.read_bytes() for one in sealed)]
    checks.same("keys of files as bytes, in files", found, [])
    return secrets


def files(scene: ModuleScene) -> Iterable[Path]:
    """All that lies in the job's folder: reports, ledger, scratch."""
    return (file for file in scene.job.folder.rglob("*") if file.is_file())


def check_untold(checks: Checks, what: str, scene: ModuleScene, secrets: set[str]) -> None:
    """None of them in anything said or written. The config files are ours."""
    found = [leak for leak in scene.job.leaks(secrets) if not leak.endswith(("adg.yaml", ".key"))]
    checks.same(f"{what}: {len(secrets)} secrets in {len(scene.job.outputs)} outputs and {len(list(files(scene)))} files", found, [])


@dataclass(frozen=True)
class Wrong:
    """A secret that is wrong, and how the run ends."""

    what: str
    secret: str | None
    """What the secret's text becomes."""
    variables: dict[str, str]
    codes: tuple[int, ...]


def wrong_secrets() -> list[Wrong]:
    """One after the other, each of them a marker."""
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


def check_wrong(checks: Checks, scene: ModuleScene, now: date) -> None:
    """Each is told without what it says."""
    manager = scene.people.home.client("secretsmanager", scene.region)
    right = manager.get_secret_value(SecretId="/kickstart/adg")["SecretString"]
    for wrong in wrong_secrets():
        if wrong.secret is not None:
            manager.put_secret_value(SecretId="/kickstart/adg", SecretString=wrong.secret)
        for words in (DELTA, ("doctor", *DELTA)):
            for log in ("json", "human"):
                variables = named(now) if words == DELTA else {}
                ran = scene.job.run(*words, "--log-format", log, ADG_LOG_LEVEL=EVERYTHING, **variables, **wrong.variables)
                checks.same(f"{wrong.what}, {words[0]}, {log}: exit code, {ran.stderr[-200:]!r}", ran.code in wrong.codes, True)
        manager.put_secret_value(SecretId="/kickstart/adg", SecretString=right)
    check_untold(checks, "secrets that are wrong", scene, {MARKER})


def check_addresses(checks: Checks, folder: Path) -> None:
    """Addresses of a database with a password, each wrong in its own way; from the profile and from a secret."""
    addresses = [
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
    for number, address in enumerate(addresses):
        ledger = {"secrets": "pg: { env: LEDGER_URL }", "ledger": 'postgres: { url: "${secret:pg}" }'}
        at = job(folder / f"address-{number}", ledger)
        for log in ("json", "human"):
            for words in (RUN, ("doctor", "--module", "tls")):
                ran = at.run(*words, "--log-format", log, ADG_LOG_LEVEL=EVERYTHING, LEDGER_URL=address)
                what = f"{address.replace(MARKER, '…')!r}, {words[0]}, {log}"
                checks.same(f"{what}: exit code {ran.code} of what is no bug", ran.code in (10, 20, 21), True)
        checks.same(f"{address.replace(MARKER, '…')!r}: password told", at.leaks({MARKER}), [])


def check_certificates(checks: Checks, scene: ModuleScene, now: date) -> None:
    """A key of a certificate that is broken, another's or missing is told by its place."""
    written = (scene.job.folder / "adg.yaml").read_text()
    whole = scene.service.key.read_text()
    begin, middle, end = whole.splitlines()[0], MARKER, whole.splitlines()[-1]
    keys = {
        "a key of garbage": f"{begin}\n{middle}\n{end}\n",
        "a key that is cut": whole[: len(whole) // 2],
        "a key that is no PEM": MARKER * 10,
        "another's key": scene.service.stranger_key.read_text(),
        "an empty key": "",
    }
    told = {MARKER} | lines_of_pem(scene.service.key) | lines_of_pem(scene.service.stranger_key)
    for what, content in keys.items():
        broken = scene.job.folder / "broken.key"
        broken.write_text(content)
        scene.job.write("adg.yaml", written.replace(str(scene.service.key), str(broken)))
        for words in (DELTA, ("doctor", *DELTA)):
            variables = named(now) if words == DELTA else {}
            ran = scene.job.run(*words, ADG_LOG_LEVEL=EVERYTHING, **variables)
            checks.same(f"{what}, {words[0]}: exit code, {ran.stderr[-200:]!r}", ran.code in (10, 20), True)
    scene.job.write("adg.yaml", written)
    check_untold(checks, "keys that are broken", scene, told)


def check_secrets(checks: Checks, server: Moto, people: People, service: KeyService, folder: Path) -> None:
    """One region; its ledger is a file, so that it is looked into."""
    now = date.today() - timedelta(1)
    scene = ModuleScene.make(people, "eu-west-2", folder, service, SQLITE_LEDGER)
    secrets = check_sound(checks, scene, server, now)
    check_wrong(checks, scene, now)
    check_certificates(checks, scene, now)
    check_addresses(checks, folder)
    check_untold(checks, "in the end", scene, secrets | issued(server))
