"""Real JSON through adg, against DuckDB's own reading of the raw files: every value of every row, nested ones included.

Each file is loaded as it is, compressed, as JSON lines and inside an envelope; movies also with three broken records.
"""

import gzip
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from world.adg import Table, Workspace
from world.checks import Checks
from world.published import Rows, column, sort
from world.values import canonical, parts

MODULE = """\
version: 1
module: {module}
source: {{ files: "{{date}}_{{collection}}.{extension}", json: {{ {json} }} }}
column_names: words
limits: {{ error_rate: 0, quarantine_rate: {quarantine_rate} }}
target: {{ database: {module} }}
collections: {{ {collection}: {{}} }}
"""

DAY = "2024-01-01"
FIGURES = "count(*), count(*) - count(value), count(distinct value), sum({summand})"


@dataclass(frozen=True)
class Data:
    """A file of real data, and what its table must look like."""

    name: str
    array: str
    """The member with the records; nothing where the file is their array."""
    rows: str
    """The records as DuckDB reads them."""
    columns: dict[str, str]


DATA = [
    Data(
        name="movies",
        array="",
        rows="from read_json('{file}', format = 'array', sample_size = -1)",
        columns={
            # Of 3,201 titles nine are numbers.
            "title": "string",
            "us_gross": "bigint",
            "worldwide_gross": "bigint",
            "us_dvd_sales": "bigint",
            "production_budget": "bigint",
            "release_date": "string",
            "mpaa_rating": "string",
            "running_time_min": "bigint",
            "distributor": "string",
            "source": "string",
            "major_genre": "string",
            "creative_type": "string",
            "director": "string",
            "rotten_tomatoes_rating": "bigint",
            "imdb_rating": "double",
            "imdb_votes": "bigint",
        },
    ),
    Data(
        name="earthquakes",
        array="features",
        rows="select unnest(feature) from (select unnest(features) as feature from read_json('{file}', sample_size = -1, "
        "maximum_object_size = 100000000))",
        columns={
            "type": "string",
            "properties": "struct<mag:double,place:string,time:bigint,updated:bigint,tz:bigint,url:string,detail:string,"
            "felt:bigint,cdi:double,mmi:double,alert:string,status:string,tsunami:bigint,sig:bigint,net:string,code:string,ids:string,"
            "sources:string,types:string,nst:bigint,dmin:double,rms:double,gap:double,magtype:string,type:string,title:string>",
            "geometry": "struct<type:string,coordinates:array<double>>",
            "id": "string",
        },
    ),
]


@dataclass(frozen=True)
class Layout:
    """One way to write the same records."""

    name: str
    extension: str
    json: str
    content: bytes


def records(data: Data, raw: bytes) -> list[str]:
    """The records as they stand in the file: numbers must keep their digits."""
    text = raw.decode()
    at = text.index("[", text.index(f'"{data.array}":') if data.array else 0) + 1
    found = []
    while (start := text.find("{", at)) >= 0 and text[at:start].strip(" ,\r\n") == "":
        at = json.JSONDecoder().raw_decode(text, start)[1]
        found.append(text[start:at])
    return found


def layouts(data: Data, raw: bytes) -> Iterator[Layout]:
    """The file as it is, and written in other ways."""
    own = f"records: {data.array}" if data.array else ""
    written = records(data, raw)
    if any("\n" in record for record in written):
        raise ValueError(f"{data.name} has records that are no lines")
    inside = f"[{','.join(written)}]"
    envelope = f'{{"extract": {{"data": [7], "by": "adg"}}, "fields": [], "data": {inside}, "count": {len(written)}}}'
    yield Layout("as_it_is", "json", own, raw)
    yield Layout("gzip", "json.gz", own, gzip.compress(raw))
    yield Layout("lines", "jsonl", "", "".join(f"{record}\n" for record in written).encode())
    yield Layout("envelope", "json", "records: data", envelope.encode())


def load(workspace: Workspace, data: Data, layout: Layout, quarantine_rate: float = 0) -> Table:
    """The table that adg makes of a layout, in a database of its own."""
    module = f"{data.name}_{layout.name}"
    (workspace.source / f"{DAY}_{data.name}.{layout.extension}").write_bytes(layout.content)
    settings = {"extension": layout.extension, "json": layout.json, "collection": data.name, "quarantine_rate": quarantine_rate}
    workspace.module(module, MODULE.format(module=module, **settings))
    workspace.run("--module", module, "--start-dt", DAY, "--end-dt", DAY)
    return workspace.table(module, data.name)


