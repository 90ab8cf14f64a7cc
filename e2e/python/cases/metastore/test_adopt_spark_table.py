"""Tables that real Spark made in a real Hive Metastore, gone on with by adg: Spark reads its own days and adg's.

Three tables of three days each, in plain folders, with a partition column of text. adg adds a day with new columns and one with a
retyped column, replaces a day of Spark's, and sweeps what it replaced.

Usage: ADG_BIN=… adopt_spark_table.py. Prints each check; exits 1 where one fails.
"""

import re
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from cases.metastore import orders
from world import spark
from world.adg import Records
from cases.metastore.adoption import COMMENTS, SETTINGS, WAYS, Adoption, Way
from world.checks import Checks
from world.every_type import KEY
from cases.metastore.orders import ADDED, HIVE, OLD_DAYS, RETYPED
from world.hive import hive

REPLACED = OLD_DAYS[1]
READERS = {"Spark": True, "SerDe": False}
ALL_DAYS = [*OLD_DAYS, ADDED, RETYPED]


def check_rows(adoption: Adoption, checks: Checks, when: str, days: list[str], columns: set[str]) -> None:
    """Both readers see of each table what the source says of these days."""
    for way in WAYS:
        wanted = expected(adoption, way, days, columns)
        for reader, convert in READERS.items():
            what = f"{when}, {way.name}: {len(wanted)} rows by {reader}"
            checks.gives(what, partial(adoption.rows, way.table, convert), wanted)


def expected(adoption: Adoption, way: Way, days: list[str], columns: set[str]) -> Records:
    """The rows of these days, with these columns."""
    names = sorted(columns | way.fillers.keys() | {KEY})
    rows = orders.expected({day: adoption.source[day] for day in days}, way.fillers)
    return [{name: row[name] for name in names} for row in rows]


def check_tables(adoption: Adoption, checks: Checks, before: dict[str, list[str]]) -> None:
    """After adg's days: the columns as they must be, and as it was all that is no business of adg's."""
    for way in WAYS:
        table, in_spark = adoption.table(way), adoption.in_spark(way)
        columns = HIVE | dict.fromkeys(way.fillers, "int")
        names = before[way.name]
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
            checks.same(f"after adg's days, {way.name}: {what}", found, wanted)


def plain_files(adoption: Adoption, day: str) -> dict[str, list[str]]:
    """For each table the files right in the plain folder of a day."""
    return {way.name: sorted(path.name for path in adoption.plain(way, day).iterdir() if path.is_file()) for way in WAYS}


def replace_a_day(adoption: Adoption, checks: Checks) -> None:
    """The partition swings to adg's folder. Whoever was sent to Spark's files still reads them, and nothing else."""
    clones = {way.name: adoption.clone(way.table) for way in WAYS}
    old = {way.name: expected(adoption, way, ALL_DAYS, set(HIVE)) for way in WAYS}
    kept = plain_files(adoption, REPLACED)
    adoption.source[REPLACED] = orders.again(REPLACED)
    for way in WAYS:
        adoption.write(way, REPLACED)
    adoption.run(REPLACED, "keep")
    check_rows(adoption, checks, "a day replaced", ALL_DAYS, set(HIVE))
    checks.same("a day replaced: Spark's files of it are there", plain_files(adoption, REPLACED), kept)
    for way in WAYS:
        now = adoption.table(way).partitions[REPLACED]
        inside = adoption.folder(way.name) in now.parents and now != adoption.plain(way, REPLACED)
        checks.same(f"a day replaced, {way.name}: it is in a folder of adg's", inside, True)
        for reader, convert in READERS.items():
            what = f"a day replaced, {way.name}: {reader}, sent to the old folders before, reads the old rows"
            checks.gives(what, partial(adoption.rows, clones[way.name], convert), old[way.name])


def sweep(adoption: Adoption, checks: Checks) -> None:
    """A later run whose module keeps nothing removes the files that were replaced, and no others; those that a copy of the table
    points at, once the copy is dropped."""
    others = [day for day in OLD_DAYS if day != REPLACED]
    kept = {day: plain_files(adoption, day) for day in others}
    replaced = plain_files(adoption, REPLACED)
    adoption.run(RETYPED, "keep", grace=0)
    checks.same("kept: Spark's files of the day, at which a copy of the table points", plain_files(adoption, REPLACED), replaced)
    adoption.drop_clones()
    adoption.run(RETYPED, "keep", grace=0)
    checks.same("swept: Spark's files of the day", plain_files(adoption, REPLACED), {way.name: [] for way in WAYS})
    checks.same("swept: Spark's files of other days", {day: plain_files(adoption, day) for day in others}, kept)
    check_rows(adoption, checks, "swept", ALL_DAYS, set(HIVE))


def run(adoption: Adoption, checks: Checks) -> None:
    """The story, step by step."""
    adoption.make()
    check_rows(adoption, checks, "as Spark made it", OLD_DAYS, set(map(str.lower, orders.COLUMNS)))
    before = {way.name: [name for name in adoption.in_spark(way) if name != KEY] for way in WAYS}
    begun = time.monotonic()
    adoption.run(ADDED, "keep")
    adoption.run(RETYPED, "widen")
    print(f"two days of {len(WAYS)} tables by adg in {time.monotonic() - begun:.2f} s")
    check_tables(adoption, checks, before)
    check_rows(adoption, checks, "after adg's days", ALL_DAYS, set(HIVE))
    replace_a_day(adoption, checks)
    sweep(adoption, checks)
    for way in WAYS:
        kept = sorted(key for key in adoption.client.parameters(way.table) if key.startswith("spark."))
        print(f"{way.name}: Spark's properties at the end: {', '.join(kept) or 'none'}")


def main() -> None:
    """Everything in one Spark session, one metastore and a temporary folder."""
    checks = Checks()
    begun = time.monotonic()
    with hive() as metastore, tempfile.TemporaryDirectory() as folder:
        session = spark.session(Path(folder), spark.metastore_at(metastore.uri) | SETTINGS)
        try:
            run(Adoption(Path(folder), metastore.uri, session), checks)
        finally:
            session.stop()
    print(f"\n{checks.wrong} wrong, {time.monotonic() - begun:.0f} s")
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
