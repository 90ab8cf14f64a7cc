"""JSON as it lands: envelopes, wrapped values, documents in texts, names that clash, values that do not fit."""

import json
from datetime import date
from typing import Any

import pytest

from cases.formats.given import DAY, Given, dec, refused, rows, run, workspace
from cases.formats.test_csv import at
from world.checks import Checks

NEXT = "2024-05-02"
NAMES = "{date}_{collection}.json"


def lines(*records: Any, day: str = DAY) -> dict[str, bytes]:
    """A day's only file, with an object on each line. Texts are lines as they are."""
    text = "\n".join(record if isinstance(record, str) else json.dumps(record) for record in records)
    return {f"{day}_orders.json": (text + "\n").encode()}


def given(
    what: str, files: dict[str, bytes], expected: list[dict[str, Any]], json_settings: str = "{}", columns: str = "", **more: Any
) -> Given:
    """A module of JSON files."""
    pattern = more.pop("pattern", NAMES)
    source = "\n  ".join([f"json: {json_settings}", *more.pop("source", ())])
    return Given(what, files, expected, csv="", columns=columns, pattern=pattern, source=source, **more)


EVENT = '{"dynamodb":{"NewImage":{"id":{"N":"%d"},"who":{"S":"Ann"}}},"eventName":"INSERT"}'

DOCUMENTS = [
    given(
        "an envelope on each line",
        lines('{"Records":[{"id":1},{"id":2}],"region":"eu"}', '{"Records":[{"id":3}],"region":"us"}'),
        [{"id": 1}, {"id": 2}, {"id": 3}],
        "{ records: Records }",
    ),
    given(
        "a value of the envelope in each row",
        lines('{"Records":[{"id":1},{"id":2}],"region":"eu"}', '{"Records":[{"id":3}],"region":"us"}'),
        [{"id": 1, "region": "eu"}, {"id": 2, "region": "eu"}, {"id": 3, "region": "us"}],
        "{ records: Records, envelope: { region: region } }",
    ),
    given(
        "envelopes one after the other",
        {f"{DAY}_orders.json": b'{"data":{"rows":[{"id":1}]}}{"data":{"rows":[]}}\n{"data":{"rows":[{"id":2}]}}'},
        [{"id": 1}, {"id": 2}],
        "{ records: data.rows }",
    ),
    given(
        "an object below a path",
        lines('{"event":{"id":1}}', '{"event":{"id":2}}'),
        [{"id": 1}, {"id": 2}],
        "{ records: event }",
    ),
    given(
        "records below the items of an array",
        {f"{DAY}_orders.json": ('{"Records":[' + EVENT % 1 + "," + EVENT % 2 + "]}").encode()},
        [{"id": 1, "who": "Ann"}, {"id": 2, "who": "Ann"}],
        '{ records: "Records[*].dynamodb.NewImage", unwrap: dynamodb }',
    ),
    given(
        "a JSON Pointer",
        {f"{DAY}_orders.json": b'{"a/b":[{"x":{"id":1}},{"x":{"id":2}}]}'},
        [{"id": 1}, {"id": 2}],
        "{ records: /a~1b/*/x }",
    ),
    given(
        "items without a record that are skipped",
        {f"{DAY}_orders.json": b'{"Records":[{"new":{"id":1}},{"old":{"id":7}},{"new":{"id":2}}]}'},
        [{"id": 1}, {"id": 2}],
        '{ records: "Records[*].new", without_record: skip }',
    ),
    given(
        "arrays one after the other",
        {f"{DAY}_orders.json": b'[{"id":1}]\n[{"id":2},{"id":3}]'},
        [{"id": 1}, {"id": 2}, {"id": 3}],
    ),
    given("lines that end in commas", lines('{"id":1},', '{"id":2},', '{"id":3}'), [{"id": 1}, {"id": 2}, {"id": 3}]),
    given("documents without line ends", {f"{DAY}_orders.json": b'{"id":1}{"id":2} {"id":3}'}, [{"id": 1}, {"id": 2}, {"id": 3}]),
    given(
        "extended JSON of MongoDB",
        lines(
            {
                "_id": {"$oid": "64a000000000000000000001"},
                "createdAt": {"$date": "2024-05-01T10:00:00.123Z"},
                "n": {"$numberLong": "9007199254740993"},
                "amt": {"$numberDecimal": "12.50"},
            },
            {
                "_id": {"$oid": "64a000000000000000000002"},
                "createdAt": {"$date": {"$numberLong": "1714557600123"}},
                "n": 5,
                "amt": {"$numberDecimal": "1.10"},
            },
        ),
        [
            {
                "id": "64a000000000000000000001",
                "created_at": at(2024, 5, 1, 10, 0, 0, 123000),
                "n": 9007199254740993,
                "amt": dec("12.500000000000000000"),
            },
            {
                "id": "64a000000000000000000002",
                "created_at": at(2024, 5, 1, 10, 0, 0, 123000),
                "n": 5,
                "amt": dec("1.100000000000000000"),
            },
        ],
        "{ unwrap: mongo_extended }",
        settings="column_names: camel",
    ),
]