def open_raw(database: duckdb.DuckDBPyConnection, data: Data, raw: Path) -> None:
    """Makes the table `raw` under the names that the columns must have. What DuckDB leaves as JSON is its text."""
    database.execute(f"create table file as {data.rows.format(file=raw)}")
    described = database.execute("select column_name, column_type from (describe file)").fetchall()
    texts = {name: f"\"{name}\" ->> '$'" if kind == "JSON" else f'"{name}"' for name, kind in described}
    renamed = ", ".join(f'{text} as "{column(name)}"' for name, text in texts.items())
    database.execute(f"create table raw as select {renamed} from file")


def leaves(path: str, hive: str, value: str) -> Iterator[tuple[str, str, str]]:
    """Gives the leaves of a column: each place, its type, and its values in DuckDB's words. Names mean the same in either case."""
    word, inner = parts(hive)
    if word == "struct":
        for name, part in (field.split(":", 1) for field in inner):
            yield from leaves(f"{path}.{name}", part, f'{value}."{name}"')
    elif word == "array":
        yield from leaves(f"{path}[]", inner[0], f"unnest({value})")
    else:
        yield path, hive, value


def figures(database: duckdb.DuckDBPyConnection, rows: str, data: Data) -> dict[str, Any]:
    """For each place how many values, nulls, different values, and their sum: exact for numbers, of hashes for others."""
    found = {}
    for name, hive in data.columns.items():
        for path, kind, value in leaves(name, hive, f'"{name}"'):
            summand = "hash(value)::hugeint" if kind == "string" else "value::decimal(38,10)"
            select = f"select {FIGURES.format(summand=summand)} from (select {value} as value from {rows})"
            found[path] = database.execute(select).fetchone()
    return found


def lower(value: Any) -> Any:
    """A value with the names of structs as `words` makes them of these."""
    if isinstance(value, dict):
        return {column(name): lower(item) for name, item in value.items()}
    return [lower(item) for item in value] if isinstance(value, list) else value


def raw_rows(database: duckdb.DuckDBPyConnection, data: Data) -> Rows:
    """DuckDB's rows in the one form, in the order of the file."""
    rows = [dict(zip(data.columns, row, strict=True)) for row in database.execute("from raw").fetchall()]
    return [{name: canonical(data.columns[name], lower(value)) for name, value in row.items()} for row in rows]


def published_rows(table: Table, data: Data) -> Rows:
    """The rows of the table's files as PyArrow reads them, with `error_desc` where it is not null."""
    found = []
    for row in (row for file in table.files() for row in pq.read_table(file, partitioning=None).to_pylist()):
        error = row.pop("error_desc")
        told = {} if error is None else {"error_desc": error}
        found.append({name: canonical(data.columns[name], value) for name, value in row.items()} | told)
    return found


def compare(checks: Checks, what: str, data: Data, table: Table, database: duckdb.DuckDBPyConnection) -> None:
    """Whether the table has DuckDB's columns, figures and rows."""
    checks.same(f"{what}: columns", list(table.columns.items()), [*data.columns.items(), ("error_desc", "array<string>")])
    files = [str(file) for file in table.files()]
    database.execute("create or replace table published as from read_parquet(?, hive_partitioning = false)", [files])
    wanted, found = (figures(database, rows, data) for rows in ("raw", "published"))
    checks.same(f"{what}: figures of {len(wanted)} columns and members", list(found.items()), list(wanted.items()))
    rows = raw_rows(database, data)
    checks.same(f"{what}: all {len(rows)} rows", sort(published_rows(table, data)), sort(rows))


def broken(lines: list[str]) -> dict[int, str]:
    """Lines of movies.json by number, each damaged in a way of its own."""
    damages = [
        (1000, r'("US Gross": )\d+', r"\g<1>01.5"),
        (2000, r'("Title": "[^"]*)"', r"\1"),
        (3000, r"\}(,\r?\n)$", r"\1"),
    ]
    damaged = {}
    for number, pattern, replacement in damages:
        damaged[number], count = re.subn(pattern, replacement, lines[number], count=1)
        if count != 1:
            raise ValueError(f"{pattern} is not in {lines[number]}")
    return damaged


