"""Settings that contradict the files or each other: the message names the setting, and what to type works."""

import json
from typing import Any

import pytest

from cases.formats import given as inputs
from cases.formats.given import DAY, Given, csv, rows, run, workspace
from cases.formats.test_children import of
from cases.formats.test_json import NEXT, given, lines
from world.adg import Workspace
from world.checks import Checks

RECORDS = [{"id": 1, "lineItems": [{"sku": "a", "tags": ["x"]}]}, {"id": 2, "lineItems": []}]


def refused(place: Workspace, code: int, days: tuple[str, ...] = (DAY,)) -> str:
    """Runs the module for days that are refused; gives what is said of it, as a reader of logs sees it."""
    return inputs.refused(place, code, days).replace('\\"', '"')


def edit(place: Workspace, old: str, new: str) -> None:
    """Changes the module file."""
    module = place.folder / "modules" / "shop.yaml"
    text = module.read_text()
    assert old in text, text
    module.write_text(text.replace(old, new))


def test_path_of_children_that_is_spelt_otherwise_is_refused(checks: Checks) -> None:
    """Without it the table of items would be empty, and nobody told."""
    for written, right in (("lineitems", "lineItems"), ("line_items", "lineItems"), ("lineItems.tags", "lineItems[*].tags")):
        orders = f'children: {{ "{written}": {{ keys: {{ order_id: id }}, table: parts }} }}'
        with workspace(given(written, lines(*RECORDS), [], orders=orders)) as place:
            told = refused(place, 10)
            checks.same(f"{written}: the path is told", f'write `"{right}"` in its place' in told, True)
            checks.same(f"{written}: nothing is published", list((place.folder / "warehouse").rglob("parts/**/*.parquet")), [])
            edit(place, f'"{written}"', f'"{right}"')
            run(place)
            checks.same(f"{written}: items", len(of("parts", place)), 1)


def test_path_of_children_that_leads_nowhere_is_told(checks: Checks) -> None:
    """Records may have no items on a day, which a note tells with the names that they have."""
    orders = "children: { items: { keys: { order_id: id } } }"
    with workspace(given("nowhere", lines(*RECORDS), [], orders=orders)) as place:
        told = refused(place, 0)
        checks.same("the names", "no record has anything at `items`; records have id, lineItems" in told, True)
    text = {"id": 1, "payload": '{"items": [{"n": 1}]}'}
    orders = 'children: { "payload.items": { keys: { order_id: id } } }'
    with workspace(given("text", lines(text), [], orders=orders)) as place:
        checks.same("a text", "`payload` is a text; list it under `source.json.parse_json`" in refused(place, 0), True)
    orders = "children: { items: { keys: { order_id: id } } }"
    with workspace(given("none", lines({"id": 1, "items": []}, {"id": 2}), [], orders=orders)) as place:
        checks.same("no items", "the records have no items: the partition is empty" in refused(place, 0), True)


def test_text_that_is_no_document_is_no_item(checks: Checks) -> None:
    """Its record is in quarantine with the reason, and the others have their items."""
    files = lines({"id": 1, "items": '[{"n":1},{"n":2}]'}, {"id": 2, "items": "n/a"}, {"id": 3, "items": ""})
    orders = "children: { items: { keys: { order_id: id } } }"
    with workspace(given("strays", files, [], "{ parse_json: [items] }", orders=orders)) as place:
        told = refused(place, 0)
        checks.same("items", of("orders_items", place), [{"order_id": 1, "n": 1}, {"order_id": 1, "n": 2}])
        checks.same("the reason", "the text at the path of its array is no JSON document" in told, True)


def test_documents_of_mongodb_in_texts_are_unwrapped(checks: Checks) -> None:
    """As change streams have them: the document is a text in extended JSON."""
    after = json.dumps({"_id": {"$oid": "64a"}, "n": {"$numberLong": "5"}, "at": {"$date": "2024-05-01T10:00:00Z"}})
    case = given("mongo", lines({"op": "c", "after": after}), [], "{ parse_json: [after], unwrap: mongo_extended }")
    with workspace(case) as place:
        run(place)
        found = rows(place)[0]["after"]
        checks.same("the document", (found["id"], found["n"], found["at"].isoformat()[:19]), ("64a", 5, "2024-05-01T10:00:00"))


