"""The Hive Metastore as a client of Hive's own sees it, by way of the classes in Spark's JVM."""

from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from world.adg import Table

ALL = -1


class HiveClient:
    """A connection to a metastore."""

    def __init__(self, session: SparkSession, uri: str) -> None:
        java: Any = session._jvm
        hive = java.org.apache.hadoop.hive
        conf = hive.conf.HiveConf()
        conf.set("hive.metastore.uris", uri)
        self._client = hive.metastore.HiveMetaStoreClient(conf)

    def table(self, name: str) -> Table:
        """A table partitioned by one column."""
        found = self._client.getTable(*name.split("."))
        [key] = found.getPartitionKeys()
        columns = {column.getName(): column.getType() for column in found.getSd().getCols()}
        folders = {next(iter(part.getValues())): _path(part.getSd().getLocation()) for part in self._partitions(name)}
        return Table(name, columns, key.getName(), key.getType(), dict(sorted(folders.items())))

    def parameters(self, name: str) -> dict[str, str]:
        """The properties of a table, Spark's own included, which Spark does not show."""
        return dict(self._client.getTable(*name.split(".")).getParameters())

    def rows_said(self, name: str) -> dict[str, str | None]:
        """How many rows each partition is said to have."""
        return {next(iter(part.getValues())): dict(part.getParameters()).get("numRows") for part in self._partitions(name)}

    def clone(self, name: str, other: str) -> None:
        """Makes another table as this one is now, with its columns and locations, but none of its properties: to Spark, a table
        of Hive's.
        """
        table = self._client.getTable(*name.split("."))
        table.setTableName(other.split(".")[1])
        table.getParameters().clear()
        table.getParameters().put("EXTERNAL", "TRUE")
        partitions = self._partitions(name)
        for part in partitions:
            part.setTableName(table.getTableName())
        self._client.createTable(table)
        self._client.add_partitions(partitions)

    def drop(self, name: str) -> None:
        """The table is gone; its files stay."""
        self._client.dropTable(*name.split("."), False, False)

    def _partitions(self, name: str) -> Any:
        return self._client.listPartitions(*name.split("."), ALL)


def _path(location: str) -> Path:
    """Hive writes `file:/a`, others `file:///a`."""
    return Path("/" + location.removeprefix("file:").lstrip("/"))
