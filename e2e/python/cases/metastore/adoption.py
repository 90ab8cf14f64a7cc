"""Tables that real Spark makes in each of its ways, the runs of adg that go on with them, and Spark as their reader."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import lit

from cases.metastore import orders
from cases.metastore.orders import OLD_DAYS
from world import spark
from world.adg import Records, Table, Workspace
from world.every_type import KEY
from world.hive_client import HiveClient
from world.readers import without_padding
from world.values import canonical

MODULE = """\
version: 1
module: adopted
source: {{ min_known: 0.1, files: "{{date}}_{{collection}}.csv" }}
evolution: {{ new_column: add, type_change: {type_change} }}
limits: {{ error_rate: 1 }}
catchup: {{ start: 2024-01-04 }}
target: {{ database: adopted, sweep_after_hours: {retention} }}
collections: {{ {collections} }}
"""
COMMENTS = {"name": "who ordered", "Quantity": "how much of it"}


def save_as_table(frame: DataFrame, name: str, folder: Path) -> None:
    """A table of Spark's own, whose columns are in its properties."""
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
    """A way in which Spark makes a table."""

    name: str
    """Of the table, too."""
    make: Callable[[DataFrame, str, Path], None]
    fillers: dict[str, str]
    """Further columns, each with the same value in all rows."""

    @property
    def table(self) -> str:
        """The table in the metastore."""
        return f"adopted.{self.name}"

    def columns(self) -> dict[str, str]:
        """The table's columns when Spark makes it."""
        return orders.COLUMNS | dict.fromkeys(self.fillers, "int")


WAYS = [
    Way("datasource", save_as_table, {}),
    # With so many columns Spark's schema is in several properties.
    Way("wide", save_as_table, {f"filler_{number:02}": str(number) for number in range(70)}),
    Way("external", create_external, {}),
]


def _seen(hive: str, value: Any) -> Any:
    return without_padding(hive, canonical(hive, value))


class Adoption:
    """The tables, what adg does to them, and what Spark reads."""

    def __init__(self, folder: Path, uri: str, session: SparkSession) -> None:
        self.workspace = Workspace(folder, f'hive: {{ uris: ["{uri}"] }}')
        self.session = session
        self.client = HiveClient(session, uri)
        self.source = orders.days()
        self.clones = 0

    def make(self) -> None:
        """Spark makes the tables from the source's first days."""
        self.session.sql(f"create database adopted location '{self.folder('').as_uri()}'")
        for way in WAYS:
            for day in self.source:
                self.write(way, day)
            reader = self.session.read.option("header", True)
            reader = reader.schema(", ".join(f"{name} {word}" for name, word in way.columns().items()))
            days = [reader.csv(str(self.file(way, day))).withColumn(KEY, lit(day)) for day in OLD_DAYS]
            way.make(reduce(DataFrame.union, days).coalesce(1), way.table, self.folder(way.name))
            self.session.sql(f"alter table {way.table} set tblproperties ('team' = 'orders')")
            for name, comment in COMMENTS.items():
                column = f"{name} {orders.COLUMNS[name]} comment '{comment}'"
                self.session.sql(f"alter table {way.table} change column {name} {column}")

    def write(self, way: Way, day: str) -> None:
        """Writes a day's file of the source."""
        orders.write(self.file(way, day), self.source[day], way.fillers)

    def run(self, day: str, type_change: str, retention: int = 24) -> None:
        """Runs adg for one day of all tables."""
        collections = ", ".join(f"{way.name}: {{ columns: {json.dumps(orders.NEW)} }}" for way in WAYS)
        self.workspace.module("adopted", MODULE.format(type_change=type_change, retention=retention, collections=collections))
        self.workspace.run("--module", "adopted", "--start-dt", day, "--end-dt", day)

    def rows(self, name: str, convert: bool) -> Records:
        """A table's rows in order, in the form of `orders.expected`, by Spark's own reader or through the SerDe.

        Spark reads a table of its own by its own reader whatever it is told, so the SerDe gets one of Hive's in its place.
        """
        if not convert and "spark.sql.sources.provider" in self.client.parameters(name):
            name = self.clone(name)
        table = self.client.table(name)
        self.session.catalog.refreshTable(name)
        types = table.columns | {table.key: table.key_type}
        found = spark.reader(self.session, convert)(table, sorted(types))
        rows = [{column: _seen(types[column], value) for column, value in row.items()} for row in found]
        return sorted(rows, key=lambda row: row["orderid"])

    def clone(self, name: str) -> str:
        """The table as it is now, as one of Hive's."""
        self.clones += 1
        other = f"adopted.clone_{self.clones}"
        self.client.clone(name, other)
        return other

    def drop_clones(self) -> None:
        """The clones are gone; their files are not."""
        for number in range(1, self.clones + 1):
            self.client.drop(f"adopted.clone_{number}")

    def table(self, way: Way) -> Table:
        """The table as the metastore has it now."""
        return self.client.table(way.table)

    def in_spark(self, way: Way) -> dict[str, str]:
        """The columns as Spark has them."""
        self.session.catalog.refreshTable(way.table)
        return dict(self.session.table(way.table).dtypes)

    def comments(self, way: Way) -> dict[str, str]:
        """Gives Spark's comments of the columns."""
        schema = self.session.table(way.table).schema
        return {field.name: field.metadata["comment"] for field in schema if "comment" in field.metadata}

    def folder(self, table: str) -> Path:
        """A table's folder, where adg looks for it."""
        return self.workspace.folder / "warehouse/data/adopted" / table

    def plain(self, way: Way, day: str) -> Path:
        """Where Spark put a day."""
        return self.folder(way.name) / f"{KEY}={day}"

    def file(self, way: Way, day: str) -> Path:
        """A day's file of the source."""
        return self.workspace.source / f"{day}_{way.name}.csv"
