"""Tables that real Spark made in a real Hive Metastore, gone on with by adg: Spark reads its own days and adg's.

Three tables of three days each, in plain folders, with a partition column of text. adg adds a day with new columns and one with a
retyped column, replaces a day of Spark's, and sweeps what it replaced. Each stage is a fixture, which goes on where the one before
it ended: tests stand in the order of the stages.
"""

import re
from dataclasses import dataclass, field
from functools import partial

import pytest
from pyspark.sql import SparkSession

from cases.metastore import orders
from cases.metastore.adoption import COMMENTS, WAYS, Adoption, Way
from cases.metastore.orders import ADDED, HIVE, OLD_DAYS, RETYPED
from world.adg import Records
from world.checks import Checks
from world.every_type import KEY
from world.hive import Hive

REPLACED = OLD_DAYS[1]
READERS = {"Spark": True, "SerDe": False}
ALL_DAYS = [*OLD_DAYS, ADDED, RETYPED]
OTHERS = [day for day in OLD_DAYS if day != REPLACED]
BEFORE = set(map(str.lower, orders.COLUMNS))
"""The columns that Spark made."""
pytestmark = pytest.mark.timeout(600)
each_reader = pytest.mark.parametrize("reader", READERS)
each_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.name)


@pytest.fixture(scope="module")
def made(spark: SparkSession, hive: Hive, tmp_path_factory: pytest.TempPathFactory) -> Adoption:
    """The tables as Spark made them."""
    adoption = Adoption(tmp_path_factory.mktemp("adoption") / "work", hive.uri, spark)
    adoption.make()
    return adoption


@dataclass
class Continued:
    """The tables after two days of adg's."""

    adoption: Adoption
    before: dict[str, list[str]]
    """The columns of each table in Spark before these."""


@pytest.fixture(scope="module")
def continued(made: Adoption) -> Continued:
    """Two days more."""
    before = {way.name: [name for name in made.in_spark(way) if name != KEY] for way in WAYS}
    made.run(ADDED, "keep")
    made.run(RETYPED, "widen")
    return Continued(made, before)


Files = dict[str, list[str]]
"""For each table the files right in the plain folder of a day."""


@dataclass
class Replaced:
    """The tables after adg replaced a day of Spark's."""

    adoption: Adoption
    clones: dict[str, str]
    """Copies of the tables as they were before, which point at Spark's files."""
    old: dict[str, Records]
    files: Files
    """The files of the day before it was replaced."""


@pytest.fixture(scope="module")
def replaced(continued: Continued) -> Replaced:
    """A day with other rows."""
    adoption = continued.adoption
    clones = {way.name: adoption.clone(way.table) for way in WAYS}
    old = {way.name: expected(adoption, way, ALL_DAYS, set(HIVE)) for way in WAYS}
    made = Replaced(adoption, clones, old, plain_files(adoption, REPLACED))
    adoption.source[REPLACED] = orders.again(REPLACED)
    for way in WAYS:
        adoption.write(way, REPLACED)
    adoption.run(REPLACED, "keep")
    return made


@dataclass
class Swept:
    """The tables after runs that keep nothing of what was replaced."""

    adoption: Adoption
    before: dict[str, Files] = field(default_factory=dict)
    """The files of each day of Spark's before these runs."""
    with_clones: Files = field(default_factory=dict)
    """The files of the day that was replaced, after a run while copies of the tables pointed at them."""


@pytest.fixture(scope="module")
def swept(replaced: Replaced) -> Swept:
    """A run while there are copies of the tables, and one when these are gone."""
    adoption = replaced.adoption
    made = Swept(adoption, {day: plain_files(adoption, day) for day in OLD_DAYS})
    adoption.run(RETYPED, "keep", retention=0)
    made.with_clones = plain_files(adoption, REPLACED)
    adoption.drop_clones()
    adoption.run(RETYPED, "keep", retention=0)
    return made


def expected(adoption: Adoption, way: Way, days: list[str], columns: set[str]) -> Records:
    """Gives the rows of these days, with these columns."""
    names = sorted(columns | way.fillers.keys() | {KEY})
    rows = orders.expected({day: adoption.source[day] for day in days}, way.fillers)
    return [{name: row[name] for name in names} for row in rows]


def plain_files(adoption: Adoption, day: str) -> Files:
    """Lists for each table the files right in the plain folder of a day."""
    return {way.name: sorted(path.name for path in adoption.plain(way, day).iterdir() if path.is_file()) for way in WAYS}


