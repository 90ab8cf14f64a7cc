"""Modules that `adg sniff` prints run, lose no record and change none; where they might, a `Check` comment says so."""

import gzip
import io
import lzma
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from cases.formats.given import DAY, SYSTEM, Given, refused, workspace
from cases.formats.test_sniff import adg
from world.adg import Records, Workspace
from world.checks import Checks


@dataclass(frozen=True)
class File:
    """A file, the module that `adg sniff` prints for it, and the rows that it has with that module."""

    what: str
    content: bytes
    settings: dict[str, Any]
    """Settings of the format."""
    rows: list[list[Any]]
    """Values in the order of the columns."""
    columns: str
    """Names of the columns."""
    check: tuple[str, ...] = ()
    """Texts of the `Check` comments."""
    ending: str = "csv"
    renames: dict[str, str] = field(default_factory=dict)
    column_names: str = "words"


def sniff(folder: Path, content: bytes, ending: str) -> tuple[dict[str, Any], str, Workspace]:
    """The module that is printed for a file, its comments, and a workspace that has both."""
    place = Workspace(folder)
    (place.source / f"{DAY}_orders.{ending}").write_bytes(content)
    text = adg(folder, "sniff", f"source/{DAY}_orders.{ending}")
    place.module("orders", text + "limits: { error_rate: 1, quarantine_rate: 1 }\n")
    comments = "\n".join(line for line in text.splitlines() if line.startswith("#"))
    return yaml.safe_load(text), comments, place


def published(place: Workspace) -> Records:
    """The rows that a run of the module publishes."""
    place.run("--module", "orders", "--start-dt", DAY, "--end-dt", DAY)
    found: Records = []
    for file in place.table("orders", "orders").files():
        found += pq.ParquetFile(file, coerce_int96_timestamp_unit="us").read().to_pylist()
    return found


TABLE = "id,name,x\n1,a,b\n2,c,d\n"
ROWS = [[1, "a", "b"], [2, "c", "d"]]

RAGGED = [
    File("a short record at the end", b"id,name\n1,Ann\n2,Bob\n3\n", {}, [[1, "Ann"], [2, "Bob"]], "id name", ("1 have fewer",)),
    File(
        "a long record at the end", b"id,name\n1,Ann\n2,Bob\n3,Cem,x\n", {}, [[1, "Ann"], [2, "Bob"]], "id name", ("1 have more",)
    ),
    File(
        "a short record before all others",
        b"1,Ann\n2,Bob,x\n3,Cem,y\n4,Dan,z\n",
        {"header": "none"},
        [[2, "Bob", "x"], [3, "Cem", "y"], [4, "Dan", "z"]],
        "column_1 column_2 column_3",
        ("1 have fewer",),
    ),
    File("a title", f"Report of May\n\n{TABLE}".encode(), {"skip_lines": 2}, ROWS, "id name x", ("`Report of May`",)),
    File(
        "titles in quotes, of several lines",
        f'"Report, ""May"""\n"of\n2024"\n{TABLE}'.encode(),
        {"skip_lines": 3},
        ROWS,
        "id name x",
        ("are skipped",),
    ),
    File(
        "the log of a web server",
        b'10.0.0.1 - - [10/Oct/2024:13:55:36 -0700] "GET /a HTTP/1.0" 200\n'
        b'10.0.0.2 - bob [10/Oct/2024:13:55:37 -0700] "GET /b:c?d=e HTTP/1.0" 404\n',
        {"delimiter": " ", "header": "none"},
        [
            ["10.0.0.1", "-", "-", "[10/Oct/2024:13:55:36", "-0700]", "GET /a HTTP/1.0", 200],
            ["10.0.0.2", "-", "bob", "[10/Oct/2024:13:55:37", "-0700]", "GET /b:c?d=e HTTP/1.0", 404],
        ],
        " ".join(f"column_{number}" for number in range(1, 8)),
    ),
    File("a NUL in a small file", b"id,name\n1,A\0\n", {}, [[1, "A\0"]], "id name"),
    File("a title over names", f"Report,,\n{TABLE}".encode(), {"skip_lines": 1}, ROWS, "id name x", ("`Report,,`",)),
    File("titles with delimiters", f'"Report, May",,\n,,\n{TABLE}'.encode(), {"skip_lines": 2}, ROWS, "id name x", ("skipped",)),
    File(
        "a trailer and blank lines",
        f"{TABLE}TRL,0002,30.50\n\n\n".encode(),
        {"trailer": {"pattern": "TRL,{rows},*"}},
        ROWS,
        "id name x",
        ("TRL,0002,30.50",),
    ),
    File(
        "two lines after the records, and a blank one",
        f"{TABLE}Total: 2\nPrinted by Ann\n\n".encode(),
        {"footer_lines": 2},
        ROWS,
        "id name x",
        ("Printed by Ann",),
    ),
    File(
        "line ends of Windows in quotes",
        b'id,text\r\n1,"a\r\nb, c\r\nd"\r\n2,"e\r\n\r\nf,\r\n"\r\n',
        {},
        [[1, "a\r\nb, c\r\nd"], [2, "e\r\n\r\nf,\r\n"]],
        "id text",
    ),
]

