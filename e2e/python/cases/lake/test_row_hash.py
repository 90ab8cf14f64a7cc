"""`row_hash_id` beside what Spark computes over its own reading of the same files, and beside what its second version is by definition.

Random records as an array, as JSON lines, in an envelope, and as CSV. `ADG_SEED` makes other records.
"""

import hashlib
import json
import os
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

from world.adg import Workspace
from world.checks import Checks

SEED = int(os.environ.get("ADG_SEED", "1"))
MODULE = """\
version: 1
module: {module}
source: {{ files: "{{date}}_{{collection}}.{format}", {settings} }}
row_hash: {version}
target: {{ database: {module} }}
collections: {{ {collection}: {{}} }}
"""

DAY = "2024-01-01"
ROWS = 400

NAMES = [
    "Zone",
    "id",
    "alpha note",
    "tags",
    "beta",
    "Apple",
    "Is ready?",
    "zebra",
    "Ａ wide",
    "Cost $",
    "😀 face",
    "É middle",
    "none",
]
"""In the order of a file's members, which is not Spark's: that puts upper case first, and 😀 before Ａ, as UTF-16 does."""
LISTS = {"tags"}
NOTHING = {"none"}
"""Never anything but null."""

TEXTS = [
    "",
    "plain",
    "a||b",
    "||",
    "|",
    "  blanks around  ",
    "true",
    "false",
    "null",
    "007",
    "1.50",
    "Zoë",
    "Zoe\u0308 combining",
    "漢字",
    "🙂",
    "👩\u200d👩\u200d👧 and 🇬🇧",
    "עברית",
    "line\nbreak",
    'tab\tquote " backslash \\ slash /',
    '["no array"]',
    "\u2028\ufeff\u00a0\u0085",
    "\U0010fffd\ufffd\ue000",
]
NUL = "nul \u0000 and bell \u0007"
"""Not in CSV: what its readers skip as white space is theirs to say."""

Record = dict[str, str]
"""By name each member's value as its JSON is written. What is missing is missing."""
Hashes = dict[str, str]
"""By id."""


def text(chance: random.Random, nul: bool) -> str:
    """One of the texts above, or any characters."""
    if chance.random() < 0.8:
        return chance.choice([*TEXTS, NUL] if nul else TEXTS)
    ranges = [(0x20, 0x7E), (0xA1, 0x24F), (0x300, 0x36F), (0x4E00, 0x9FFF), (0xE000, 0xF8FF), (0x1F300, 0x1F64F)]
    return "".join(chr(chance.randint(*chance.choice(ranges))) for _ in range(chance.randint(1, 40)))


def written(chance: random.Random, value: str | list[str | None] | None) -> str:
    """A value as JSON, with all but ASCII escaped or not."""
    spaces = chance.choice([(",", ":"), (", ", ": "), (" , ", " : ")])
    return json.dumps(value, ensure_ascii=chance.random() < 0.5, separators=spaces)


def value(chance: random.Random, name: str) -> str:
    """A member of the kind that it always has, or null."""
    if name in NOTHING or chance.random() < 0.2:
        return "null"
    if name in LISTS:
        items = [None if chance.random() < 0.1 else text(chance, nul=True) for _ in range(chance.randint(0, 4))]
        return written(chance, items)
    return written(chance, text(chance, nul=True))


def record(chance: random.Random, number: int) -> Record:
    """Some members are missing; sometimes they stand in another order."""
    names = [name for name in NAMES if name == "id" or chance.random() < 0.85]
    if chance.random() < 0.3:
        chance.shuffle(names)
    return {name: f'"r{number}"' if name == "id" else value(chance, name) for name in names}


def any_record(chance: random.Random, number: int) -> Record:
    """One with values of other kinds beside texts and arrays of them."""
    others = {
        "Number": ["1", "-0", "1.50", "1e3", "12345678901234567890", '"1"'],
        "flag": ["true", "false", '"true"', "null"],
        "Struct": ['{"b": [1, null], "a" : "x"}', "{}", "[ ]", "null"],
        "mixed": ['"[1]"', "[1]", "[1,2]", "[ 1, 2 ]", '["x"]', '""', "null"],
    }
    more = {name: chance.choice(values) for name, values in others.items() if chance.random() < 0.9}
    members = list((record(chance, number) | more).items())
    chance.shuffle(members)
    return dict(members)


