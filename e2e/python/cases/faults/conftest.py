"""The worlds in which services fail: each behind proxies of its own, so that a fault is met by one module of cases alone."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cases.faults.aws_world import Aws
from cases.faults.hive_world import InHive, hive_client
from world.aws import accounts
from world.fault_proxy import http_proxy
from world.hive import Hive
from world.hive_client import HiveClient
from world.moto import Moto
from world.scene import People
from world.stream_proxy import thrift_proxy


@pytest.fixture(scope="module")
def unchecked_people(unchecked_moto: Moto) -> People:
    """The users of accounts in which nobody's rights are checked."""
    return People(*accounts(unchecked_moto))


@pytest.fixture(scope="module")
def aws(unchecked_people: People, regions: Iterator[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """S3, Glue and DynamoDB in a region of the module's own."""
    with http_proxy(unchecked_people.home.url) as proxy:
        yield Aws(unchecked_people, next(regions), tmp_path_factory.mktemp("aws"), proxy)


@pytest.fixture
def own_aws(unchecked_people: People, region: str, tmp_path: Path) -> Iterator[Aws]:
    """S3, Glue and DynamoDB in a region of the test's own."""
    with http_proxy(unchecked_people.home.url) as proxy:
        yield Aws(unchecked_people, region, tmp_path, proxy)


@pytest.fixture(scope="session")
def client(hive: Hive) -> Iterator[HiveClient]:
    """A client of Hive's own."""
    with hive_client(hive.uri) as started:
        yield started


@pytest.fixture(scope="module")
def in_hive(hive: Hive, client: HiveClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., InHive]]:
    """Makes folders whose tables are in the Hive Metastore, behind so many proxies."""
    with ExitStack() as stack:

        def make(services: int = 1, **more: Any) -> InHive:
            proxies = [stack.enter_context(thrift_proxy(hive.uri)) for _ in range(services)]
            return InHive(tmp_path_factory.mktemp("hive") / "work", client, proxies, **more)

        yield make
