"""Folders whose tables are in a real Hive Metastore, seen by Hive's own client in a JVM without Spark."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from py4j.protocol import Py4JJavaError
from pyspark.java_gateway import launch_gateway
from pyspark.sql import SparkSession

from cases.faults.folder_world import NOBODY, SQLITE, Folders
from world.adg import Table
from world.aws import User
from world.fault_proxy import Proxy
from world.hive_client import HiveClient
from world.kickstart import DATABASE
from world.process import HOST

TIMEOUT = 4
"""Seconds that adg gives a call."""


@contextmanager
def hive_client(uri: str) -> Iterator[HiveClient]:
    """A client, in a JVM of its own that has Spark's classes and runs none of them."""
    gateway: Any = launch_gateway(popen_kwargs={"stderr": subprocess.DEVNULL})  # type: ignore[no-untyped-call]
    try:
        yield HiveClient(cast(SparkSession, SimpleNamespace(_jvm=gateway.jvm)), uri)
    finally:
        gateway.shutdown()
        gateway.proc.stdin.close()
        gateway.proc.wait()


class InHive(Folders):
    """Folders of this machine, with a metastore behind proxies: the first of them is the one that makes trouble."""

    def __init__(
        self,
        folder: Path,
        client: HiveClient,
        proxies: Sequence[Proxy],
        ledger: str = SQLITE,
        user: User = NOBODY,
        timeout: int = TIMEOUT,
        **more: str,
    ) -> None:
        self.uris = [f"thrift://{HOST}:{proxy.port}" for proxy in proxies]
        settings = f"uris: {json.dumps(self.uris)}, timeout_seconds: {timeout}"
        super().__init__(folder, f"hive: {{ {settings} }}", ledger, user, **more)
        self.proxy = proxies[0]
        self.client = client

    def _table(self, name: str) -> Table | None:
        try:
            return self.client.table(f"{DATABASE}.{name}")
        except Py4JJavaError as error:
            if "NoSuchObjectException" in str(error.java_exception):
                return None
            raise

    def types(self, name: str) -> dict[str, str]:
        table = self._table(name)
        return table.columns if table else {}

    def partitions(self, name: str) -> dict[str, str]:
        table = self._table(name)
        return {day: str(place) for day, place in table.partitions.items()} if table else {}