VALUES = [
    given(
        "a sub-document kept as its own text",
        lines('{"id":1,"payload":{"a": 1, "b":[1.50,2]}}', '{"id":2,"payload":[1,2]}', '{"id":3,"payload":"txt"}'),
        [{"id": 1, "payload": '{"a": 1, "b":[1.50,2]}'}, {"id": 2, "payload": "[1,2]"}, {"id": 3, "payload": "txt"}],
        columns="id: bigint, payload: string",
    ),
    given(
        "a document in a text, where a struct is declared",
        lines({"id": 1, "d": '{"v1": 10, "v2": "hello"}'}, {"id": 2, "d": {"v1": 1, "v2": "x"}}),
        [{"id": 1, "d": {"v1": 10, "v2": "hello"}}, {"id": 2, "d": {"v1": 1, "v2": "x"}}],
        columns='id: bigint, d: "struct<v1:bigint,v2:string>"',
    ),
    given(
        "documents in texts whose type is found",
        lines({"id": 1, "d": '{"v1": 10}'}, {"id": 2, "d": '{"v1": 1, "v2": [true]}'}),
        [{"id": 1, "d": {"v1": 10, "v2": None}}, {"id": 2, "d": {"v1": 1, "v2": [True]}}],
        "{ parse_json: [d] }",
    ),
    given(
        "one bad value in a struct",
        lines({"id": 1, "o": {"a": 1, "b": "x"}}, {"id": 2, "o": {"a": "no", "b": "y"}}),
        [{"id": 1, "o": {"a": 1, "b": "x"}}, {"id": 2, "o": {"a": None, "b": "y"}}],
        columns='id: bigint, o: "struct<a:bigint,b:string>"',
        errors=[1],
    ),
    given(
        "one bad item of an array",
        lines({"id": 1, "l": [1, "x", 3]}),
        [{"id": 1, "l": [1, None, 3]}],
        columns='id: bigint, l: "array<bigint>"',
        errors=[0],
    ),
    given(
        "an empty array for an empty object",
        lines({"id": 1, "o": {"a": 1}}, {"id": 2, "o": []}),
        [{"id": 1, "o": {"a": 1}}, {"id": 2, "o": None}],
    ),
    given(
        "an empty array for a declared map",
        lines({"id": 1, "m": {"k": 1}}, {"id": 2, "m": []}),
        [{"id": 1, "m": [("k", 1)]}, {"id": 2, "m": None}],
        columns='id: bigint, m: "map<string,bigint>"',
    ),
    given(
        "names in one object that clash",
        lines(
            '{"k":1,"lines":[{"_id":"64a","id":7},{"_id":"64b","id":8}],"dev":{"Osv":"8","model":"x"}}',
            '{"k":2,"lines":[],"dev":{"osv":"9","model":"y"}}',
        ),
        [
            {"k": 1, "lines": [{"_id": "64a", "id": 7}, {"_id": "64b", "id": 8}], "dev": {"osv": "8", "model": "x"}},
            {"k": 2, "lines": [], "dev": {"osv": "9", "model": "y"}},
        ],
    ),
    given(
        "spellings that are one column",
        lines({"k": 1, "userName": "a"}, {"k": 2, "user_name": "b"}, {"k": 3, "UserName": "c"}),
        [{"k": 1, "user_name": "a"}, {"k": 2, "user_name": "b"}, {"k": 3, "user_name": "c"}],
        "{ duplicate_names: merge }",
        settings='renames: { "userName": user_name, "user_name": user_name }',
    ),
    given(
        "epoch seconds",
        lines({"i": 1, "t": 1714557600}, {"i": 2, "t": "1714557600"}),
        [{"i": 1, "t": at(2024, 5, 1, 10)}, {"i": 2, "t": at(2024, 5, 1, 10)}],
        "{ timestamp_formats: [epoch_s] }",
        "i: bigint, t: timestamp",
    ),
    given(
        "epoch milliseconds",
        lines({"i": 1, "t": 1714557600123}),
        [{"i": 1, "t": at(2024, 5, 1, 10, 0, 0, 123000)}],
        "{ timestamp_formats: [epoch_ms] }",
        "i: bigint, t: timestamp",
    ),
    given(
        "instants",
        lines(
            {"i": 1, "t": "2024-05-01 10:00:00 UTC", "d": "2024-05-01T00:00:00.000Z"},
            {"i": 2, "t": "2024-05-01T10:00:00.000+0000", "d": "2024-05-01T00:00:00Z"},
            {"i": 3, "t": "2024-05-01T10:00:00.123456789Z", "d": "2024-05-01"},
        ),
        [
            {"i": 1, "t": at(2024, 5, 1, 10), "d": date(2024, 5, 1)},
            {"i": 2, "t": at(2024, 5, 1, 10), "d": date(2024, 5, 1)},
            {"i": 3, "t": at(2024, 5, 1, 10, 0, 0, 123456), "d": date(2024, 5, 1)},
        ],
        "{ nanoseconds: truncate }",
        "i: bigint, t: timestamp, d: date",
    ),
    given(
        "instants of many writers in one column",
        lines(
            {"i": 0, "t": 1714557600123},
            {"i": 1, "t": 1714557600},
            {"i": 2, "t": "1714557600"},
            {"i": 3, "t": "2024-05-01T10:00:00.123456789Z"},
            {"i": 4, "t": "2024-05-01 10:00:00 UTC"},
            {"i": 5, "t": "2024-05-01T10:00:00.000+0000"},
            {"i": 6, "t": "/Date(1714557600123)/"},
            {"i": 7, "t": {"$date": "2024-05-01T10:00:00Z"}},
        ),
        [{"i": i, "t": at(2024, 5, 1, 10, 0, 0, {0: 123000, 3: 123456, 6: 123000}.get(i, 0))} for i in range(8)],
        "{ timestamp_formats: [epoch_s, epoch_ms, dotnet], nanoseconds: truncate, unwrap: mongo_extended }",
        "i: bigint, t: timestamp",
    ),
    given(
        "numbers that are no days",
        lines({"i": 1, "t": 14121008, "d": 20240501}, {"i": 2, "t": 36000000, "d": 19844}),
        [{"i": 1, "t": None, "d": None}, {"i": 2, "t": None, "d": None}],
        columns="i: bigint, t: timestamp, d: date",
        errors=[0, 1],
    ),
    given(
        "dates in folders",
        {"2024/05/01/orders-20240501T0900Z-x.json": b'{"id":1}\n'},
        [{"id": 1}],
        pattern="{year}/{month}/{day}/{collection}-*.json",
    ),
    given(
        "dates without separators, within names",
        {"2024/05/01/orders-20240501T0900Z-x.json": b'{"id":1}\n', "2024/05/01/orders-20240501T1000Z-y.json": b'{"id":2}\n'},
        [{"id": 1}, {"id": 2}],
        pattern="{year}/{month}/{day}/{collection}-{date:%Y%m%d}T*.json",
        source=["pick: all"],
    ),
]