@dataclass
class Raw:
    """A file of real data as DuckDB reads it."""

    data: Data
    path: Path
    database: duckdb.DuckDBPyConnection


@pytest.fixture(scope="module", params=DATA, ids=lambda data: data.name)
def raw(request: pytest.FixtureRequest, real_data: Path) -> Iterator[Raw]:
    """The file in DuckDB."""
    data: Data = request.param
    with duckdb.connect() as database:
        path = real_data / f"{data.name}.json"
        open_raw(database, data, path)
        yield Raw(data, path, database)


@pytest.mark.parametrize("name", ["as_it_is", "gzip", "lines", "envelope"])
def test_layout_is_read_as_duckdb_reads_it(checks: Checks, raw: Raw, tmp_path: Path, name: str) -> None:
    """Columns, figures of each member, and all rows."""
    (layout,) = (layout for layout in layouts(raw.data, raw.path.read_bytes()) if layout.name == name)
    table = load(Workspace(tmp_path / "work"), raw.data, layout)
    what = f"{raw.data.name} {layout.name}"
    compare(checks, what, raw.data, table, raw.database)
    if raw.data.name == "movies":
        titles(checks, what, raw.path, table)


def titles(checks: Checks, what: str, raw: Path, table: Table) -> None:
    """Whether titles are the JSON's text, numbers as their digits: by DuckDB's JSON functions, which guess no type."""
    items = f"select unnest(content::json[]) as item from read_text('{raw}')"
    wanted = duckdb.execute(f"select json_type(item -> 'Title'), item ->> 'Title' from ({items})").fetchall()
    found = [title for file in table.files() for title in pq.read_table(file, partitioning=None)["title"].to_pylist()]
    numbers = [title for kind, title in wanted if kind not in ("VARCHAR", "NULL")]
    in_order = sorted((title for _, title in wanted), key=repr)
    checks.same(f"{what}: titles, among them the numbers {', '.join(numbers)}", sorted(found, key=repr), in_order)
    checks.same(f"{what}: nine titles are numbers", len(numbers), 9)


@pytest.mark.parametrize("raw", [DATA[0]], ids=["movies"], indirect=True)
@pytest.mark.parametrize("extension", ["json", "json.gz"])
def test_broken_records_are_quarantined_alone(checks: Checks, raw: Raw, tmp_path: Path, extension: str) -> None:
    """Three broken records lie in quarantine with their place in the text; all others are published."""
    data, database = raw.data, raw.database
    lines = [line.decode() for line in raw.path.read_bytes().splitlines(keepends=True)]
    damaged = broken(lines)
    content = [damaged.get(number, line) for number, line in enumerate(lines)]
    text = "".join(content).encode()
    # The first line is the array's bracket.
    good = [row for number, row in enumerate(raw_rows(database, data), start=1) if number not in damaged]
    layout = Layout("broken", extension, "", text if extension == "json" else gzip.compress(text))
    wanted = []
    for number, line in damaged.items():
        start = len("".join(content[:number]).encode()) + line.index("{")
        wanted.append((f"{DAY}_{data.name}.{layout.extension}", start, line.strip(" ,\r\n")))
    workspace = Workspace(tmp_path / "work")
    table = load(workspace, data, layout, quarantine_rate=0.01)
    files = sorted((workspace.folder / "warehouse").rglob("records.jsonl"))
    checks.same(f"{layout.name}: one file in _quarantine", [("_quarantine" in file.parts) for file in files], [True])
    found = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    # What parts a record from the next one may go with it.
    places = [(record["file"], record["offset"], record["text"].strip(" ,\r\n")) for record in found]
    checks.same(f"{layout.name}: these three records, at the bytes where they are", places, wanted)
    told = ["file", "offset", "reason", "text"]
    checks.same(f"{layout.name}: what is told of them", [sorted(record) for record in found], [told] * len(wanted))
    checks.same(f"{layout.name}: each has a reason of its own", len({record["reason"] for record in found}), len(wanted))
    checks.same(f"{layout.name}: all {len(good)} other rows", sort(published_rows(table, data)), sort(good))