def object_(chance: random.Random, members: Record) -> str:
    """A record as its JSON is written, in one line."""
    space = chance.choice(["", " ", "\t"])
    inside = [f"{written(chance, name)}{space}:{space}{value}" for name, value in members.items()]
    return "{" + f",{space}".join(inside) + "}"


@dataclass(frozen=True)
class Layout:
    """A way to write records as JSON, how adg is told, and how Spark reads it."""

    name: str
    settings: str
    write: Callable[[list[str]], str]
    read: Callable[[SparkSession, Path], DataFrame]


LAYOUTS = [
    Layout(
        "array",
        "json: {}",
        lambda records: "[\n" + ",\n".join(records) + "\n]\n",
        lambda session, path: session.read.json(str(path), multiLine=True),
    ),
    Layout(
        "lines",
        "json: {}",
        lambda records: "".join(f"{record}\n" for record in records),
        lambda session, path: session.read.json(str(path)),
    ),
    Layout(
        "envelope",
        "json: { records: data, fields: fields }",
        lambda records: (
            '{"extract":{"data":"none","from":"2024-01-01"},"fields":'
            + json.dumps([{"fieldName": name, "pii": False} for name in NAMES])
            + ',"data":['
            + ",".join(records)
            + "]}"
        ),
        lambda session, path: session.read.json(str(path), multiLine=True).selectExpr("inline(data)"),
    ),
]


def by_adg(workspace: Workspace, module: str, settings: str, version: str, content: str) -> list[dict[str, str]]:
    """The rows that adg publishes of a file."""
    word = settings.partition(":")[0]
    path = source(workspace, module, word)
    path.write_text(content, encoding="utf-8", newline="")
    yaml = MODULE.format(module=module, format=word, settings=settings, version=version, collection=module)
    workspace.module(module, yaml)
    workspace.run("--module", module, "--start-dt", DAY, "--end-dt", DAY)
    files = workspace.table(module, module).files()
    return [row for file in files for row in pq.read_table(file, partitioning=None).to_pylist()]


def source(workspace: Workspace, module: str, word: str) -> Path:
    """Where a module's file is."""
    return workspace.source / f"{DAY}_{module}.{word}"


def keyed(rows: Iterable[dict[str, str]]) -> Hashes:
    """The hashes of rows that each have an id."""
    pairs = [(row["id"], row["row_hash_id"]) for row in rows]
    if len(dict(pairs)) != len(pairs):
        raise ValueError("an id stands twice")
    return dict(sorted(pairs))


def by_spark(frame: DataFrame) -> Hashes:
    """Computes the hashes as the replaced job does: over all columns in the order in which Spark has them."""
    columns = [f.col(f"`{name}`") for name in frame.columns]
    rows = frame.select("id", f.sha2(f.concat_ws("||", *columns), 256).alias("row_hash_id")).collect()
    return keyed(row.asDict() for row in rows)