def test_key_that_inner_items_have_twice_is_told(checks: Checks) -> None:
    """The name comes twice by the keys of the table in between, and the hint says so."""
    record = {"id": 1, "items": [{"id": 7, "tags": [{"t": "x"}]}]}
    orders = "children: { items: { keys: [id], children: { tags: { keys: [id] } } } }"
    with workspace(given("twice", lines(record), [], orders=orders)) as place:
        edit(place, "quarantine_rate: 1", "quarantine_rate: 0.5")
        told = refused(place, 11)
        checks.same("the reason", "a member with the name of a key" in told and "a name stands twice" not in told, True)
        checks.same("the keys", "`keys: { orders_id: id }`" in told, True)
        edit(place, "{ items: { keys: [id]", "{ items: { keys: { orders_id: id }")
        edit(place, "tags: { keys: [id] }", "tags: { keys: [orders_id] }")
        run(place)
        checks.same("tags", of("orders_items_tags", place), [{"orders_id": 1, "t": "x"}])
    orders = "children: { items: { keys: [id], position: id } }"
    with workspace(given("position", lines(record), [], orders=orders)) as place:
        checks.same("position", "`keys` and `position` have the name `id` twice" in refused(place, 10), True)


CLASHES = [
    (
        "extra_fields",
        Given("x", csv("id,Extra Fields\n1,2,3\n"), [], csv="{ long_rows: keep_extra }"),
        "source.csv.long_rows: keep_extra",
        'renames: { "Extra Fields": source_extra_fields }',
    ),
    (
        "columns_from_file",
        Given("x", csv("id,path\n1,2\n"), [], source="columns_from_file: { path: key }"),
        "source.columns_from_file",
        'renames: { "path": source_path }',
    ),
    (
        "partition_by",
        Given("x", csv("id,date_uploaded\n1,2\n"), []),
        "target.partition_by",
        'renames: { "date_uploaded": source_date_uploaded }',
    ),
    (
        "row_hash",
        Given("x", csv("id,row_hash_id\n1,2\n"), [], settings="row_hash: v1"),
        "row_hash",
        'renames: { "row_hash_id": source_row_hash_id }',
    ),
    ("error_desc", Given("x", csv("id,error_desc\n1,2\n"), []), "", 'renames: { "error_desc": source_error_desc }'),
    ("an empty name", given("x", lines({"id": 1, "": 2}), []), "", 'renames: { "": NAME }'),
]