NOTATIONS = [
    File(
        "a header of words for true", b"t,f,y,n,no\n1,2,3,4,5\n6,7,8,9,1\n", {}, [[1, 2, 3, 4, 5], [6, 7, 8, 9, 1]], "t f y n no"
    ),
    File(
        "words for true alone",
        b"true,false\nfalse,true\n",
        {"header": "none"},
        [[True, False], [False, True]],
        "column_1 column_2",
        ("may be names or values",),
    ),
    File(
        "both notations of accounts",
        b"id;amount\n1;(3.00)\n2;5.00-\n3;7.25\n",
        {"delimiter": ";", "decimal": ".", "thousands": ",", "accounting": True},
        [[1, -3.0], [2, -5.0], [3, 7.25]],
        "id amount",
        ("negative",),
    ),
    File(
        "days before months, or after them",
        b"id,day\n1,01-02-2024\n2,03-04-2024\n",
        {"date_formats": ["%d-%m-%Y"]},
        [[1, date(2024, 2, 1)], [2, date(2024, 4, 3)]],
        "id day",
        ("which is it?",),
    ),
    File(
        "nanoseconds",
        b"id,at\n1,2024-05-01 10:00:00.123456789\n2,2024-05-01 10:00:00\n",
        {"nanoseconds": "truncate"},
        [[1, datetime(2024, 5, 1, 10, 0, 0, 123456)], [2, datetime(2024, 5, 1, 10)]],
        "id at",
        ("nanoseconds",),
    ),
    *(
        File(
            f"the delimiter {sign}",
            "id,name,x\n1,Ann,a\n2,,b\n".replace(",", sign).encode(),
            {"delimiter": sign},
            [[1, "Ann", "a"], [2, None, "b"]],
            "id name x",
        )
        for sign in ("::", "|~|", "~|~")
    ),
    File(
        "an escape character in quotes",
        b'id,name,x\n1,"size 5^", big",a\n2,"b","c"\n3,d,e\n',
        {"escape": "^"},
        [[1, 'size 5", big', "a"], [2, "b", "c"], [3, "d", "e"]],
        "id name x",
    ),
    File(
        "an escape character without quotes",
        b"id,name,x\n1,a^, b,c\n2,d,e\n3,f^,g,h\n",
        {"quote": "none", "escape": "^"},
        [[1, "a, b", "c"], [2, "d", "e"], [3, "f,g", "h"]],
        "id name x",
    ),
    File(
        "a text file of Hive",
        b"1\x01Ann\x01\\N\n2\x01\\N\x012.5\n3\x01\x01\\N\n",
        {"dialect": "hive"},
        [[1, "Ann", None], [2, None, 2.5], [3, "", None]],
        "column_1 column_2 column_3",
    ),
    File(
        "a text file of Hive with a header",
        b"id\x01name\n1\x01Ann\n2\x01\\N\n",
        {"dialect": "hive", "header": "names"},
        [[1, "Ann"], [2, None]],
        "id name",
    ),
    File(
        "Japanese by escape sequences",
        "id,name\n1,名前\n2,b\n".encode("iso-2022-jp"),
        {"encoding": "iso-2022-jp"},
        [[1, "名前"], [2, "b"]],
        "id name",
    ),
]

EMPTY = [
    File(
        "empty texts in quotes beside nulls",
        b'id,name,x\n1,"",a\n2,,b\n3,c,d\n',
        {"keep_quoted_empty": True},
        [[1, "", "a"], [2, None, "b"], [3, "c", "d"]],
        "id name x",
    ),
    File("empty texts in quotes in columns of numbers", b'id,n\n1,""\n2,5\n3,\n', {}, [[1, None], [2, 5], [3, None]], "id n"),
]