def check_rows(adoption: Adoption, checks: Checks, way: Way, reader: str, days: list[str], columns: set[str]) -> None:
    """Has a reader see of a table what the source says of these days."""
    wanted = expected(adoption, way, days, columns)
    checks.gives(f"{way.name}: {len(wanted)} rows by {reader}", partial(adoption.rows, way.table, READERS[reader]), wanted)


@each_reader
@each_way
def test_tables_are_read_as_spark_made_them(checks: Checks, made: Adoption, way: Way, reader: str) -> None:
    """Before adg does anything."""
    check_rows(made, checks, way, reader, OLD_DAYS, BEFORE)


@each_way
def test_table_has_new_columns_and_keeps_the_rest(checks: Checks, continued: Continued, way: Way) -> None:
    """Properties, comments, the key and folders are no business of adg's."""
    adoption = continued.adoption
    table, in_spark = adoption.table(way), adoption.in_spark(way)
    columns = HIVE | dict.fromkeys(way.fillers, "int")
    names = continued.before[way.name]
    lower = {name.lower(): word for name, word in in_spark.items()}
    spark_words = {name: re.sub(r"(var)?char\(\d+\)", "string", word) for name, word in (columns | {KEY: "string"}).items()}
    for what, found, wanted in (
        ("columns", sorted(table.columns.items()), sorted(columns.items())),
        ("columns in Spark", sorted(lower.items()), sorted(spark_words.items())),
        ("the first columns", list(table.columns)[: len(names)], [name.lower() for name in names]),
        ("the first columns in Spark", list(in_spark)[: len(names)], names),
        ("comments in Spark", sorted(adoption.comments(way).items()), sorted(COMMENTS.items())),
        ("a property of somebody else's", adoption.client.parameters(way.table).get("team"), "orders"),
        ("the partition column's type", table.key_type, "string"),
        ("the partitions", list(table.partitions), ALL_DAYS),
        ("Spark's folders", [table.partitions[day] for day in OLD_DAYS], [adoption.plain(way, day) for day in OLD_DAYS]),
    ):
        checks.same(what, found, wanted)


@each_reader
@each_way
def test_days_of_both_are_read(checks: Checks, continued: Continued, way: Way, reader: str) -> None:
    """Three days of Spark's and two of adg's."""
    check_rows(continued.adoption, checks, way, reader, ALL_DAYS, set(HIVE))


@each_reader
@each_way
def test_replaced_day_is_read_with_its_new_rows(checks: Checks, replaced: Replaced, way: Way, reader: str) -> None:
    """All other days are as before."""
    check_rows(replaced.adoption, checks, way, reader, ALL_DAYS, set(HIVE))


def test_replaced_day_keeps_the_files_of_spark(checks: Checks, replaced: Replaced) -> None:
    """Readers that were sent there still read them."""
    checks.same("Spark's files of it", plain_files(replaced.adoption, REPLACED), replaced.files)


@each_way
def test_replaced_day_lies_in_a_folder_of_adg(replaced: Replaced, way: Way) -> None:
    """Below the table's folder, and not where Spark put it."""
    adoption = replaced.adoption
    now = adoption.table(way).partitions[REPLACED]
    assert adoption.folder(way.name) in now.parents
    assert now != adoption.plain(way, REPLACED)


@each_reader
@each_way
def test_old_folders_are_read_with_the_old_rows(checks: Checks, replaced: Replaced, way: Way, reader: str) -> None:
    """A reader that was sent to the old folders before sees the old rows and nothing else."""
    adoption = replaced.adoption
    found = partial(adoption.rows, replaced.clones[way.name], READERS[reader])
    checks.gives("the old rows", found, replaced.old[way.name])


def test_sweep_keeps_files_at_which_another_table_points(checks: Checks, swept: Swept) -> None:
    """A copy of the table may be another team's."""
    checks.same("Spark's files of the day", swept.with_clones, swept.before[REPLACED])


def test_sweep_removes_replaced_files_and_no_others(checks: Checks, swept: Swept) -> None:
    """When the copies are dropped."""
    checks.same("Spark's files of the day", plain_files(swept.adoption, REPLACED), {way.name: [] for way in WAYS})
    found = {day: plain_files(swept.adoption, day) for day in OTHERS}
    checks.same("Spark's files of other days", found, {day: swept.before[day] for day in OTHERS})


@each_reader
@each_way
def test_swept_tables_are_read(checks: Checks, swept: Swept, way: Way, reader: str) -> None:
    """No file of them is missing."""
    check_rows(swept.adoption, checks, way, reader, ALL_DAYS, set(HIVE))
