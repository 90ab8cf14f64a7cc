"""The Hive Metastore that PySpark bundles, with Derby in memory or a PostgreSQL of its own.

Run by itself it keeps the classes that a start loads, so that those that follow take three quarters of the time.
"""

import os
import signal
import sys
import sysconfig
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from world.postgres import NAME, Postgres, postgres
from world.process import HOST, Command, free_port, listens, running, temporary

JARS = Path(sysconfig.get_path("purelib")) / "pyspark" / "jars"
POSTGRESQL_JAR = Path("/usr/share/java/postgresql.jar")
CLASSES = Path(sys.prefix) / "hive-metastore.jsa"
"""The classes kept. Java passes over them where they are not of the same jars and the same Java."""

JVM = ["-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-UsePerfData"]

SETTINGS = {
    "datanucleus.schema.autoCreateAll": "true",
    # All tables at the start. Made when first needed, they block the transaction that needs them for ever, on PostgreSQL.
    "datanucleus.autoStartMechanism": "Classes",
    "hive.metastore.schema.verification": "false",
    # Without these two it dies of a missing class, and `drop_database` breaks the connection.
    "hive.async.log.enabled": "false",
    "datanucleus.connectionPoolingType": "HikariCP",
    "hive.metastore.server.min.threads": "8",
}

LOGGING = """\
status = ERROR
rootLogger.level = WARN
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %p %c{1}: %m%n
"""


@dataclass(frozen=True)
class Hive:
    """A running metastore."""

    uri: str
    warehouse: Path
    folder: Path
    pid: int
    database: Postgres | None
    """The server that keeps its tables, where that is not Derby."""


@contextmanager
def hive(
    database: str | Postgres = "derby",
    port: int | None = None,
    flags: Sequence[str] = (),
    end: signal.Signals = signal.SIGKILL,
    strict: bool = True,
) -> Iterator[Hive]:
    """The metastore, on a port where one is given, or one more over the tables of another one's PostgreSQL.

    It takes connections only when it has its schema. It is strict as it is by itself: it refuses to change a struct.
    """
    port = port or free_port()
    with ExitStack() as stack:
        folder = stack.enter_context(temporary("hive"))
        there = database if isinstance(database, Postgres) else None
        behind = stack.enter_context(postgres()) if database == "postgres" else there
        warehouse = folder / "warehouse"
        warehouse.mkdir()
        logging = folder / "hive-log4j2.properties"
        logging.write_text(LOGGING)
        settings = SETTINGS | _connection(behind)
        settings |= {
            "datanucleus.autoStartClassNames": ",".join(_stored()),
            "hive.metastore.warehouse.dir": str(warehouse),
            "hive.log4j.file": str(logging),
        }
        if not strict:
            settings["hive.metastore.disallow.incompatible.col.type.changes"] = "false"
        # On the command line, not in a file: with a folder among the jars Java does not use the classes kept.
        options = [word for name, value in settings.items() for word in ("--hiveconf", f"{name}={value}")]
        jars = f"{JARS}/*:{POSTGRESQL_JAR}" if behind else f"{JARS}/*"
        kept = [f"-XX:SharedArchiveFile={CLASSES}"] if CLASSES.exists() and not flags else []
        java = ["java", *JVM, *kept, *flags, f"-Djava.io.tmpdir={folder}", "-cp", jars]
        main = ["org.apache.hadoop.hive.metastore.HiveMetaStore", "-p", str(port)]
        command = Command([*java, *main, *options], folder, end=end)
        pid = stack.enter_context(running(command, lambda: listens(port)))
        yield Hive(f"thrift://{HOST}:{port}", warehouse, folder, pid, behind)


def _stored() -> list[str]:
    """The classes that have tables."""
    with zipfile.ZipFile(next(JARS.glob("hive-metastore-*.jar"))) as jar, jar.open("package.jdo") as mapping:
        package = ElementTree.parse(mapping).find("package")
    if package is None:
        raise RuntimeError("Hive's package.jdo has no package")
    return [f"{package.get('name')}.{one.get('name')}" for one in package.iter("class") if not one.get("embedded-only")]


def _connection(behind: Postgres | None) -> dict[str, str]:
    if behind is None:
        url, driver, user = "jdbc:derby:memory:adg;create=true", "org.apache.derby.jdbc.EmbeddedDriver", "APP"
    else:
        url, driver, user = f"jdbc:postgresql://{HOST}:{behind.port}/{NAME}", "org.postgresql.Driver", NAME
    return {
        "javax.jdo.option.ConnectionURL": url,
        "javax.jdo.option.ConnectionDriverName": driver,
        "javax.jdo.option.ConnectionUserName": user,
        # Makes the tables for locks, on Derby alone.
        "hive.in.test": str(behind is None).lower(),
    }


def keep_classes() -> None:
    """Starts and ends it once, noting what it loads."""
    new = CLASSES.with_suffix(f".{os.getpid()}")
    with hive(flags=[f"-XX:ArchiveClassesAtExit={new}"], end=signal.SIGTERM):
        pass
    new.replace(CLASSES)


if __name__ == "__main__":
    keep_classes()
