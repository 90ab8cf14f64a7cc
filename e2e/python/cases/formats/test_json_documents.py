"""JSON documents with something missing, standing twice or of another kind, and documents in texts."""

import pytest

from cases.formats.given import DAY, Given, refused, rows, run, workspace
from cases.formats.test_children import of
from cases.formats.test_json import NEXT, given, lines
from world.adg import Workspace
from world.checks import Checks

AROUND = '{ records: "Records[*].new", envelope: { region: region }, without_record: %s }'
ITEMS = '{"Records":[{"new":{"id":1}},{"old":{"id":7}},{"new":{"id":2}}],"region":"eu"}'

ROWS = [
    given(
        "an object where the array should be, with an envelope",
        lines('{"Records":{"new":{"id":1}},"region":"eu"}'),
        [{"id": 1, "region": "eu"}],
        AROUND % "skip",
    ),
    given(
        "an item without a record among others of an envelope",
        lines(ITEMS),
        [{"id": 1, "region": "eu"}, {"id": 2, "region": "eu"}],
        AROUND % "quarantine",
    ),
    given(
        "documents without records",
        lines('{"error":"x"}', '{"data":[{"id":1}]}', '{"data":null}'),
        [{"id": 1}],
        "{ records: data, without_record: skip }",
    ),
    given(
        "an empty text that means null",
        lines({"id": 1, "t": "", "o": {"a": "", "l": ["", "x"]}}, {"id": 2, "t": "y", "o": {"a": "z", "l": []}}),
        [{"id": 1, "t": None, "o": {"a": None, "l": [None, "x"]}}, {"id": 2, "t": "y", "o": {"a": "z", "l": []}}],
        '{ null_values: [""] }',
    ),
    given(
        "an empty text that is one",
        lines({"id": 1, "t": "", "o": {"a": ""}}),
        [{"id": 1, "t": "", "o": {"a": ""}}],
    ),
    given(
        "words that mean null in nested values",
        lines(
            {"id": 1, "o": {"n": "N/A", "l": [1, "N/A"], "s": "N/A"}, "m": {"k": "N/A"}, "n": "N/A"},
            {"id": 2, "o": {"n": 5, "l": [-999], "s": {"x": 1}}, "m": {"k": 7}, "n": -999},
        ),
        [
            {"id": 1, "o": {"n": None, "l": [1, None], "s": None}, "m": [("k", None)], "n": None},
            {"id": 2, "o": {"n": 5, "l": [None], "s": {"x": 1}}, "m": [("k", 7)], "n": None},
        ],
        '{ null_values: ["N/A", "-999"] }',
        'id: bigint, o: "struct<n:bigint,l:array<bigint>,s:struct<x:bigint>>", m: "map<string,bigint>", n: bigint',
    ),
    given(
        "words that mean null tell no type",
        lines({"id": 1, "o": {"n": "N/A", "l": [1, "N/A"]}}, {"id": 2, "o": {"n": 5, "l": ["N/A"]}}),
        [{"id": 1, "o": {"n": None, "l": [1, None]}}, {"id": 2, "o": {"n": 5, "l": [None]}}],
        '{ null_values: ["N/A"] }',
    ),
    given(
        "documents in texts beside others",
        lines({"id": 1, "d": '{"v": 1}'}, {"id": 2, "d": ""}, {"id": 3, "d": "not json"}, {"id": 4, "d": "null"}),
        [{"id": 1, "d": {"v": 1}}, {"id": 2, "d": None}, {"id": 3, "d": None}, {"id": 4, "d": None}],
        "{ parse_json: [d] }",
        errors=[2],
    ),
    given(
        "documents in texts by the source's name",
        lines({"id": 1, "Pay Load": '{"v": 1}'}),
        [{"id": 1, "pay_load": {"v": 1}}],
        '{ parse_json: ["Pay Load"] }',
    ),
    given(
        "documents in texts of nested values",
        lines(
            {"id": 1, "o": {"p": '{"v": "\\"é"}', "l": [{"d": "[1]"}, {"d": ""}]}},
            {"id": 2, "o": {"p": "not json", "l": [{"d": "[]"}]}},
        ),
        [
            {"id": 1, "o": {"p": {"v": '"é'}, "l": [{"d": [1]}, {"d": None}]}},
            {"id": 2, "o": {"p": None, "l": [{"d": []}]}},
        ],
        '{ parse_json: [o.p, "o.l[*].d"] }',
        errors=[1],
    ),
]