NAMES = [
    File(
        "names that stand twice, beside one with a number",
        b"id,a,a,a_1\n1,2,3,4\n",
        {"duplicate_names": "rename"},
        [[1, 2, 3, 4]],
        "id a a_2 a_1",
        ("stand twice",),
    ),
    File(
        "names of adg's own columns",
        b"id,Date Uploaded,error_desc\n1,2024-05-01,x\n",
        {},
        [[1, date(2024, 5, 1), "x"]],
        "id source_date_uploaded source_error_desc",
        ("`date_uploaded`", "`error_desc`"),
        renames={"Date Uploaded": "source_date_uploaded", "error_desc": "source_error_desc"},
    ),
    File(
        "names of signs and of other scripts",
        "id,🦀,❤️,Gro\u0308ße,名前\n1,2,3,4,5\n".encode(),
        {},
        [[1, 2, 3, 4, 5]],
        "id column_2 column_3 größe 名前",
        ("can't be a column name", "transliterate"),
        renames={"🦀": "column_2", "❤️": "column_3"},
        column_names="unicode",
    ),
    File(
        "one letter, composed and not",
        "id,o\u0308l,öl\n1,2,3\n".encode(),
        {"duplicate_names": "rename"},
        [[1, 2, 3]],
        "id öl öl_1",
        ("stand twice",),
        column_names="unicode",
    ),
]


