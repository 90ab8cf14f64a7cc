"""Spark with a Hive metastore, to read tables by Spark's own reader and through Hive's SerDe."""

import contextlib
import io
from collections.abc import Callable, Mapping
from pathlib import Path

from pyspark.sql import SparkSession

from world.adg import Records, Table

OWN_METASTORE = {"spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:memory:adg;create=true"}


LIKE_HIVE = {
    "spark.hadoop.hive.exec.dynamic.partition.mode": "nonstrict",
    # Hive's SerDe does not read decimals as Spark writes them otherwise.
    "spark.sql.parquet.writeLegacyFormat": "true",
}
"""The settings with which Spark writes tables that Hive reads."""


def metastore_at(uri: str) -> dict[str, str]:
    """The settings for a metastore that runs by itself."""
    return {"spark.hadoop.hive.metastore.uris": uri}


def session(folder: Path, more: Mapping[str, str] = OWN_METASTORE) -> SparkSession:
    """One session in UTC, with more settings: those of its metastore at least."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-Duser.timezone=UTC -Dderby.system.home={folder}",
        "spark.local.dir": str(folder / "spark"),
        "spark.log.level": "OFF",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.warehouse.dir": str(folder / "spark-warehouse"),
    }
    builder = SparkSession.builder.master("local[2]").enableHiveSupport()
    for name, value in {**settings, **more}.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def register(session: SparkSession, table: Table) -> None:
    """Makes the table in Spark's metastore as it is in ours."""
    columns = ", ".join(f"`{name}` {hive}" for name, hive in table.columns.items())
    location = next(iter(table.partitions.values())).parent.parent
    session.sql(f"create database {table.name.split('.')[0]}")
    session.sql(
        f"create external table {table.name} ({columns}) partitioned by (`{table.key}` {table.key_type})"
        f" stored as parquet location 'file://{location}'"
    )
    for value, folder in table.partitions.items():
        session.sql(f"alter table {table.name} add partition (`{table.key}`='{value}') location 'file://{folder}'")


def reader(session: SparkSession, convert: bool) -> Callable[[Table, list[str]], Records]:
    """By Spark's own reader, or through Hive's SerDe."""

    def rows(table: Table, names: list[str]) -> Records:
        session.conf.set("spark.sql.hive.convertMetastoreParquet", convert)
        frame = session.table(table.name).select(*names)
        with contextlib.redirect_stdout(io.StringIO()) as plan:
            frame.explain()
        scan = "FileScan parquet" if convert else "Scan hive"
        if scan not in plan.getvalue():
            raise RuntimeError(f"the plan has no {scan}:\n{plan.getvalue()}")
        # Not by `collect`, which gives the decimal 0.0000000001 two zeros too many.
        return frame.toArrow().to_pylist()

    return rows
