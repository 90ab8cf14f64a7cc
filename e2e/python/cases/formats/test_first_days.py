"""First days: nothing tells yet what a table is, so what only seems to be a header or a field must not be believed."""

import hashlib
from datetime import date
from typing import Any

import pytest

from cases.formats.given import DAY, Given, csv, refused, rows, run, workspace
from world.checks import Checks

NEXT = "2024-05-02"


def parts(*contents: bytes, day: str = DAY) -> dict[str, bytes]:
    """Files of one day, in order."""
    return {f"{day}_orders_{number}.csv": content for number, content in enumerate(contents, 1)}


ALL: dict[str, Any] = {"pattern": "{date}_{collection}_{seq}.csv", "source": "pick: all"}

REFUSED = [
    ("amounts as names", Given("x", csv("-5,abc,(3.00)\n-6,def,(4.00)\n"), []), "looks like values"),
    (
        "values in the module's notation as names",
        Given(
            "x",
            csv("31/05/2024;12,50;Ann\n01/06/2024;2,50;Bob\n"),
            [],
            '{ delimiter: ";", decimal: ",", date_formats: ["%d/%m/%Y"] }',
        ),
        "looks like values",
    ),
    ("values in another notation", Given("x", csv("31.05.2024,$5.10,Ann\n"), []), "looks like values"),
    ("semicolons in a module of commas", Given("x", csv("id;name\n1;Ann\n2;Bob\n"), []), "separated by ';'"),
    ("pipes below a title", Given("x", csv("Report\nid|name\n1|Ann\n2|Bob\n"), []), "skip_lines"),
    ("Excel's first line", Given("x", csv("sep=;\nid;name\n1;Ann\n"), []), "source.csv.sep_line"),
    ("Excel's first line with commas", Given("x", csv("sep=,\nid,name\n1,Ann\n"), []), "source.csv.sep_line"),
    (
        "parts without names of other widths",
        Given("x", parts(b"1,Ann\n", b"2,B,Bob\n"), [], "{ header: none }", **ALL),
        "it has 3 fields without names, and the date's first file has 2",
    ),
]


@pytest.mark.parametrize(("what", "case", "said"), REFUSED, ids=lambda value: value if isinstance(value, str) else "")
def test_file_is_refused(checks: Checks, what: str, case: Given, said: str) -> None:
    """The message names the cause and the setting."""
    with workspace(case) as place:
        checks.same(f"{what}: the message has {said!r}", said in refused(place, 12), True)


CASES: list[Given] = [
    Given(
        "names that are words for true and false",
        csv("t,f,y,n,no,yes\n1,2,3,4,5,6\n"),
        [{"t": 1, "f": 2, "y": 3, "n": 4, "no": 5, "yes": 6}],
    ),
    Given(
        "one column of texts with commas in quotes",
        csv('tags\n"a,b"\n"c"\n"d,e,f"\n'),
        [{"tags": "a,b"}, {"tags": "c"}, {"tags": "d,e,f"}],
    ),
    Given("one declared column of lists", csv("tags\na;b\nc;d\n"), [{"tags": "a;b"}, {"tags": "c;d"}], columns="tags: string"),
    Given(
        "a header that some parts repeat",
        parts(b"id,name\n1,Ann\n", b"2,Bob\n", b"id,name\n3,Cem\n", b"id,name\n"),
        [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}, {"id": 3, "name": "Cem"}],
        "{ header: first_file }",
        **ALL,
    ),
    Given("parts that are an empty line", parts(b"id\n1\n", b"\n", b"\r\n\r\n", b"id\n2\n"), [{"id": 1}, {"id": 2}], **ALL),
    Given(
        "JSON parts that are an empty line",
        {f"{DAY}_orders_1.json": b'{"id":1}\n', f"{DAY}_orders_2.json": b"\n", f"{DAY}_orders_3.json": b'{"id":2}\n'},
        [{"id": 1}, {"id": 2}],
        "",
        pattern="{date}_{collection}_{seq}.json",
        source="pick: all\n  json: {}",
    ),
    Given(
        "days before months",
        csv("d,t\n2024-31-05,2024-01-02 10:00:00\n2024-02-01,2024-13-01 10:00:00\n"),
        [{"d": date(2024, 5, 31)}, {"d": date(2024, 1, 2)}],
        '{ date_formats: ["%Y-%d-%m"], timestamp_formats: ["%Y-%d-%m %H:%M:%S"] }',
        "d: date, t: timestamp",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_rows_are_those_of_the_files(checks: Checks, case: Given) -> None:
    """Every record is a row, and none else."""
    with workspace(case) as place:
        run(place)
        found: list[dict[str, Any]] = [{name: row.get(name) for name in case.rows[0]} for row in rows(place)]
        checks.same(case.what, found, case.rows)


def test_field_without_a_name_that_is_new_is_refused(checks: Checks) -> None:
    """Where fields are only numbered, a further one may stand before the others."""
    days = csv("1,Ann\n") | csv("2,B,Bob\n", NEXT)
    with workspace(Given("x", days, [], "{ header: none }")) as place:
        run(place)
        said = refused(place, 12, (NEXT,))
        checks.same("the message", "it has 3 fields without names, and the table has 2" in said, True)


def test_control_file_counts_records_and_not_their_items(checks: Checks) -> None:
    """A child table has the items of the records, of which the control file tells the number."""
    case = Given(
        "x",
        {f"{DAY}_orders.json": b'{"id":1,"items":[{"n":1},{"n":2},{"n":3}]}\n{"id":2}\n', f"{DAY}.ctl": b"ROWS=2.0"},
        [],
        "",
        pattern="{date}_{collection}.json",
        source='json: {}\n  control: { files: "{date}.ctl", rows: "ROWS={rows}" }',
        orders="children: { items: { keys: { order_id: id } } }",
    )
    for told, code in (("ROWS=2", 0), ("ROWS=2.5", 4), ("ROWS=3", 4)):
        case.files[f"{DAY}.ctl"] = told.encode()
        with workspace(case) as place:
            refused(place, code)
            checks.same(f"items under {told}", len(place.table("shop", "orders_items").partitions), 1)


def test_control_file_tells_checksums(checks: Checks) -> None:
    """What `md5sum` and `sha256sum` write is compared with each file as it lies in the source."""
    files = parts(b"id\n1\n", b"id\n2\n")
    for what, sum_of, broken, code in (
        ("MD5", hashlib.md5, b"", 0),
        ("SHA-256", hashlib.sha256, b"", 0),
        ("a changed file", hashlib.sha256, b"3\n", 11),
    ):
        told = "".join(f"{sum_of(content).hexdigest()}  {name}\n" for name, content in files.items())
        landed = {name: content + broken for name, content in files.items()} | {f"{DAY}.md5": told.encode()}
        source = f'{ALL["source"]}\n  control: {{ files: "{{date}}.md5", checksum: "{{checksum}} *{{file}}" }}'
        with workspace(Given("x", landed, [], **(ALL | {"source": source}))) as place:
            said = refused(place, code)
            checks.same(f"{what}: refused by its checksum", "tells the checksum" in said, code != 0)
