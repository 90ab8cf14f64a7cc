"""Spark Connect servers: Spark's own, and Sail's."""

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from world.process import HOST, Command, free_port, listens, running, temporary

SPARK = Path(sysconfig.get_path("purelib")) / "pyspark"
SAIL = Path(sys.prefix) / "sail/bin/sail"
"""In an environment of its own: it looks which client is installed beside it, and takes none of Spark 4.3."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    remote: str
    """Its address."""
    pid: int


@contextmanager
def spark_connect(memory: str = "1g", stream: str = "1s", piece: str = "128m") -> Iterator[Server]:
    """Spark's, with two cores. It ends each stream of answers after so long, and is to be asked for the rest, as others after two minutes.
    Each of its tasks reads a piece of a file.
    """
    port = free_port()
    with temporary("spark-connect") as folder:
        settings = {
            "spark.connect.grpc.binding.port": str(port),
            "spark.connect.grpc.binding.address": HOST,
            "spark.ui.enabled": "false",
            "spark.driver.bindAddress": HOST,
            "spark.driver.host": HOST,
            "spark.driver.memory": memory,
            "spark.local.dir": str(folder),
            "spark.sql.files.maxPartitionBytes": piece,
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.log.level": "ERROR",
            "spark.connect.execute.reattachable.senderMaxStreamDuration": stream,
        }
        flags = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
        words: list[str | Path] = [SPARK / "bin/spark-submit", "--master", "local[2]", *flags]
        server = ["--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "spark-internal"]
        environment = os.environ | {"SPARK_HOME": str(SPARK), "SPARK_NO_DAEMONIZE": "1"}
        with running(Command([*words, *server], folder, environment), lambda: listens(port)) as pid:
            yield Server(f"sc://{HOST}:{port}", pid)


@contextmanager
def sail() -> Iterator[Server]:
    """Sail's."""
    port = free_port()
    with temporary("sail") as folder:
        words: list[str | Path] = [SAIL, "spark", "server", "--ip", HOST, "--port", str(port)]
        with running(Command(words, folder), lambda: listens(port)) as pid:
            yield Server(f"sc://{HOST}:{port}", pid)