@pytest.mark.parametrize(
    ("what", "case", "setting", "rename"), CLASHES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_field_with_the_name_of_another_column_is_told(checks: Checks, what: str, case: Given, setting: str, rename: str) -> None:
    """The setting that makes the other column is named, and what the hint has to type is enough."""
    with workspace(case) as place:
        told = refused(place, 12)
        checks.same(f"{what}: the rename", f"`{rename}`" in told, True)
        checks.same(f"{what}: the setting", f"or change `{setting}` there" in told, setting != "")
        edit(place, "source:\n", f"{rename.replace('NAME', 'name')}\nsource:\n")
        run(place)
        checks.same(f"{what}: rows", len(rows(place)), 1)


def test_column_of_additional_fields_may_be_declared(checks: Checks) -> None:
    """It has no position of its own."""
    case = Given(
        "x",
        csv("1,a,b\n"),
        [],
        csv="{ header: none, long_rows: keep_extra }",
        columns="id: int, name: string, extra_fields: string",
    )
    with workspace(case) as place:
        run(place)
        found = rows(place)[0]
        checks.same("row", (found["id"], found["name"], found["extra_fields"]), (1, "a", "b"))


@pytest.mark.parametrize("first", ["SEP=;", '"sep=;"'])
def test_line_with_the_delimiter_is_found_as_excel_finds_it(checks: Checks, first: str) -> None:
    """In any case, and in quotes; another dialect refuses it with the setting."""
    with workspace(Given("x", csv(f"{first}\nid;name\n1;a\n"), [])) as place:
        checks.same(f"{first}: the setting", "source.csv.sep_line: true" in refused(place, 12), True)
        edit(place, "csv: {}", "csv: { sep_line: true }")
        run(place)
        checks.same(f"{first}: row", (rows(place)[0]["id"], rows(place)[0]["name"]), (1, "a"))


def test_abbreviation_of_a_zone_is_refused_with_what_to_write(checks: Checks) -> None:
    """`CST` is five zones."""
    settings = '{ timestamp_formats: ["%d.%m.%Y %H:%M %Z"] }'
    with workspace(Given("x", csv("id,at\n1,01.05.2024 10:00 CET\n"), [], csv=settings)) as place:
        told = refused(place, 10)
        checks.same("directives", [word in told for word in ("`%z`", "`%Q`", "`time_zone`")], [True] * 3)


RETYPES: list[tuple[str, str, list[Any], Any]] = [
    ("a double", "double", [1.5], "x"),
    ("a boolean", "boolean", [True], "maybe"),
    ("a varchar", "varchar(3)", ["abc"], "abcd"),
    ("an array", "array<bigint>", [[1, 2]], "x"),
    ("a day", "date", ["2024-05-01"], "2024-05-01T10:00:00"),
]


@pytest.mark.parametrize(("what", "ty", "before", "value"), RETYPES, ids=lambda value: str(value)[:12])
def test_type_for_other_values_is_proposed(checks: Checks, what: str, ty: str, before: list[Any], value: Any) -> None:
    """The command is told with what it checks, and the day is loaded after it."""
    case = given(
        what,
        lines(*({"id": 1, "v": old} for old in before)),
        [],
        columns=f'id: bigint, v: "{ty}"',
    )
    case.files.update(lines({"id": 2, "v": value}, day=NEXT))
    with workspace(case) as place:
        edit(place, "error_rate: 1", "error_rate: 0.1")
        run(place)
        told = refused(place, 11, (NEXT,))
        checks.same(f"{what}: what is checked", "which checks the values of all dates first" in told, True)
        checks.same(f"{what}: the command", "`adg retype shop.orders v " in told, True)
        to = told.split("`adg retype shop.orders v ")[1].split("`")[0].strip("'")
        place.run("retype", "shop.orders", "v", to)
        run(place, (NEXT,))
        checks.same(f"{what}: no error", [row["error_desc"] for row in rows(place, NEXT)], [None])


def test_values_for_which_there_is_no_type_are_told(checks: Checks) -> None:
    """Objects and texts have no common type but text, which needs the source."""
    case = given("objects", lines({"id": 1, "o": {"a": 1}}), [])
    case.files.update(lines({"id": 2, "o": "x"}, day=NEXT))
    with workspace(case) as place:
        edit(place, "error_rate: 1", "error_rate: 0.1")
        run(place)
        told = refused(place, 11, (NEXT,))
        checks.same("what to write", "`columns: { o: string }`" in told and "adg retype" not in told, True)


SETTINGS = [
    ("csv: { delimiter: '\\t' }", "`, in double quotes"),
    ("csv: { time_zone: Berlin }", "did you mean `Europe/Berlin`?"),
    ("csv: { date_formats: [dd.MM.yyyy] }", "`%Y` for yyyy"),
    ("csv: { decimal: ';' }", "`source.csv.decimal` is: Decimal sign of numbers"),
    ("json:", "it is empty; write `{}`"),
    ("control: { files: '{date}.ctl' }", "has none of `rows`, `bytes` and `checksum`"),
    ("control: { files: '{date}.ctl', rows: 'ROWS=' }", "`ROWS=` has no `{rows}`"),
]


@pytest.mark.parametrize(("setting", "said"), SETTINGS)
def test_wrong_setting_is_told_with_what_to_write(checks: Checks, setting: str, said: str) -> None:
    """Before a file is read."""
    with workspace(Given("x", {}, [], csv="", source=setting)) as place:
        checks.same(f"{setting}: the message", said in refused(place, 10), True)


def test_personal_columns_that_are_not_there_are_told(checks: Checks) -> None:
    """A column that is marked by a wrong name is not marked at all."""
    with workspace(Given("x", csv("id,name\n1,a\n"), [], orders="pii: [nam, id]")) as place:
        told = refused(place, 0)
        checks.same("the name", "`pii` of `orders` in the module file lists what the table does not have: nam" in told, True)
    orders = "pii: [items], children: { items: { keys: { order_id: id } } }"
    with workspace(given("x", lines({"id": 1, "items": [{"n": 1}]}), [], orders=orders)) as place:
        checks.same("an array", "lists what the table does not have" in refused(place, 0), False)


def test_control_file_with_several_numbers_is_refused(checks: Checks) -> None:
    """Neither the first nor the last of them is taken."""
    source = 'control: { files: "{date}.ctl", rows: "ROWS={rows}" }'
    files = csv("id\n1\n2\n") | {f"{DAY}.ctl": b"ROWS=2\nfile b ROWS=7\n"}
    with workspace(Given("x", files, [], source=source)) as place:
        told = refused(place, 10)
        checks.same("both numbers", "several times, with 2 and 7" in told and f"{DAY}.ctl" in told, True)
        (place.source / f"{DAY}.ctl").write_text("ROWS=2\nTOTAL ROWS=0002\n")
        run(place)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"pattern": "/{date}_{collection}.csv"}, "keys begin below the root of the store"),
        ({"pattern": "../in/{date}_{collection}.csv"}, "keys begin below the root of the store"),
        ({"source": 'complete: { marker: "/{date}/OK" }'}, "keys begin below the root of the store"),
        ({"source": "complete: { min_age: 30 }"}, "did you mean `min_age_minutes`?"),
        ({"csv": "{ fixed_width: [[id, 1, 1]], delimiter: ';' }"}, "source.csv.delimiter of the module"),
        ({"csv": "{ fixed_width: [[id, 1, 1]], escape: '!' }"}, "they have no delimiters, quotes or escapes"),
        ({"columns": "price: decimal(9,2), id: bigint"}, '{ price: "decimal(9,2)" }'),
    ],
)
def test_setting_without_a_meaning_is_refused_before_anything_is_read(
    checks: Checks, settings: dict[str, str], told: str
) -> None:
    """The message says what to write in its place."""
    with workspace(Given("settings", csv("id\n1\n"), [], **settings)) as place:  # type: ignore[arg-type]
        said = refused(place, 10)
        checks.same(f"{settings}", told in said, True)


