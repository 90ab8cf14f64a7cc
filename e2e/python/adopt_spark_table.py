"""Tables that real Spark made in a real Hive Metastore, gone on with by adg: Spark reads its own days and adg's.

Each way in which Spark makes a table gives one with three partitions in plain folders. adg adds a day with a new column and one
with a retyped column, replaces a day of Spark's, and sweeps what it replaced. Where a column of Spark's own is concerned, tables
that Spark calls its own ("datasource") are read by Hive's columns through a clone that does not have Spark's properties.

Usage: ADG_BIN=… adopt_spark_table.py. Prints each check; exits 1 where one fails.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import lit

import orders
import spark
from adg import Table, Workspace
from checks import Checks
from hive_client import HiveClient
from orders import ADDED, HIVE, KEY, OLD_DAYS, RETYPED
from service.hive import hive
from values import canonical

MODULE = """\
version: 1
module: sales
source: {{ files: "{{date}}_{{collection}}.csv" }}
evolution: {{ new_column: add, type_change: {type_change} }}
limits: {{ error_rate: 1 }}
target: {{ database: sales, sweep_after_hours: {grace} }}
collections: {collections}
"""
SETTINGS = {
    "spark.hadoop.hive.exec.dynamic.partition.mode": "nonstrict",
    # Hive's SerDe does not read decimals as Spark writes them otherwise.
    "spark.sql.parquet.writeLegacyFormat": "true",
}
REPLACED = OLD_DAYS[1]


def save_as_table(frame: DataFrame, name: str, folder: Path) -> None:
    """A table of Spark's own: Spark goes by its properties."""
    frame.write.partitionBy(KEY).option("path", folder.as_uri()).saveAsTable(name)


def create_external(frame: DataFrame, name: str, folder: Path) -> None:
    """A table of Hive's, filled day by day."""
    columns = ", ".join(f"{column} {word}" for column, word in frame.dtypes if column != KEY)
    partitioned = f"partitioned by ({KEY} string) stored as parquet"
    frame.sparkSession.sql(f"create external table {name} ({columns}) {partitioned} location '{folder.as_uri()}'")
    for day in OLD_DAYS:
        frame.where(frame[KEY] == day).write.insertInto(name)


@dataclass(frozen=True)
class Way:
    """A way in which Spark makes tables, and the table."""

    name: str
    make: Callable[[DataFrame, str, Path], None]
    fillers: dict[str, str]
    """Further columns, for which Spark writes its schema into several properties."""

    @property
    def table(self) -> str:
        """Its name in the metastore."""
        return f"sales.{self.name}"


WAYS = [
    Way("datasource", save_as_table, {}),
    Way("wide", save_as_table, {f"filler_{number:02}": str(number) for number in range(70)}),
    Way("external", create_external, {}),
]


class Adoption:
    """The tables and who reads them."""

    def __init__(self, folder: Path, uri: str, session: SparkSession) -> None:
        self.workspace = Workspace(folder, f'hive: {{ uris: ["{uri}"] }}')
        self.session = session
        self.client = HiveClient(session, uri)
        self.checks = Checks()
        self.source = orders.days()
        self.clones = 0

    def make(self) -> None:
        """Spark makes the tables from the source's first days."""
        location = self.folder("").as_uri()
        self.session.sql(f"create database sales location '{location}'")
        for way in WAYS:
            words = ", ".join(f"{name} {word}" for name, word in (orders.COLUMNS | dict.fromkeys(way.fillers, "int")).items())
            for day, rows in self.source.items():
                orders.write(self.file(way, day), rows, way.fillers)
            reader = self.session.read.schema(words).option("header", True)
            days = [reader.csv(str(self.file(way, day))).withColumn(KEY, lit(day)) for day in OLD_DAYS]
            way.make(reduce(DataFrame.union, days).coalesce(1), way.table, self.folder(way.name))
            self.session.sql(f"alter table {way.table} set tblproperties ('team' = 'orders')")
            self.session.sql(f"alter table {way.table} change column name name string comment 'who ordered'")

    def run(self, day: str, type_change: str, grace: int = 24) -> None:
        """Runs adg for one day."""
        collections = "{ " + ", ".join(f"{way.name}: {{}}" for way in WAYS) + " }"
        self.workspace.module("sales", MODULE.format(type_change=type_change, grace=grace, collections=collections))
        self.workspace.run("--module", "sales", "--start-dt", day, "--end-dt", day)

    def check_rows(self, when: str, source: dict[str, list[orders.Fields]]) -> None:
        """Both readers see what the source says."""
        for way in WAYS:
            for convert in (True, False):
                self.check_reader(f"{when}: {way.name}", way, way.table, source, convert)

    def check_reader(self, what: str, way: Way, name: str, source: dict[str, list[orders.Fields]], convert: bool) -> None:
        """What one reader sees of a table or a clone."""
        wanted = orders.expected(source, way.fillers)

        def rows() -> list[dict[str, Any]]:
            seen = name
            if not convert and self.client.is_sparks_own(name):
                seen = self.clone(name)
            found = self.rows(self.client.table(seen), convert)
            return [{column: row.get(column) for column in wanted[0]} for row in found]

        self.checks.same(f"{what}, {'Spark' if convert else 'SerDe'}: {len(wanted)} rows", rows, wanted)

    def rows(self, table: Table, convert: bool) -> list[dict[str, Any]]:
        """A table's rows in order, in their one form."""
        self.session.catalog.refreshTable(table.name)
        types = table.columns | {table.key: table.key_type}
        found = spark.reader(self.session, convert)(table, list(types))
        rows = [{column: canonical(types[column], value) for column, value in row.items()} for row in found]
        return sorted(rows, key=lambda row: row["orderid"])

    def clone(self, name: str) -> str:
        """The table as it is now, as one of Hive's."""
        self.clones += 1
        other = f"sales.clone_{self.clones}"
        self.client.clone(name, other)
        return other

    def folder(self, table: str) -> Path:
        """A table's folder, where adg looks for it."""
        return self.workspace.folder / "warehouse/data/sales" / table

    def plain(self, way: Way, day: str) -> Path:
        """Where Spark put a day."""
        return self.folder(way.name) / f"{KEY}={day}"

    def file(self, way: Way, day: str) -> Path:
        """A day's file of the source."""
        return self.workspace.source / f"{day}_{way.name}.csv"
