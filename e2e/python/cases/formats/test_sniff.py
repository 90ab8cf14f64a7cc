"""`adg sniff` and `adg init`: a module file from files, which then runs; and `adg retype` and partition formats."""

import csv as python_csv
import os
import subprocess
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from cases.formats.given import DAY, Given, csv, refused, rows, run, workspace
from world.adg import VARIABLES
from world.checks import Checks

NEXT = "2024-05-02"


def adg(folder: Path, *args: str) -> str:
    """Runs the binary in a folder; gives its standard output."""
    variables = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    command = [os.environ["ADG_BIN"], *args]
    done = subprocess.run(command, cwd=folder, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


FILES: list[tuple[str, bytes, dict[str, Any], dict[str, str]]] = [
    ("plain", b"id,name\n1,Ann\n2,Bob\n", {}, {"id": "bigint", "name": "string"}),
    (
        "semicolons and decimal commas",
        b"id;price;day\n1;1.299,99;13.05.2024\n2;5,00;14.05.2024\n",
        {"delimiter": ";", "decimal": ",", "thousands": ".", "date_formats": ["%d.%m.%Y"]},
        {"id": "bigint", "price": "double", "day": "date"},
    ),
    (
        "a title, quotes and a total",
        b'Report of May\n\nid,name\n1,"a, b"\n2,"c ""d"""\n3,e\nTotal: 3\n',
        {"skip_lines": 2, "trailer": {"pattern": "Total: {rows}"}},
        {"id": "bigint", "name": "string"},
    ),
    (
        "no header",
        b"1,Ann,2.5\n2,Bob,3.5\n",
        {"header": "none"},
        {"column_1": "bigint", "column_2": "string", "column_3": "double"},
    ),
    (
        "tabs without quotes",
        b'id\ttitle\n1\t"Quoted" start\n2\t"Only at the start\n3\tplain\n',
        {"delimiter": "\t", "quote": "none"},
        {"id": "bigint", "title": "string"},
    ),
    (
        "windows-1252",
        "id,name\n1,Börß\n".encode("windows-1252"),
        {"encoding": "windows-1252"},
        {"id": "bigint", "name": "string"},
    ),
    (
        "backslashes",
        b'id,name,x\n1,"size 5\\", big",a\n2,"b","c"\n3,d,e\n',
        {"escape": "\\"},
        {"id": "bigint", "name": "string", "x": "string"},
    ),
    ("pipes of two", b"id||name\n1||Ann\n2||Bob\n", {"delimiter": "||"}, {"id": "bigint", "name": "string"}),
]


@pytest.mark.parametrize(
    ("what", "content", "settings", "columns"), FILES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_module_is_that_of_the_file(
    checks: Checks, tmp_path: Path, what: str, content: bytes, settings: dict[str, Any], columns: dict[str, str]
) -> None:
    """The settings are those that the file needs."""
    (tmp_path / f"{DAY}_orders.csv").write_bytes(content)
    module = yaml.safe_load(adg(tmp_path, "sniff", f"{DAY}_orders.csv"))
    checks.same(f"{what}: settings", module["source"].get("csv", {}), settings)
    checks.same(f"{what}: columns", module["collections"]["orders"]["columns"], columns)
    checks.same(f"{what}: names", module["source"]["files"], "{date}_{collection}.csv")


def test_workspace_of_a_folder_runs(checks: Checks, tmp_path: Path) -> None:
    """`adg init` writes modules that run, for all kinds of files of a folder."""
    landing = tmp_path / "landing"
    for day in (DAY, NEXT):
        (landing / "orders").mkdir(parents=True, exist_ok=True)
        (landing / f"{day}_customers.csv").write_text("id,name\n1,Ann\n2,Bob\n")
        (landing / "orders" / f"orders_{day.replace('-', '')}.json").write_text('{"data":[{"id":1,"items":[{"x":1}]}]}')
    (landing / "guide.pdf").write_bytes(b"%PDF-1.7\n")
    told = adg(tmp_path, "init", "landing")
    checks.same("a file that is none of data", "guide.pdf" in told and "PDF" in told, True)
    checks.same(
        "next",
        [line for line in told.splitlines() if line.startswith("next")],
        ["next: adg plan --module customers", "next: adg plan --module orders"],
    )
    for module in ("customers", "orders"):
        adg(tmp_path, "--module", module, "--end-dt", NEXT)
    found = adg(tmp_path, "query", "select count(*) as n from customers.customers", "--format", "csv").split()
    checks.same("rows of customers", found, ["n", "4"])
    found = adg(tmp_path, "query", "select id from orders.orders", "--format", "csv").split()
    checks.same("rows of orders", found, ["id", "1", "1"])


SHARED = [
    b"a,b,c\n1,2,3\n4,5,6\n",
    b"a;b;c\n1;2;3\n4;5;6\n",
    b"name|city|n\nAnn|Bern|1\nBob|Basel|2\n",
    b'id,text\n1,"a, b"\n2,"c"\n',
    b"id\tname\n1\tAnn\n2\tBob\n",
]


def test_where_others_are_right_adg_is_too(checks: Checks, tmp_path: Path) -> None:
    """The delimiter is that of DuckDB's sniffer and Python's, where these agree."""
    for number, content in enumerate(SHARED):
        file = tmp_path / f"{DAY}_orders.csv"
        file.write_bytes(content)
        with duckdb.connect() as database:
            ((by_duckdb,),) = database.execute(f"select delimiter from sniff_csv('{file}')").fetchall()
        by_python = python_csv.Sniffer().sniff(content.decode()).delimiter
        if by_duckdb == by_python:
            module = yaml.safe_load(adg(tmp_path, "sniff", file.name))
            checks.same(f"file {number}", module["source"].get("csv", {}).get("delimiter", ","), by_python)


def test_type_of_a_column_is_changed_with_its_old_dates(checks: Checks) -> None:
    """After `adg retype` all dates have the new type, and the next date is read with it."""
    files = csv("id,price\n1,10\n2,20\n") | csv("id,price\n3,10.5\n", NEXT)
    with workspace(Given("retype", files, [])) as place:
        run(place)
        run(place, (NEXT,))
        checks.same("a price that does not fit", [row["price"] for row in rows(place, NEXT)], [None])
        told = place.run("retype", "shop.orders", "price", "double")
        checks.same("what was told", "double now, and was bigint" in told and "2 dates" in told, True)
        checks.same("the table", place.table("shop", "orders").columns["price"], "double")
        checks.same("the old date", [row["price"] for row in rows(place)], [10.0, 20.0])
        run(place, (NEXT,))
        checks.same("the new date", [row["price"] for row in rows(place, NEXT)], [10.5])
        place.run("verify", "--module", "shop", "--start-dt", DAY, "--end-dt", NEXT)
        again = place.run("retype", "shop.orders", "price", "double")
        checks.same("again", "no files were rewritten" in again, True)
        told = place.run("retype", "shop.orders", "price", "int", expected=2)
        checks.same("nothing is narrowed", [row["price"] for row in rows(place, NEXT)], [10.5])


def test_partitions_have_the_form_of_the_module(checks: Checks) -> None:
    """`target.partition_by` says how dates stand in the partition column."""
    given = Given("form", csv("id\n1\n") | csv("id\n2\n", NEXT), [])
    with workspace(given) as place:
        module = place.folder / "modules" / "shop.yaml"
        target = 'target: { database: shop, partition_by: { date_uploaded: "%Y%m%d" } }'
        module.write_text(module.read_text().replace("target: { database: shop }", target))
        run(place, (DAY, NEXT))
        table = place.table("shop", "orders")
        checks.same("values", sorted(table.partitions), ["20240501", "20240502"])
        checks.same("type", table.key_type, "string")
        checks.same("folder", "date_uploaded=20240501" in str(table.partitions["20240501"]), True)
        place.run("verify", "--module", "shop", "--start-dt", DAY, "--end-dt", NEXT)
        found = place.run("query", "select date_uploaded, id from shop.orders order by id", "--format", "csv").split()
        checks.same("rows", found, ["date_uploaded,id", "20240501,1", "20240502,2"])
        place.run("--module", "shop", "--clean-up-flg", "true", "--start-dt", DAY, "--end-dt", NEXT)
        checks.same("rebuilt", sorted(place.table("shop", "orders").partitions), ["20240501", "20240502"])


def test_hint_where_every_record_is_wide(checks: Checks) -> None:
    """Where all records have one width and the header another, the hint does not say to raise the limit."""
    with workspace(Given("wide", csv("id,name\n1,Ann,\n2,Bob,\n"), [])) as place:
        module = place.folder / "modules" / "shop.yaml"
        module.write_text(module.read_text().replace("quarantine_rate: 1", "quarantine_rate: 0.01"))
        report = refused(place, 11)
        checks.same("the hint", "trailing_delimiter" in report and "quarantine_rate" not in report, True)