def test_control_file_that_is_missing_is_called_one(checks: Checks) -> None:
    """It is no marker."""
    source = 'control: { files: "{date}.ctl", rows: "{rows}" }'
    with workspace(Given("control", csv("id\n1\n"), [], source=source)) as place:
        checks.same("told", "there is no control file `2024-05-01.ctl`" in refused(place, 13), True)


def test_text_in_place_of_records_is_never_skipped(checks: Checks) -> None:
    """The hint does not advise what is set already."""
    case = given("text", {f"{DAY}_orders.json": b'{"data": "none today"}'}, [], "{ records: data, without_record: skip }")
    with workspace(case) as place:
        told = refused(place, 13)
        checks.same("the hint", "something else where" in told and "set `without_record" not in told, True)


@pytest.mark.parametrize(
    ("text", "settings", "told"),
    [
        ("Report of May\nid,a\n1,x\n2,y\n", {}, "a title or a comment above the names"),
        ("id,a,\n1,x\n", {}, "csv: { trailing_delimiter: true }"),
        ("id,a\n1,x\n", {"csv": "{ skip_lines: 9 }"}, "no line of it is left by `skip_lines`"),
        ('id,a\n1,"x\\"y"\n2,"\\"z"\n', {}, "set `source.csv.escape`"),
        ("id;a;b\n1;x;y\n", {"csv": "{ dialect: spark }", "columns": "id: string, a: string, b: string"}, "separated by ';'"),
        ("1;x;y\n", {"csv": "{ header: none, short_rows: null_fill }", "columns": "id: string, a: string, b: string"}, "';'"),
        ("<html>\n<body>Error</body>\n</html>\n", {"csv": "{ dialect: spark }", "columns": "id: string, a: string"}, "HTML"),
        ("sep=,\n1,a\n", {"csv": "{ header: none }", "columns": "id: string, a: string"}, "sep_line: true"),
        ("Report,\nid,a\n1,x\n", {"csv": "{ header: by_position }", "columns": "id: string, a: string"}, "its first record has"),
        (
            "id,name,mail\n1,Ann,x\n",
            {"csv": "{ header: none }", "columns": "id: string, name: string, m: string"},
            "names of the",
        ),
        (
            "Timestamp,name\n1,Ann\n",
            {
                "csv": "{ header: none }",
                "columns": "created_at: string, name: string",
                "settings": "renames: { Timestamp: created_at }",
            },
            "has the names of the columns",
        ),
        ("Report of May\nid,a,b\n1,a,b\n2,c,d\n", {"csv": "{ long_rows: drop_extra }"}, "a title or a comment above the names"),
        ("ann,192.168.1.1\nbob,10.0.0.1\n", {}, "looks like values"),
    ],
)
def test_first_line_that_is_something_else_is_refused_by_name(
    checks: Checks, text: str, settings: dict[str, str], told: str
) -> None:
    """A title, a page of HTML, another delimiter, names where there are to be none: no rows, and what to set."""
    with workspace(Given("first line", csv(text), [], **settings)) as place:  # type: ignore[arg-type]
        module = place.folder / "modules" / "shop.yaml"
        module.write_text(module.read_text().replace("quarantine_rate: 1", "quarantine_rate: 0.1"))
        said = ""
        for code in (10, 11, 12, 13):
            try:
                said = refused(place, code)
            except RuntimeError:
                continue
            break
        checks.same(f"told of {text!r}: {said[-600:]}", told in said, True)
        checks.same("nothing is published", list((place.folder / "warehouse").rglob("*.parquet")), [])


