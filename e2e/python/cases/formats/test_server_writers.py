"""What PostgreSQL, MariaDB and Spark write in their dialects is read back equal: random tables with nulls, one a date."""

import random
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cases.formats.given import Given, rows_by_day, run, workspace
from cases.formats.test_writers import ALPHABET, COLUMNS, NAMES, TABLES, WIDTH
from cases.formats.test_writers import FIRST as FIRST_DAY
from world.checks import Checks
from world.mariadb import MariaDb, mariadb
from world.postgres import Postgres
from world.process import HOST

pytestmark = pytest.mark.timeout(300 + TABLES)
Row = list[str | None]
DAYS = [FIRST_DAY.fromordinal(FIRST_DAY.toordinal() + number).isoformat() for number in range(TABLES)]


def tables(seed: int, days: list[str], nulls: bool = True) -> dict[str, list[Row]]:
    """Random tables by day."""
    chance = random.Random(seed)

    def text() -> str | None:
        if nulls and chance.random() < 0.15:
            return None
        return "".join(chance.choice(ALPHABET) for _ in range(chance.randrange(5)))

    return {day: [[text() for _ in range(WIDTH)] for _ in range(1 + chance.randrange(6))] for day in days}


def read(place_settings: str, files: dict[str, bytes], days: list[str], **more: Any) -> dict[str, list[Row]]:
    """The tables that adg publishes of those files."""
    with workspace(Given("writers", files, [], place_settings, COLUMNS, **more)) as place:
        run(place, (days[0], days[-1]))
        found = rows_by_day(place, days)
        return {day: [[row[name] for name in NAMES] for row in found[day]] for day in days}


def compare(
    checks: Checks, what: str, found: dict[str, list[Row]], wanted: dict[str, list[Row]], files: dict[str, bytes]
) -> None:
    """Shows the first tables that differ, with the files that they were read from."""
    wrong = [day for day, table in wanted.items() if found[day] != table][:3]
    told = [(found[day], wanted[day], [content for name, content in files.items() if day in name]) for day in wrong]
    checks.same(f"{what}: tables that differ", told, [])


def dollar(text: str | None) -> str:
    """A text as PostgreSQL's SQL has it on one line."""
    if text is None:
        return "null::text"
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
    return f"E'{escaped}'::text"


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ("", "{ dialect: postgres }"),
        ("(format csv)", "{ header: none, keep_quoted_empty: true }"),
        (
            "(format csv, delimiter ';', quote '|', escape '\\', null 'N')",
            "{ header: none, delimiter: ';', quote: '|', escape: '\\', null_values: ['N'], quoted_null: text, keep_quoted_empty: true }",
        ),
    ],
)
def test_what_postgres_copies_is_read_back(
    checks: Checks, postgres: Postgres, tmp_path: Path, options: str, settings: str
) -> None:
    """`COPY` as text and as CSV."""
    written = tables(11, DAYS)
    copies = []
    for day, table in written.items():
        values = ", ".join(f"({', '.join(dollar(text) for text in row)})" for row in table)
        copies.append(f"\\copy (values {values}) to '{tmp_path / day}' {options}\n")
    client = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", HOST, "-p", str(postgres.port), "-U", "adg", "adg"]
    done = subprocess.run(client, input="".join(copies), capture_output=True, text=True, check=False)
    checks.same("psql", (done.returncode, done.stderr[:500]), (0, ""))
    files = {f"{day}_orders.csv": (tmp_path / day).read_bytes() for day in written}
    compare(checks, options or "text", read(settings, files, DAYS), written, files)


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    """MariaDB."""
    with mariadb() as running:
        yield running


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ("", "{ dialect: mysql }"),
        (
            "fields terminated by ',' optionally enclosed by '\"'",
            "{ dialect: mysql, delimiter: ',', quote: '\"', keep_quoted_empty: true, quoted_null: text }",
        ),
    ],
)
def test_what_mariadb_writes_is_read_back(checks: Checks, server: MariaDb, options: str, settings: str) -> None:
    """`SELECT … INTO OUTFILE` by itself, and as CSV."""
    written = tables(13, DAYS)

    def literal(text: str | None) -> str:
        return "cast(null as char)" if text is None else f"cast(_utf8mb4 x'{text.encode().hex()}' as char)" if text else "''"

    name = f"{len(options)}"
    statements = []
    for day, table in written.items():
        lines = [
            f"select {i} i, {', '.join(f'{literal(t)} {n}' for t, n in zip(row, NAMES, strict=True))}"
            for i, row in enumerate(table)
        ]
        target = server.folder / f"{name}-{day}"
        union = " union all ".join(lines)
        statements.append(
            f"select {', '.join(NAMES)} from ({union}) t order by i into outfile '{target}' character set utf8mb4 {options};\n"
        )
    server.run("".join(statements))
    files = {f"{day}_orders.csv": (server.folder / f"{name}-{day}").read_bytes() for day in written}
    compare(checks, options or "OUTFILE", read(settings, files, DAYS), written, files)


def test_what_spark_writes_is_read_as_spark_reads_it(checks: Checks, spark: Any, tmp_path: Path) -> None:
    """Spark's writer and reader with their defaults: adg reads what Spark itself reads."""
    written = tables(17, DAYS)
    schema, folder = COLUMNS.replace(":", ""), tmp_path / "tables"
    lines = [(day, *row) for day, table in written.items() for row in table]
    # One job for all: each would take half a second by itself.
    spark.createDataFrame(lines, f"day string, {schema}").coalesce(1).write.partitionBy("day").csv(str(folder))
    wanted: dict[str, list[Row]] = {day: [] for day in DAYS}
    for row in spark.read.schema(f"{schema}, day string").option("multiLine", True).csv(str(folder)).collect():
        wanted[row["day"]].append([row[name] for name in NAMES])
    parts = [(file.parent.name.removeprefix("day="), file) for file in folder.glob("day=*/part-*.csv")]
    files = {f"{day}_orders_{file.name}": file.read_bytes() for day, file in parts}
    found = read("{ dialect: spark, header: none }", files, DAYS, pattern="{date}_{collection}_part-*.csv", source="pick: all")
    compare(checks, "Spark", found, wanted, files)