@pytest.mark.parametrize("case", DOCUMENTS + VALUES, ids=lambda case: case.what)
def test_rows_are_those_of_the_file(checks: Checks, case: Given) -> None:
    """Every value is what the source means by it."""
    with workspace(case) as place:
        run(place, case.days)
        found = rows(place)
        checks.same(case.what, [{name: row.get(name) for name in case.rows[0]} for row in found], case.rows)
        wrong = [number for number, row in enumerate(found) if row["error_desc"] is not None]
        checks.same(f"{case.what}: rows with an invalid value", wrong, case.errors)


def test_path_of_a_bad_value_is_told(checks: Checks) -> None:
    """The text of the error has the path to the value."""
    case = given("path", lines({"o": {"l": [{"p": 1}, {"p": "x"}]}}), [], columns='o: "struct<l:array<struct<p:int>>>"')
    with workspace(case) as place:
        run(place)
        (row,) = rows(place)
        checks.same("the error", row["error_desc"], ["Type Conversion for column o.l[1].p. The source value is: x"])


def test_another_name_does_not_land_in_a_column(checks: Checks) -> None:
    """`_id` is not `id`: on another day the date is refused, and in a struct it is a member of its own."""
    first = lines({"id": "A-1", "amount": 10, "o": {"id": "x"}})
    second = lines({"_id": "64a1", "amount": 11, "o": {"id": "y"}}, day=NEXT)
    columns = 'id: string, amount: bigint, o: "struct<id:string>"'
    with workspace(given("other name", first | second, [], columns=columns)) as place:
        run(place)
        report = refused(place, 12, (NEXT,))
        checks.same("both names are told", "filled by `id`" in report and "`_id`" in report, True)
        (place.source / f"{NEXT}_orders.json").write_bytes(
            lines({"id": "A-2", "o": {"_id": "64b1"}}, day=NEXT)[f"{NEXT}_orders.json"]
        )
        run(place, (NEXT,))
        checks.same("the struct has both", rows(place, NEXT)[0]["o"], {"id": None, "_id": "64b1"})
    renamed = given("renamed", first | second, [], columns=columns, settings='renames: { "_id": mongo_id }')
    with workspace(renamed) as place:
        run(place, (DAY, NEXT))
        (row,) = rows(place, NEXT)
        checks.same("a column of its own", (row["id"], row["mongo_id"]), (None, "64a1"))