def test_mark_that_the_pattern_finds_too_is_no_file(checks: Checks) -> None:
    """A marker, or a control file, has no records, and counts for none."""
    files = {f"{DAY}_orders.csv": b"x\ny\n", f"{DAY}_orders.done": b"ok\n", f"{DAY}_orders.ctl": b"ROWS=2\n"}
    source = 'pick: all\n  complete: { marker: "{date}_{collection}.done" }\n  control: { files: "{date}_{collection}.ctl", rows: "ROWS={rows}" }'
    case = Given("marks", files, [], "{ header: none }", "a: string", pattern="{date}_{collection}.*", source=source)
    with workspace(case) as place:
        run(place)
        checks.same("rows", [row["a"] for row in rows(place)], ["x", "y"])


def test_count_of_files_that_were_sent_twice_is_explained(checks: Checks) -> None:
    """Sending them again would not help."""
    files = {f"{DAY}_orders_{part}.csv": b"id\n1\n" for part in "ab"} | {f"{DAY}.ctl": b"ROWS=2\n"}
    source = 'pick: all\n  control: { files: "{date}.ctl", rows: "ROWS={rows}" }'
    with workspace(Given("twice", files, [], pattern="{date}_{collection}_*.csv", source=source)) as place:
        told = refused(place, 11)
        checks.same("explained", "if the file was sent twice" in told, True)


def test_header_that_comes_again_is_no_record(checks: Checks) -> None:
    """Files that were joined have each their own."""
    with workspace(Given("joined", csv("id,a\n1,x\nid,a\n2,y\n"), [])) as place:
        told = refused(place, 0)
        checks.same("rows", [(row["id"], row["a"]) for row in rows(place)], [(1, "x"), (2, "y")])
        checks.same("the reason", "it repeats the header" in told, True)


@pytest.mark.parametrize("path", ["/users/0/r", "users.*", "r[*][*]"])
def test_path_that_means_something_else_is_refused(checks: Checks, path: str) -> None:
    """Single items, members of objects and arrays of arrays are no records."""
    case = given("path", {f"{DAY}_orders.json": b'{"users": [{"r": 1}]}'}, [], f'{{ records: "{path}" }}')
    with workspace(case) as place:
        checks.same("refused", "source.json.records" in refused(place, 10), True)


def test_members_that_differ_in_punctuation_keep_their_struct(checks: Checks) -> None:
    """One of two with the same name by the rule has its own spelling, in which types can name it."""
    records = [{"id": 1, "o": {"first name": "a", "first_name": "b"}}, {"id": 2, "o": {"first name": "c", "first_name": "d"}}]
    with workspace(given("blank", lines(*records), [])) as place:
        run(place)
        found = [{"first_x0020_name": a, "first_name": b} for a, b in (("a", "b"), ("c", "d"))]
        checks.same("values", [row["o"] for row in rows(place)], found)
        place.run("describe", "shop.orders")
    for one in ("ns:a", "ns,a", "ns/a", "ns<a", "ns'a"):
        with workspace(given(one, lines({"id": 1, "o": {one: "a", "ns_a": "b"}}), [])) as place:
            run(place)
            checks.same(f"{one}: values", sorted(rows(place)[0]["o"].values()), ["a", "b"])


def test_member_keeps_filling_the_field_that_it_has_filled(checks: Checks) -> None:
    """Another member with the same name by the rule comes on the next day."""
    first = lines({"o": {"_id": "a"}, "n": 1})
    second = lines({"o": {"id": "x"}, "n": 2}, *[{"o": {"_id": "b"}, "n": 3}] * 15, day=NEXT)
    with workspace(given("members", first | second, [])) as place:
        run(place)
        run(place, (NEXT,))
        checks.same("the field", {row["o"]["id"] for row in rows(place, NEXT) if row["n"] == 3}, {"b"})
