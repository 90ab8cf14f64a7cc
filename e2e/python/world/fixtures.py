"""The fixtures of all cases: one for each service, and `checks`.

A service is started when the first test needs it, once for the session. Tests keep apart by names of their own: accounts of AWS,
databases, ports. Whoever kills a service, or lets it fail, starts one for itself.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from world import spark as spark_session
from world.aws import accounts
from world.checks import Checks, difference, written
from world.hive import Hive
from world.key_service import KeyService
from world.moto import Moto, Tenant
from world.postgres import Postgres
from world.scene import People
from world.sessions import SESSION
from world.shared import Services
from world.spark_connect import Server

TENANTS = 32
"""How many suites may have an account of AWS of their own."""
REGIONS = ["eu-west-2", "eu-west-1", "eu-central-1", "eu-north-1", "eu-west-3", "eu-south-1", "eu-central-2", "eu-south-2"]
REGIONS += ["us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1", "sa-east-1", "af-south-1"]
REGIONS += ["ap-south-1", "ap-south-2", "ap-east-1", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4"]
REGIONS += ["ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "me-south-1", "me-central-1", "il-central-1"]


class Reported(Checks):
    """Makes each check a subtest: a failure has the check's name, and the checks after it are still made."""

    def __init__(self, subtests: pytest.Subtests) -> None:
        super().__init__()
        self.subtests = subtests

    def same(self, what: str, found: Any, wanted: Any) -> None:
        """Whether it is what is wanted."""
        with self.subtests.test(what):
            if written(found) != written(wanted):
                self.wrong += 1
                pytest.fail(difference(found, wanted), pytrace=False)

    def fail(self, what: str, why: str) -> None:
        """A check that failed already."""
        self.wrong += 1
        with self.subtests.test(what):
            pytest.fail(why, pytrace=False)

    def ok(self, what: str) -> None:
        """A check that succeeded already."""
        with self.subtests.test(what):
            pass


@pytest.fixture
def checks(subtests: pytest.Subtests) -> Reported:
    """Compares as strictly as `written` does, and goes on after a failure."""
    return Reported(subtests)


@pytest.fixture(scope="session", autouse=True)
def adg() -> Path:
    """The binary that all cases run."""
    binary = os.environ.get("ADG_BIN")
    if not binary or not Path(binary).exists():
        pytest.exit("ADG_BIN must name adg's binary; `make e2e` does that", returncode=4)
    return Path(binary)


@pytest.fixture(scope="session")
def services(request: pytest.FixtureRequest) -> Services:
    """The session's services."""
    config = request.config
    told = getattr(config, "workerinput", None)
    return Services(Path(told["services"]) if told else config.stash[SESSION].folder)


def _tenant(services: Services, *options: str) -> Moto:
    facts = services.facts("moto", "--tenants", str(TENANTS), *options)
    tenants = tuple(Tenant(**one) for one in facts.pop("tenants"))
    server = Moto(**facts | {"folder": Path(facts["folder"])})
    return server.of(tenants[services.next("".join(["tenant", *options]))])


@pytest.fixture(scope="module")
def moto(services: Services) -> Moto:
    """AWS, with accounts that nobody else uses, which checks every caller's rights."""
    return _tenant(services)


@pytest.fixture(scope="module")
def unchecked_moto(services: Services) -> Moto:
    """AWS, with accounts that nobody else uses, in which everybody may do everything."""
    return _tenant(services, "--unchecked")


@pytest.fixture(scope="module")
def people(moto: Moto) -> People:
    """The users and roles of both accounts."""
    return People(*accounts(moto))


@pytest.fixture(scope="module")
def regions() -> Iterator[str]:
    """The regions in which nothing is of this module yet."""
    return iter(REGIONS)


@pytest.fixture
def region(regions: Iterator[str]) -> str:
    """A region in which nothing is, so that nothing is there of another test."""
    return next(regions)


@pytest.fixture(scope="session")
def postgres(services: Services) -> Postgres:
    """PostgreSQL with an empty database."""
    facts = services.facts("postgres")
    return Postgres(**facts | {"folder": Path(facts["folder"])})


@pytest.fixture(scope="session")
def hive(services: Services) -> Hive:
    """The Hive Metastore over PostgreSQL, as strict as it is by itself.

    Derby, which a metastore has by itself, has no snapshots: whoever reads a row while it is replaced by an equal one may find none.
    """
    facts = services.facts("hive", "--database", "postgres")
    behind = Postgres(**facts["database"] | {"folder": Path(facts["database"]["folder"])})
    return Hive(facts["uri"], Path(facts["warehouse"]), Path(facts["folder"]), facts["pid"], behind)


@pytest.fixture(scope="session")
def key_service(services: Services) -> KeyService:
    """The data key service, for cases that neither count its requests nor let it fail."""
    facts = services.facts("key_service")
    texts = ("url", "new_key_url", "pid")
    told: dict[str, Any] = {name: value if name in texts else Path(value) for name, value in facts.items()}
    return KeyService(**told)


@pytest.fixture(scope="session")
def spark_connect(services: Services) -> Server:
    """Spark's own Spark Connect server."""
    return Server(**services.facts("spark_connect"))


@pytest.fixture(scope="session")
def sail(services: Services) -> Server:
    """Sail's Spark Connect server."""
    return Server(**services.facts("sail"))


@pytest.fixture(scope="session")
def spark(hive: Hive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A Spark session at the shared metastore: one in each worker, for it lives in the process."""
    settings = spark_session.metastore_at(hive.uri) | spark_session.LIKE_HIVE
    session = spark_session.session(tmp_path_factory.mktemp("spark"), settings)
    yield session
    session.stop()