def test_keys_that_are_data_become_a_map(checks: Checks) -> None:
    """Objects keyed by data are maps from the first day on, and every day is done."""

    def objects(first: int, count: int, day: str) -> dict[str, bytes]:
        records = [{"id": i, "p": {f"sku{i * 10 + j}": i * 10 + j for j in range(10)}} for i in range(first, first + count)]
        return lines(*records, day=day)

    days = [DAY, NEXT, "2024-05-03"]
    files = objects(0, 90, days[0]) | objects(90, 40, days[1]) | objects(130, 40, days[2])
    with workspace(given("keys", files, [])) as place:
        run(place, (days[0], days[-1]))
        checks.same("the type", place.table("shop", "orders").columns["p"], "map<string,bigint>")
        for day, count in zip(days, (90, 40, 40), strict=True):
            checks.same(f"rows of {day}", len(rows(place, day)), count)
        checks.same("a value", dict(rows(place, days[2])[0]["p"])["sku1300"], 1300)


REFUSED = [
    ("a path that is none", lines({"a": 1}), "{ records: a..b }", 10, "source.json.records"),
    ("an envelope and a list of fields", lines({"a": 1}), "{ records: a, fields: f, envelope: { x: z } }", 10, "exclude"),
    ("members numbered", lines({"a": 1}), "{ duplicate_names: rename }", 10, "merge"),
    (
        "an envelope without records",
        lines('{"Records":[{"id":1}]}', '{"error":"x"}'),
        "{ records: Records }",
        13,
        "no array of records",
    ),
]


@pytest.mark.parametrize(("what", "files", "settings", "code", "said"), REFUSED, ids=lambda value: str(value)[:40])
def test_file_is_refused_with_a_hint(
    checks: Checks, what: str, files: dict[str, bytes], settings: str, code: int, said: str
) -> None:
    """What can't be read rightly is not read, and the message says what to set."""
    with workspace(given(what, files, [], settings)) as place:
        checks.same(f"{what}: the message has {said!r}", said in refused(place, code), True)