def workbook(sheets: dict[str, list[list[Any]]]) -> bytes:
    """A workbook."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, lines in sheets.items():
        sheet = book.create_sheet(name)
        for line in lines:
            sheet.append(line)
    with io.BytesIO() as file:
        book.save(file)
        return file.getvalue()


def parquet(columns: dict[str, Any] | pa.Table) -> bytes:
    """A Parquet file."""
    with io.BytesIO() as file:
        pq.write_table(pa.table(columns) if isinstance(columns, dict) else columns, file)
        return file.getvalue()


OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def zipped(files: dict[str, bytes]) -> bytes:
    """A zip archive."""
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return file.getvalue()


COVER: list[list[Any]] = [["Report of May"], [], ["Author", "Ann"]]
LINES: list[list[Any]] = [["id", "name"], [1, "Ann"], [2, "Bob"], [3, "Cem"]]

OTHERS = [
    File(
        "a workbook with a cover",
        workbook({"Cover": COVER, "Orders": LINES}),
        {"sheet": "Orders"},
        [[1, "Ann"], [2, "Bob"], [3, "Cem"]],
        "id name",
        ("`Cover` are not read",),
        ending="xlsx",
    ),
    File(
        "a workbook with titles above the header",
        workbook({"Orders": [["Report of May"], [], *LINES]}),
        {"range": "A3"},
        [[1, "Ann"], [2, "Bob"], [3, "Cem"]],
        "id name",
        ("`Report of May`",),
        ending="xlsx",
    ),
    File(
        "a workbook of texts with a title directly above the names",
        workbook({"Orders": [["Report of May"], ["code", "name"], ["x1", "Ann"], ["x2", "Bob"]]}),
        {"range": "A2"},
        [["x1", "Ann"], ["x2", "Bob"]],
        "code name",
        ("`Report of May`",),
        ending="xlsx",
    ),
    File(
        "Parquet with names of all kinds",
        parquet({"id": [1], "名前": ["Ann"], "ID": [2], "🦀": [3], "error_desc": ["x"], "s": [{"größe": 5}]}),
        {},
        [[1, "Ann", 2, 3, "x", {"größe": 5}]],
        "id 名前 id_1 column_4 source_error_desc s",
        ("becomes `id_1`",),
        ending="parquet",
        renames={"ID": "id_1", "🦀": "column_4", "error_desc": "source_error_desc"},
        column_names="unicode",
    ),
    File(
        "Parquet with a name that stands twice",
        parquet(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])),
        {"duplicate_names": "rename"},
        [[1, 2]],
        "a a_1",
        ("stand twice",),
        ending="parquet",
    ),
    File(
        "Parquet in gzip",
        gzip.compress(parquet({"id": [1], "x": ["a"]})),
        {},
        [[1, "a"]],
        "id x",
        ending="parquet",
    ),
    File("Parquet in a zip archive", zipped({"a.parquet": parquet({"id": [1]})}), {}, [[1]], "id", ending="parquet"),
    File(
        "JSON with a number that no double holds, in an envelope",
        b'{"data":[{"id":1,"x":1e400},{"id":2,"x":5}]}',
        {"records": "data"},
        [[1, "1e400"], [2, "5"]],
        "id x",
        ending="json",
    ),
    File(
        "Parquet with nanoseconds",
        parquet({"id": [1], "at": pa.array([1_714_557_600_123_456_789], pa.timestamp("ns"))}),
        {"nanoseconds": "truncate"},
        [[1, datetime(2024, 5, 1, 10, 0, 0, 123456)]],
        "id at",
        ("nanoseconds",),
        ending="parquet",
    ),
    File(
        "JSON with two spellings of one name",
        b'{"userId":1,"x":"a"}\n{"user_id":2,"x":"b"}\n',
        {"duplicate_names": "merge"},
        [[1, "a"], [2, "b"]],
        "user_id x",
        ("are they one?",),
        ending="json",
        renames={"userId": "user_id"},
    ),
    File(
        "JSON with both spellings in a record",
        b'{"ID":1,"id":2,"error_desc":"x"}\n',
        {},
        [[1, 2, "x"]],
        "id id_1 source_error_desc",
        ("becomes `id_1`",),
        ending="json",
        renames={"id": "id_1", "error_desc": "source_error_desc"},
    ),
    File(
        "nanoseconds of MongoDB",
        b'{"_id":{"$oid":"64b7f3c2a1b2c3d4e5f60718"},"at":{"$date":"2024-05-01T10:00:00.123456789Z"}}\n',
        {"unwrap": "mongo_extended", "nanoseconds": "truncate"},
        [["64b7f3c2a1b2c3d4e5f60718", datetime(2024, 5, 1, 10, 0, 0, 123456)]],
        "id at",
        ("has nanoseconds",),
        ending="json",
    ),
    File(
        "an export of DynamoDB",
        b'{"Item":{"id":{"N":"1"},"who":{"S":"Ann"}}}\n{"Item":{"id":{"N":"2"}}}\n',
        {"records": "Item", "unwrap": "dynamodb"},
        [[1, "Ann"], [2, None]],
        "id who",
        ending="json",
    ),
    File(
        "changes of DynamoDB",
        b'{"Records":[{"eventName":"INSERT","dynamodb":{"Keys":{"id":{"N":"1"}},"NewImage":{"id":{"N":"1"}}}},'
        b'{"eventName":"REMOVE","dynamodb":{"Keys":{"id":{"N":"2"}}}}]}',
        {"records": "Records[*].dynamodb.NewImage", "unwrap": "dynamodb"},
        [[1]],
        "id",
        ("without_record: skip",),
        ending="json",
    ),
    File(
        "two arrays of objects",
        b'{"orders":[{"id":1}],"items":[{"x":1},{"x":2}]}',
        {"records": "orders"},
        [[1]],
        "id",
        ("`items` (2)",),
        ending="json",
    ),
]


@pytest.mark.parametrize("file", [*RAGGED, *NOTATIONS, *EMPTY, *NAMES, *OTHERS], ids=lambda file: file.what)
def test_module_of_a_file_runs_and_keeps_its_records(checks: Checks, tmp_path: Path, file: File) -> None:
    """The settings are those that the file needs, and the rows are its records."""
    module, comments, place = sniff(tmp_path, file.content, file.ending)
    form = {"xlsx": "excel"}.get(file.ending, file.ending)
    checks.same("settings", module["source"].get(form, {}), file.settings)
    checks.same("renames", sorted(module.get("renames", {}).items()), sorted(file.renames.items()))
    checks.same("names", module.get("column_names", "words"), file.column_names)
    for text in file.check:
        checks.same(f"a comment with {text}", text in comments, True)
    if not file.check:
        checks.same("comments", comments, "")
    rows = [{name: value for name, value in row.items() if name not in SYSTEM} for row in published(place)]
    checks.same("columns", [" ".join(row) for row in rows[:1]], [file.columns])
    checks.same("rows", [list(row.values()) for row in rows], file.rows)


DOUBTFUL = [
    (
        "a name that stands twice",
        b'{"id":1,"id":2}\n{"id":3}\n',
        "json",
        "1 of 2 records would go to quarantine: a name stands twice",
    ),
    (
        "members that differ in case",
        b'{"id":1,"o":{"Osv":1,"osv":2}}\n{"id":3,"o":{"osv":3}}\n',
        "json",
        "1 of 2 values of `o` are no",
    ),
    (
        "items that are no objects",
        b'[{"id":1},5,{"id":2},null]',
        "json",
        "2 of 4 records would go to quarantine: it is no object",
    ),
    ("half a character", b'{"id":1,"t":"\\ud800"}\n{"id":2,"t":"x"}\n', "json", "half a character"),
    ("binary values", parquet({"id": [1, 2], "b": [b"\xff\xfe", b"ab"]}), "parquet", "`binary: base64`"),
    ("blanks around quotes", b'id,name,x\n1, "  a ",  b \n2, "c, d",d\n', "csv", "(`trim`)"),
    ("empty texts in quotes", b'id,name,x\n1,"",a\n2,"c",b\n', "csv", "keep_quoted_empty"),
]


@pytest.mark.parametrize(
    ("what", "content", "ending", "told"), DOUBTFUL, ids=lambda value: value if isinstance(value, str) else ""
)
def test_module_of_a_doubtful_file_has_a_comment(
    checks: Checks, tmp_path: Path, what: str, content: bytes, ending: str, told: str
) -> None:
    """Where a run would leave out a record or change a value, a comment says so."""
    _, comments, _ = sniff(tmp_path, content, ending)
    checks.same(f"{what}: {comments}", told in comments, True)


UUIDS = ("8a1f0c1e-0c2f-4d6b-9a51-2f1d3c4b5a69", "0b9d7e55-7a51-4c0e-8a3f-6d2b1c0f9e88")
TRAIL = "AWSLogs/123456789012/CloudTrail/eu-west-1/2024/05/0{day}/123456789012_CloudTrail_eu-west-1_2024050{day}T{hour}05Z_{end}.json.gz"
DAYS = [
    (
        "parts of Spark",
        "parquet",
        f"orders/dt=2024-05-01/part-00000-{UUIDS[0]}.c000.snappy.parquet",
        f"orders/dt=2024-05-02/part-00003-{UUIDS[1]}.c001.snappy.parquet",
    ),
    (
        "CloudTrail",
        "json",
        TRAIL.format(day=1, hour="00", end="nYrlLQoRL2hQvaIr"),
        TRAIL.format(day=2, hour="23", end="Zk3bQwErTyUiOp12"),
    ),
    (
        "Firehose",
        "json",
        f"2024/05/01/05/stream-1-2024-05-01-05-00-00-{UUIDS[0]}",
        f"2024/05/02/23/stream-1-2024-05-02-23-59-59-{UUIDS[1]}",
    ),
    ("a sequence", "csv", "orders_20240501_001.csv", "orders_20240502_017.csv"),
    ("a time of day", "csv", "orders_20240501103000.csv", "orders_20240502235901.csv"),
    ("a date in the folder too", "csv", "2024/05/orders_2024-05-31_01.csv", "2024/06/orders_2024-06-01_02.csv"),
    ("braces", "csv", "2024-05-01_orders_{x}.csv", "2024-05-02_orders_{y}.csv"),
    ("an upper-case name", "csv", "Orders (2024-05-01).csv", "Orders (2024-05-02).csv"),
]
ONE = {
    "csv": b"id,x\n1,a\n",
    "json": b'{"id":1,"x":"a"}\n',
    "parquet": parquet({"id": [1], "x": ["a"]}),
}


@pytest.mark.parametrize(("what", "form", "first", "second"), DAYS, ids=lambda value: value if isinstance(value, str) else "")
def test_pattern_finds_the_file_of_the_next_day(
    checks: Checks, tmp_path: Path, what: str, form: str, first: str, second: str
) -> None:
    """What differs between files of one kind is no part of the pattern."""
    place = Workspace(tmp_path)
    for key in (first, second):
        file = place.source / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(ONE[form]) if key.endswith(".gz") else ONE[form])
    text = adg(tmp_path, "sniff", first, "--store", "source")
    name = yaml.safe_load(text)["module"]
    place.module(name, text)
    found = yaml.safe_load(text)["catchup"]["start"]
    place.run("--module", name, "--start-dt", found, "--end-dt", "2024-06-01" if "05-31" in first else "2024-05-02")
    table = place.table(name, name)
    checks.same(f"{what}: dates", len(table.partitions), 2)


REFUSED = [
    ("a zip archive without files", zipped({}), "a zip archive without files"),
    ("a zip archive of an empty file", zipped({"a.csv": b""}), "an archive of an empty file"),
    ("nothing, compressed", gzip.compress(b""), "an archive of an empty file"),
    ("twice compressed", gzip.compress(gzip.compress(b"id\n1\n")), "an archive in an archive"),
    ("7z", b"7z\xbc\xaf\x27\x1c\x00\x04", "a 7z archive"),
    ("rar", b"Rar!\x1a\x07\x01\x00", "a rar archive"),
    ("tar", b"orders.csv".ljust(257, b"\0") + b"ustar\x0000" + bytes(247) + b"id\n1\n", "a tar archive"),
    ("XML", b'<?xml version="1.0"?><a><b/></a>', "an XML document"),
    ("a PDF document in gzip", gzip.compress(b"%PDF-1.7\n"), "a PDF document"),
    ("a compressed tar", gzip.compress(b"a.csv".ljust(257, b"\0") + b"ustar\x0000" + bytes(247) + b"id\n1\n"), "a tar archive"),
    ("lzma", lzma.compress(b"id\n1\n", format=lzma.FORMAT_ALONE), "an lzma archive"),
    ("a database of SQLite", b"SQLite format 3\0" + bytes(100), "a SQLite database"),
    ("a dump of MySQL", b"-- MySQL dump 10.13  Distrib 8.0\n--\nCREATE TABLE `a` (`id` int);\n", "a dump of SQL statements"),
    ("a padded gzip", gzip.compress(b"id\n1\n") + bytes(512), "such as padding"),
    ("a workbook with a password", OLE + bytes(512) + "EncryptedPackage".encode("utf-16-le"), "a workbook with a password"),
    ("NUL bytes", bytes(1000), "a file of NUL bytes"),
    ("blank lines", b"\n \r\n\n", "a file of blank lines"),
    ("nothing", b"", "is empty"),
]


@pytest.mark.parametrize(("what", "content", "told"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_files_without_records_are_named(checks: Checks, tmp_path: Path, what: str, content: bytes, told: str) -> None:
    """The error says what the file is."""
    with pytest.raises(RuntimeError) as caught:
        sniff(tmp_path, content, "csv")
    checks.same(what, told in str(caught.value), True)


NAMED = [
    "7z",
    "rar",
    "tar",
    "XML",
    "lzma",
    "a database of SQLite",
    "a dump of MySQL",
    "a padded gzip",
    "twice compressed",
    "NUL bytes",
]


@pytest.mark.parametrize("what", NAMED)
@pytest.mark.parametrize("source", ["{}", "{ header: none }"])
def test_runs_name_other_files_too(checks: Checks, what: str, source: str) -> None:
    """A run says what the file is, and what to do."""
    content, told = next((content, told) for name, content, told in REFUSED if name == what)
    if what in {"XML", "a dump of MySQL"} and source != "{}":
        return
    with workspace(Given(what, {f"{DAY}_orders.csv": content}, [], source)) as place:
        said = refused(place, 12 if what in {"XML", "a dump of MySQL"} else 13)
        checks.same(f"{what}: {said}", told in said, True)


def test_runs_of_typed_files_name_others(checks: Checks) -> None:
    """A workbook with a password, and texts that are called workbooks or Parquet, are told from damaged files."""
    locked = OLE + bytes(512) + "EncryptedPackage".encode("utf-16-le")
    for form, content, told in [
        ("excel", locked, "a workbook with a password"),
        ("excel", b"id\tname\n1\tAnn\n", "it is text"),
        ("excel", b"<html><table><tr><td>id</td></tr></table></html>", "an HTML page"),
        ("parquet", b"id,name\n1,Ann\n", "it is text"),
        ("parquet", b"Obj\x01" + bytes(100), "source.avro"),
        ("json", b"<html><body>503</body></html>", "an HTML page"),
    ]:
        with workspace(Given(form, {f"{DAY}_orders.csv": content}, [], "", source=f"{form}: {{}}")) as place:
            said = refused(place, 13)
            checks.same(f"{form}, {told}: {said}", told in said, True)