def by_definition(members: Record) -> str:
    """The second version: of each value that is not null, by name in UTF-16's order, lengths, texts and whether it is a string."""
    digest = hashlib.sha256()
    for name in sorted(members, key=lambda name: name.encode("utf-16-be")):
        value = json.loads(members[name])
        if value is None:
            continue
        text = value if isinstance(value, str) else members[name]
        for part in (name.encode(), None, text.encode()):
            digest.update(bytes([isinstance(value, str)]) if part is None else len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def compare(checks: Checks, what: str, found: Hashes, wanted: Hashes, shown: dict[str, str]) -> None:
    """Compares the hashes of all rows; shows one that differs."""
    checks.same(f"{what}: ids", sorted(found), sorted(wanted))
    wrong = [key for key in wanted if found.get(key) != wanted[key]]
    if wrong:
        key = wrong[0]
        checks.fail(f"{what}: hashes", f"{len(wrong)} of {len(wanted)} differ; {found.get(key)} not {wanted[key]}: {shown[key]}")
    else:
        checks.same(f"{what}: {len(wanted)} hashes, of which {len(set(found.values()))} differ", found, wanted)


@pytest.fixture
def chance(request: pytest.FixtureRequest) -> random.Random:
    """The same random records for a test each time."""
    return random.Random(f"{SEED} {request.node.name}")


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_first_version_is_computed_as_by_spark(
    checks: Checks, tmp_path: Path, spark: SparkSession, chance: random.Random, layout: Layout
) -> None:
    """Random records as Spark reads and hashes them."""
    workspace = Workspace(tmp_path / "work")
    records = {f"r{number}": object_(chance, record(chance, number)) for number in range(ROWS)}
    rows = by_adg(workspace, f"v1_{layout.name}", layout.settings, "v1", layout.write(list(records.values())))
    frame = layout.read(spark, source(workspace, f"v1_{layout.name}", "json"))
    kinds = {name: kind for name, kind in frame.dtypes if kind != "string"}
    checks.same("Spark's columns", frame.columns, sorted(NAMES, key=lambda name: name.encode("utf-16-be")))
    checks.same("Spark's columns that are not text", kinds, dict.fromkeys(LISTS, "array<string>"))
    compare(checks, layout.name, keyed(rows), by_spark(frame), records)


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_second_version_is_computed_by_its_definition(
    checks: Checks, tmp_path: Path, chance: random.Random, layout: Layout
) -> None:
    """Random records with values of all kinds."""
    members = {f"r{number}": any_record(chance, number) for number in range(ROWS)}
    records = {key: object_(chance, values) for key, values in members.items()}
    wanted = {key: by_definition(values) for key, values in members.items()}
    content = layout.write(list(records.values()))
    rows = by_adg(Workspace(tmp_path / "work"), f"v2_{layout.name}", layout.settings, "v2", content)
    compare(checks, layout.name, keyed(rows), dict(sorted(wanted.items())), records)


COLLISIONS: dict[str, tuple[Record, Record]] = {
    "a null has moved": ({"a": '"x"', "b": "null", "c": '"y"'}, {"a": '"x"', "b": '"y"', "c": "null"}),
    "a text has the separator": ({"a": '"x||y"'}, {"a": '"x"', "b": '"y"'}),
    "a text is a number": ({"a": '"1"'}, {"a": "1"}),
    "an array is texts": ({"a": '["x","y"]'}, {"a": '["x"]', "b": '"y"'}),
}
"""Pairs of rows that differ."""


@pytest.mark.parametrize("what", COLLISIONS)
def test_different_rows_have_one_hash_in_the_first_version_alone(checks: Checks, tmp_path: Path, what: str) -> None:
    """The second version tells them apart."""
    workspace, pair = Workspace(tmp_path / "work"), COLLISIONS[what]
    content = "".join(object_(random.Random(0), members) + "\n" for members in pair)
    for version, different in (("v1", 1), ("v2", 2)):
        rows = by_adg(workspace, f"collision_{version}", "json: {}", version, content)
        hashes = [row["row_hash_id"] for row in rows]
        checks.same(f"{version}: {different} of 2", (len(hashes), len(set(hashes))), (2, different))
        if version == "v2":
            checks.same("v2: by definition", sorted(hashes), sorted(map(by_definition, pair)))


def test_first_version_of_csv_is_computed_as_by_spark(
    checks: Checks, tmp_path: Path, spark: SparkSession, chance: random.Random
) -> None:
    """The header says the order, and an empty field is null, in quotes or not."""
    workspace = Workspace(tmp_path / "work")
    names = [name for name in NAMES if name not in NOTHING]
    lines = {f"r{number}": [f"r{number}" if name == "id" else field(chance) for name in names] for number in range(ROWS)}
    content = "".join(",".join(fields) + "\n" for fields in [names, *lines.values()])
    rows = by_adg(workspace, "v1_csv", "csv: {}", "v1", content)
    frame = spark.read.csv(str(source(workspace, "v1_csv", "csv")), header=True, multiLine=True, escape='"')
    checks.same("Spark's columns", frame.columns, names)
    compare(checks, "csv", keyed(rows), by_spark(frame), {key: ",".join(fields) for key, fields in lines.items()})


def field(chance: random.Random) -> str:
    """A field in quotes where it must be, or may."""
    value = "" if chance.random() < 0.2 else text(chance, nul=False)
    if chance.random() < 0.3 or any(special in value for special in ',"\n'):
        return '"' + value.replace('"', '""') + '"'
    return value