@pytest.mark.parametrize("case", ROWS, ids=lambda case: case.what)
def test_rows_are_those_of_the_file(checks: Checks, case: Given) -> None:
    """Every value is what the source means by it."""
    with workspace(case) as place:
        run(place)
        found = rows(place)
        checks.same(case.what, [{name: row.get(name) for name in case.rows[0]} for row in found], case.rows)
        wrong = [number for number, row in enumerate(found) if row["error_desc"] is not None]
        checks.same(f"{case.what}: rows with an invalid value", wrong, case.errors)


def quarantined(place: Workspace) -> list[str]:
    """The records in quarantine, as they are told."""
    return [line for file in (place.folder / "warehouse").rglob("records.jsonl") for line in file.read_text().splitlines()]


SET_ASIDE = [
    ("an item without a record", AROUND % "quarantine", ITEMS, ["no record at the path"], 2),
    (
        "a value of the envelope that stands twice",
        AROUND % "skip",
        '{"Records":[{"new":{"id":1}}],"region":"eu","region":"us"}',
        ["a name stands twice"],
        0,
    ),
    (
        "a record that stands twice",
        AROUND % "skip",
        '{"Records":[{"new":{"id":1}},{"new":{"id":2},"new":{"id":3}}],"region":"eu"}',
        ["a name stands twice"],
        1,
    ),
    (
        "a text in place of an item's record",
        AROUND % "skip",
        '{"Records":[{"new":"x"},"y",{"new":{"id":1}}],"region":"eu"}',
        ["no object", "neither an object nor an array"],
        1,
    ),
]


@pytest.mark.parametrize(("what", "settings", "text", "reasons", "good"), SET_ASIDE, ids=lambda value: str(value)[:40])
def test_only_the_record_at_fault_is_set_aside(
    checks: Checks, what: str, settings: str, text: str, reasons: list[str], good: int
) -> None:
    """Others of its document are rows, and the counts are those of records."""
    with workspace(given(what, lines(text, '{"Records":[],"region":"us"}'), [], settings)) as place:
        run(place)
        told = quarantined(place)
        checks.same(f"{what}: records in quarantine", len(told), len(reasons))
        checks.same(
            f"{what}: reasons", [reason in line for reason, line in zip(reasons, told, strict=True)], [True] * len(reasons)
        )
        checks.same(f"{what}: rows", len(rows(place)), good)


def test_something_else_in_place_of_records_is_never_skipped(checks: Checks) -> None:
    """A text is no missing array; and an array or object of records stands once in a document."""
    for text in ('{"data":"x"}', '{"data":7}', '{"data":{"id":1},"data":{"id":2}}'):
        with workspace(given(text, lines(text), [], "{ records: data, without_record: skip }")) as place:
            refused(place, 13)
    with workspace(given("hint", lines('{"error":"x"}'), [], "{ records: data }")) as place:
        checks.same("the setting is told", "`without_record: skip`" in refused(place, 13), True)


def test_listed_documents_that_have_no_effect_are_told(checks: Checks) -> None:
    """A name that the table does not have, and texts that are none."""
    files = lines({"id": 1, "d": "not json", "o": {"p": "x"}})
    with workspace(given("listed", files, [], "{ parse_json: [d, o.p, nowhere, o.q] }")) as place:
        run(place)
        checks.same("texts stay", (rows(place)[0]["d"], rows(place)[0]["o"]), ("not json", {"p": "x"}))
        told = "".join(file.read_text() for file in (place.folder / "reports").rglob("*.json"))
        checks.same("missing", "lists what the table does not have: nowhere, o.q" in told, True)
        checks.same("texts are told", ["`d` of" in told, "`o.p` of" in told, "adg retype shop.orders d" in told], [True] * 3)


