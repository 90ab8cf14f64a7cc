"""The reader matrix: a table with every type word, as DuckDB, PyArrow, Polars, Spark's own reader and Hive's SerDe see it."""

from dataclasses import dataclass

import pytest
from pyspark.sql import SparkSession

from world import every_type
from world import spark as spark_readers
from world.adg import Table, Workspace
from world.checks import Checks
from world.every_type import HIVE
from world.readers import (
    NO_DUCKDB,
    WITH_DUCKDB,
    Reader,
    as_json,
    by_duckdb,
    by_pyarrow,
    by_query,
    is_excused,
    matrix,
    module,
    without_padding,
)


@dataclass
class Published:
    """The table with timestamps of one encoding."""

    encoding: str
    workspace: Workspace
    table: Table
    rows: every_type.Rows


@pytest.fixture(scope="module", params=["int96", "micros"])
def published(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, spark: SparkSession) -> Published:
    """Two days of the table, known to Spark too."""
    encoding: str = request.param
    workspace = Workspace(tmp_path_factory.mktemp(encoding) / "work")
    files, rows = every_type.days()
    for day, text in files.items():
        (workspace.source / f"{day}_every_type.csv").write_text(text, newline="")
    workspace.module(encoding, module(encoding, encoding))
    for day in files:
        workspace.run("--module", encoding, "--start-dt", day, "--end-dt", day)
    table = workspace.table(encoding, "every_type")
    spark_readers.register(spark, table)
    return Published(encoding, workspace, table, rows)


def test_metastore_has_each_type(checks: Checks, published: Published) -> None:
    """Columns in order, and a partition of each day."""
    checks.same("columns", list(published.table.columns.items()), list(HIVE.items()))
    checks.same("partitions", list(published.table.partitions), list(every_type.days()[0]))


def reader(name: str, spark: SparkSession, workspace: Workspace) -> Reader:
    """A reader by its name."""
    match name:
        case "DuckDB":
            return Reader(name, by_duckdb)
        case "PyArrow":
            return Reader(name, by_pyarrow)
        case "adg query" | "adg query by DuckDB":
            return Reader(name, by_query(workspace, NO_DUCKDB if name == "adg query" else WITH_DUCKDB), as_json)
        case _:
            return Reader(name, spark_readers.reader(spark, convert=name == "Spark"), without_padding)


@pytest.mark.parametrize("name", ["DuckDB", "PyArrow", "adg query", "adg query by DuckDB", "Spark", "SerDe"])
def test_reader_sees_every_type_with_its_values(checks: Checks, published: Published, spark: SparkSession, name: str) -> None:
    """Each column is a check."""
    one = reader(name, spark, published.workspace)
    for column, (verdict,) in matrix([one], published.table, published.rows).items():
        if not is_excused(published.encoding, one, column):
            checks.same(f"{column}, {every_type.WORDS.get(column, HIVE.get(column))}", verdict, "ok")
