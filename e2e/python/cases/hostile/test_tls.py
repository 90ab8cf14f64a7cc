"""Nothing is said to a server whose certificate nobody vouches for, or that is another's; and the same certificate is believed where
somebody does: so it is the check that refuses, and nothing else."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from world.aws import User
from world.checks import Checks
from world.job import Job, Ran
from world.listener import Listener, Manner, listener
from world.key_service import KeyService

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIAUNTRUSTED",
    "AWS_SECRET_ACCESS_KEY": "secret-key-for-nobody",
    "AWS_SESSION_TOKEN": "token-for-nobody",
}
PASSWORD = "password-for-nobody"
PATIENCE = 100
"""Seconds after which whoever is refused must have given up."""
RUN = ("--module", "tls", "--start-dt", "2024-05-01", "--end-dt", "2024-05-01")
MODULE = """\
version: 1
module: tls
source: { files: "{date}_{collection}.csv" }
target: { database: tls }
collections: { things: { columns: { id: bigint } } }
"""
PROFILE = """\
version: 1
profile: tls
profiles:
  tls:
    aws: {{ region: eu-west-2, endpoint: "{aws}" }}
    secrets: {{ {secrets} }}
    stores:
      source: {{ url: "{source}" }}
      published: {{ url: warehouse }}
    metastore: {{ {metastore} }}
    ledger: {{ {ledger} }}
"""
HERE = {
    "aws": "http://127.0.0.1:9",
    "secrets": "",
    "source": "source",
    "metastore": 'sqlite: { path: "metastore.db" }',
    "ledger": 'sqlite: { path: "ledger.db" }',
}


@dataclass(frozen=True)
class Case:
    """Something in a profile that leads to the server."""

    what: str
    settings: Callable[[str], dict[str, str]]
    """By its address."""


def cases() -> list[Case]:
    """All services that are reached by HTTPS with the machine's authorities. The key service has its own."""
    return [
        Case("S3", lambda url: {"aws": url, "source": "s3://bucket"}),
        Case("Glue", lambda url: {"aws": url, "metastore": "glue: {}"}),
        Case("DynamoDB", lambda url: {"aws": url, "ledger": "dynamodb: { table: t }"}),
        Case(
            "Secrets Manager",
            lambda url: {"aws": url, "secrets": "s: { aws_secrets_manager: /s }", "source": "${secret:s#x}"},
        ),
    ]


def job(folder: Path, settings: dict[str, str]) -> Job:
    """A job whose profile has these settings."""
    made = Job(folder, User("user", "nobody", "", None, keys=KEYS))
    made.write("adg.yaml", PROFILE.format(**HERE | settings))
    made.write("modules/tls.yaml", MODULE)
    made.write("source/2024-05-01_things.csv", "id\n1\n")
    return made


@dataclass(frozen=True)
class Tried:
    """A run against the server, and what that heard."""

    what: str
    is_trusted: bool
    ran: Ran
    server: Listener
    leaks: list[str]

    def check(self, checks: Checks) -> None:
        """Whoever is not trusted hears nothing, and is named as such."""
        said = self.ran.stderr[-300:]
        print(f"       {self.what}: exit code {self.ran.code}, {self.ran.seconds:.1f} s, {self.server.connections} connections")
        checks.same(f"{self.what}: somebody connected", self.server.connections > 0, True)
        checks.same(f"{self.what}: heard something", bool(b"".join(self.server.heard)), self.is_trusted)
        checks.same(f"{self.what}: secrets told", self.leaks, [])
        if not self.is_trusted:
            checks.same(f"{self.what}: exit code of who is denied or not answered, {said!r}", self.ran.code in (20, 21), True)
            told = [one.message for one in self.ran.complaints() if "certificate" in one.message]
            checks.same(f"{self.what}: tells of the certificate, {said!r}", len(told) > 0, True)
            checks.same(f"{self.what}: gives up in time", self.ran.seconds < PATIENCE, True)


def tried(folder: Path, service: KeyService, case: Case, how: str) -> Tried:
    """A run with an authority that is not known, one that is, and one that is for another name."""
    host = {"unknown": "127.0.0.1", "known": "127.0.0.1", "another's": "127.0.0.2"}[how]
    trust = {} if how == "unknown" else {"SSL_CERT_FILE": str(service.ca)}
    with listener(Manner.HTTPS, service.folder / "server.pem", service.folder / "server.key") as server:
        at = job(folder / f"{case.what}-{how}", case.settings(f"https://{host}:{server.port}"))
        ran = at.run(*RUN, ADG_LOG_LEVEL="trace", **trust)
        time.sleep(0.2)
        leaks = at.leaks({KEYS["AWS_SECRET_ACCESS_KEY"], KEYS["AWS_SESSION_TOKEN"]})
        return Tried(f"{case.what}, a certificate that is {how}", how == "known", ran, server, leaks)


def check_https(checks: Checks, folder: Path, service: KeyService) -> None:
    """All services beside each other, for each waits for its retries."""
    with ThreadPoolExecutor() as pool:
        hows = ("unknown", "another's", "known")
        waiting = [pool.submit(tried, folder, service, case, how) for case in cases() for how in hows]
        for one in waiting:
            one.result().check(checks)


def check_postgres(checks: Checks, folder: Path, service: KeyService) -> None:
    """With `sslmode=require` nothing goes out but by TLS with a certificate that is believed."""
    files = (service.folder / "server.pem", service.folder / "server.key")
    rounds = [
        ("a certificate that is unknown", Manner.POSTGRES_TLS, files, "127.0.0.1", "require", None, False),
        ("a certificate that is another's", Manner.POSTGRES_TLS, files, "127.0.0.2", "require", service.ca, False),
        ("no TLS where it is required", Manner.POSTGRES_PLAIN, (), "127.0.0.1", "require", service.ca, False),
        ("a certificate that is unknown, TLS preferred", Manner.POSTGRES_TLS, files, "127.0.0.1", "prefer", None, False),
        ("a certificate that is known", Manner.POSTGRES_TLS, files, "127.0.0.1", "require", service.ca, True),
    ]
    for what, manner, pair, host, mode, ca, is_trusted in rounds:
        with listener(manner, *pair) as server:
            url = f"postgresql://adg:{PASSWORD}@{host}:{server.port}/adg?sslmode={mode}"
            authority = f', ca: "{ca}"' if ca else ""
            at = job(folder / f"postgres {what}", {"ledger": f'postgres: {{ url: "{url}"{authority} }}'})
            at.folder.joinpath("adg.yaml").chmod(0o600)
            ran = at.run(*RUN, ADG_LOG_LEVEL="trace,adg=trace")
            heard = b"".join(server.heard)
            print(f"       PostgreSQL, {what}: exit code {ran.code}, {ran.seconds:.1f} s")
            checks.same(f"PostgreSQL, {what}: heard the password", PASSWORD.encode() in heard, is_trusted)
            checks.same(f"PostgreSQL, {what}: heard anything", bool(heard), is_trusted)
            checks.same(f"PostgreSQL, {what}: exit code, {ran.stderr[-300:]!r}", ran.code in (20, 21), True)
            checks.same(f"PostgreSQL, {what}: password told", PASSWORD in ran.stdout + ran.stderr, False)


def check_plain_http(checks: Checks, folder: Path) -> None:
    """An address without TLS is taken where somebody writes it so, and the key service's never is."""
    with listener(Manner.HTTPS) as server:
        at = job(folder / "plain", {"aws": f"http://127.0.0.1:{server.port}", "source": "s3://bucket"})
        at.run(*RUN)
        checks.same("plain HTTP where the profile writes it: heard something", bool(server.heard), True)
