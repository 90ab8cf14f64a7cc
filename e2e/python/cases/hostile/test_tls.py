"""Nothing is said to a server whose certificate nobody vouches for, or that is another's; and the same certificate is believed where
somebody does: so it is the check that refuses, and nothing else.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from cases.hostile.trust import KEYS, PASSWORD, RUN, job
from world.checks import Checks
from world.job import Ran
from world.key_service import KeyService
from world.listener import Listener, Manner, listener

PATIENCE = 100
"""Seconds after which a run that is refused must have given up."""
pytestmark = pytest.mark.timeout(400)


@dataclass(frozen=True)
class Case:
    """A setting of a profile that leads to the server."""

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


@dataclass(frozen=True)
class Tried:
    """A run against the server, and what that heard."""

    what: str
    is_trusted: bool
    ran: Ran
    server: Listener
    leaks: list[str]

    def check(self, checks: Checks) -> None:
        """Compares what the server heard: nothing where it is not trusted, and then the error names the certificate."""
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


HOWS = ("unknown", "another's", "known")
"""The relation of the certificate to the run."""


@pytest.fixture(scope="module", autouse=True)
def waiting(
    request: pytest.FixtureRequest, key_service: KeyService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[Tried]]]:
    """The runs that tests ask for, beside each other and all else, for each waits for its retries."""
    folder, asked = tmp_path_factory.mktemp("https"), " ".join(item.nodeid for item in request.session.items)
    with ThreadPoolExecutor(12) as pool:
        pairs = [(case, how) for case in cases() for how in HOWS if f"[{case.what}-{how}]" in asked]
        yield {f"{case.what}-{how}": pool.submit(tried, folder, key_service, case, how) for case, how in pairs}


@dataclass(frozen=True)
class Round:
    """A server of PostgreSQL, and whether the run may trust it."""

    what: str
    manner: Manner
    has_certificate: bool
    host: str
    mode: str
    knows_authority: bool
    is_trusted: bool


ROUNDS = [
    Round("a certificate that is unknown", Manner.POSTGRES_TLS, True, "127.0.0.1", "require", False, False),
    Round("a certificate that is another's", Manner.POSTGRES_TLS, True, "127.0.0.2", "require", True, False),
    Round("no TLS where it is required", Manner.POSTGRES_PLAIN, False, "127.0.0.1", "require", True, False),
    Round("a certificate that is unknown, TLS preferred", Manner.POSTGRES_TLS, True, "127.0.0.1", "prefer", False, False),
    Round("a certificate that is known", Manner.POSTGRES_TLS, True, "127.0.0.1", "require", True, True),
]


@pytest.mark.parametrize("one", ROUNDS, ids=lambda one: one.what)
def test_postgres_without_a_trusted_certificate_hears_nothing(
    checks: Checks, tmp_path: Path, key_service: KeyService, one: Round
) -> None:
    """With `sslmode=require` nothing goes out but by TLS with a certificate that is believed."""
    pair = (key_service.folder / "server.pem", key_service.folder / "server.key") if one.has_certificate else ()
    with listener(one.manner, *pair) as server:
        url = f"postgresql://adg:{PASSWORD}@{one.host}:{server.port}/adg?sslmode={one.mode}"
        authority = f', ca: "{key_service.ca}"' if one.knows_authority else ""
        at = job(tmp_path, {"ledger": f'postgres: {{ url: "{url}"{authority} }}'})
        at.folder.joinpath("adg.yaml").chmod(0o600)
        ran = at.run(*RUN, ADG_LOG_LEVEL="trace,adg=trace")
        heard = b"".join(server.heard)
        checks.same("heard the password", PASSWORD.encode() in heard, one.is_trusted)
        checks.same("heard anything", bool(heard), one.is_trusted)
        checks.same(f"exit code, {ran.stderr[-300:]!r}", ran.code in (20, 21), True)
        checks.same("password told", PASSWORD in ran.stdout + ran.stderr, False)


@dataclass(frozen=True)
class Protection:
    """A connection's `tls`, and the relation of the server's certificate to it."""

    mode: str
    host: str = "127.0.0.1"
    knows_authority: bool = True
    has_tls: bool = True
    is_trusted: bool = True


PROTECTIONS = [
    Protection("verify-full"),
    Protection("verify-full", knows_authority=False, is_trusted=False),
    Protection("verify-full", host="127.0.0.2", is_trusted=False),
    Protection("verify-full", has_tls=False, is_trusted=False),
    Protection("verify-ca", host="127.0.0.2"),
    Protection("verify-ca", knows_authority=False, is_trusted=False),
    Protection("require", host="127.0.0.2", knows_authority=False),
    Protection("require", has_tls=False, is_trusted=False),
    Protection("disable", has_tls=False),
]


@pytest.mark.parametrize("one", PROTECTIONS, ids=lambda one: f"{one.mode}-{one.host}-{one.knows_authority}-{one.has_tls}")
def test_connection_is_as_protected_as_it_says(checks: Checks, tmp_path: Path, key_service: KeyService, one: Protection) -> None:
    """The password is heard only by a server that the mode of the connection trusts."""
    manner = Manner.POSTGRES_TLS if one.has_tls else Manner.POSTGRES_PLAIN
    pair = (key_service.folder / "server.pem", key_service.folder / "server.key") if one.has_tls else ()
    with listener(manner, *pair) as server:
        authority = f', ca: "{key_service.ca}"' if one.knows_authority else ""
        settings = f"host: {one.host}, port: {server.port}, database: shop, user: ann, password: {PASSWORD}, tls: {one.mode}"
        at = job(tmp_path, {"connections": f"shop: {{ postgres: {{ {settings}{authority} }} }}"})
        at.folder.joinpath("adg.yaml").chmod(0o600)
        ran = at.run("doctor", "--read-only", ADG_LOG_LEVEL="trace,adg=trace")
        heard = b"".join(server.heard)
        checks.same("heard the password", PASSWORD.encode() in heard, one.is_trusted)
        checks.same("heard anything", bool(heard), one.is_trusted)
        found = [line for line in ran.stdout.splitlines() if "connection shop" in line]
        print(f"       {found}")
        checks.same("the server refuses the password, or is refused", [line[:4] for line in found], ["FAIL"])
        told = "password authentication failed" if one.is_trusted else "there is no protected connection"
        checks.same("what is told", told in "".join(found), True)
        checks.same("password told", PASSWORD in ran.stdout + ran.stderr, False)


def test_plain_http_is_taken_where_the_profile_writes_it(checks: Checks, tmp_path: Path) -> None:
    """The key service's address never is."""
    with listener(Manner.HTTPS) as server:
        at = job(tmp_path / "plain", {"aws": f"http://127.0.0.1:{server.port}", "source": "s3://bucket"})
        at.run(*RUN)
        checks.same("plain HTTP where the profile writes it: heard something", bool(server.heard), True)


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("service", [case.what for case in cases()])
def test_https_server_without_a_trusted_certificate_hears_nothing(
    checks: Checks, waiting: dict[str, Future[Tried]], service: str, how: str
) -> None:
    """All services that are reached with the machine's authorities. The key service has its own."""
    waiting[f"{service}-{how}"].result().check(checks)