def test_documents_in_texts_of_items_and_their_arrays(checks: Checks) -> None:
    """Documents in the items of a table of its own, and arrays in documents that are tables."""
    record = '{"id":1,"items":[{"d":"{\\"v\\":1}"},{"d":"no"}],"payload":"{\\"lines\\":[{\\"n\\":1},{\\"n\\":2}],\\"x\\":3}"}'
    children = 'children: { items: { keys: { order_id: id } }, "payload.lines": { keys: { order_id: id }, position: nth } }'
    with workspace(given("items", lines(record), [], '{ parse_json: ["items[*].d", payload] }', orders=children)) as place:
        run(place)
        checks.same("items", of("orders_items", place), [{"order_id": 1, "d": {"v": 1}}, {"order_id": 1, "d": None}])
        lines_ = [{"order_id": 1, "nth": 1, "n": 1}, {"order_id": 1, "nth": 2, "n": 2}]
        checks.same("lines", of("orders_payload_lines", place), lines_)
        checks.same("orders", of("orders", place), [{"id": 1, "payload": {"x": 3}}])
        told = "".join(file.read_text() for file in (place.folder / "reports").rglob("*.json"))
        checks.same("nothing is told of them", "parse_json" in told, False)


def test_positions_are_those_in_an_items_own_array(checks: Checks) -> None:
    """`items[*].d` has an array in each item."""
    record = {"id": 1, "items": [{"d": [{"x": 1}, {"x": 2}]}, {"d": [{"x": 3}]}]}
    orders = 'children: { "items[*].d": { keys: { order_id: id }, position: nth, table: parts } }'
    with workspace(given("positions", lines(record), [], orders=orders)) as place:
        run(place)
        checks.same("positions", [(row["nth"], row["x"]) for row in of("parts", place)], [(1, 1), (2, 2), (1, 3)])


def test_key_that_items_have_themselves_is_told(checks: Checks) -> None:
    """The hint has the keys under other names, with which the day is loaded."""
    record = {"id": 1, "items": [{"id": 10, "sku": "a"}, {"id": 11, "sku": "b"}]}
    case = given("keys", lines(record), [], orders="children: { items: { keys: [id] } }")
    with workspace(case) as place:
        module = place.folder / "modules" / "shop.yaml"
        module.write_text(module.read_text().replace("quarantine_rate: 1", "quarantine_rate: 0.5"))
        told = refused(place, 11)
        checks.same("the hint", "`keys: { orders_id: id }`" in told, True)
        checks.same("the reason", "with the name of a key" in told, True)
        module.write_text(module.read_text().replace("keys: [id]", "keys: { orders_id: id }"))
        run(place)
        checks.same("items", of("orders_items", place)[0], {"orders_id": 1, "id": 10, "sku": "a"})


def test_day_of_items_that_stand_twice_is_set_aside_in_both_tables(checks: Checks) -> None:
    """No one can tell which of two arrays of one name counts."""
    files = lines('{"id":1,"items":[{"x":1}],"items":[{"x":2}]}', '{"id":2,"items":[{"x":3}]}', day=DAY)
    files |= lines('{"id":3,"id":4,"items":[{"x":1}]}', day=NEXT)
    with workspace(given("twice", files, [], orders="children: { items: { keys: { order_id: id } } }")) as place:
        run(place, (DAY, NEXT))
        checks.same("orders", [row["id"] for row in of("orders", place)], [2])
        checks.same("items", [row["x"] for row in of("orders_items", place)], [3])
        checks.same("items of two keys", of("orders_items", place, NEXT), [])
