"""Values, names and commands that were believed though they were something else: each was found by trying adg."""

import os
import subprocess
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from cases.formats.given import DAY, Given, csv, dec, refused, rows, run, workspace
from cases.formats.test_csv import at
from cases.formats.test_json import NEXT, given, lines
from cases.formats.test_typed import of, parquet
from cases.formats.test_typed_values import sheet
from world.adg import VARIABLES
from world.checks import Checks

CASES: list[Given] = [
    given(
        "MongoDB's timestamps keep their place in a second",
        lines({"t": {"$timestamp": {"t": 1714557600, "i": 1}}}, {"t": {"$timestamp": {"t": 1714557600, "i": 2}}}),
        [{"t": {"t": at(2024, 5, 1, 10), "i": 1}}, {"t": {"t": at(2024, 5, 1, 10), "i": 2}}],
        "{ unwrap: mongo_extended }",
    ),
    of("excel", "numbers of 16 digits", sheet(["card"], [4111111111111111]), [{"card": 4111111111111111}]),
    of(
        "parquet",
        "fields of one name",
        parquet(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])),
        [{"a": 1, "a_1": 2}],
        "{ duplicate_names: rename }",
    ),
    Given(
        "letters that are no currency",
        csv("id;model\n1;BMW320\n2;VWX500\n"),
        [{"id": 1, "model": "BMW320"}, {"id": 2, "model": "VWX500"}],
        '{ delimiter: ";", currency: true }',
    ),
    Given(
        "amounts without cents",
        csv("id;p\n1;5.-\n2;7.50-\n3;CHF 8.-\n"),
        [{"p": dec("5.00")}, {"p": dec("-7.50")}, {"p": dec("8.00")}],
        '{ delimiter: ";", accounting: true, currency: true }',
        'id: bigint, p: "decimal(9,2)"',
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.what)
def test_values_are_those_of_the_file(checks: Checks, case: Given) -> None:
    """Every value is what the source means by it."""
    with workspace(case) as place:
        run(place)
        found = rows(place)
        checks.same(case.what, [{name: row.get(name) for name in case.rows[0]} for row in found], case.rows)
        checks.same(f"{case.what}: invalid values", [row["error_desc"] for row in found if row["error_desc"]], [])


def test_type_change_of_a_nested_value_is_refused(checks: Checks) -> None:
    """`type_change: fail` holds for structs and arrays too."""
    for what, before, after in [
        ("a fraction in a struct", {"a": {"x": 1}}, {"a": {"x": 1.5}}),
        ("a text for a struct", {"a": {"x": 1}}, {"a": "q"}),
        ("a text in an array", {"a": [1]}, {"a": ["q"]}),
    ]:
        files = lines(before) | lines(after, day=NEXT)
        case = given(what, files, [], "{}", settings="evolution: { type_change: fail }")
        with workspace(case) as place:
            run(place)
            checks.same(what, "do not fit their type" in refused(place, 12, (NEXT,)), True)


def test_key_that_means_null_quarantines_its_record(checks: Checks) -> None:
    """An item whose key is one of `null_values` would belong to no record."""
    content = lines({"id": "N/A", "lines": [{"v": 2}]}, {"id": "5", "lines": [{"v": 3}]})
    case = given("x", content, [], '{ null_values: ["N/A"] }', orders="children: { lines: { keys: { order_id: id } } }")
    with workspace(case) as place:
        said = refused(place, 0)
        checks.same("quarantined", "it lacks a key" in said, True)


RETYPED: list[tuple[str, str, str, str, Any]] = [
    ("thousands", '{ delimiter: ";", decimal: ",", thousands: "." }', "1.234", "double", 1234.0),
    ("days before months", '{ date_formats: ["%Y-%d-%m"] }', "2024-02-01", "date", date(2024, 1, 2)),
    ("a time zone", "{ time_zone: Europe/Berlin }", "2024-05-01 10:00:00", "timestamp", at(2024, 5, 1, 8)),
    ("words for true", '{ true_values: ["J"], false_values: ["N"] }', "J", "boolean", True),
]


@pytest.mark.parametrize(("what", "settings", "text", "ty", "value"), RETYPED, ids=lambda value: str(value)[:20])
def test_retyped_text_is_read_in_the_notation_of_the_source(
    checks: Checks, what: str, settings: str, text: str, ty: str, value: Any
) -> None:
    """A text becomes what a rerun of its date would make of it."""
    with workspace(Given(what, {f"{DAY}_orders.csv": f"n\n{text}\n".encode()}, [], settings, "n: string")) as place:
        run(place)
        place.run("retype", "shop.orders", "n", ty)
        checks.same(what, [row["n"] for row in rows(place)], [value])


def test_setting_of_a_column_that_no_table_has_is_an_error(checks: Checks) -> None:
    """A name as the source writes it, and one that is misspelt."""
    for name, columns, said in [
        ("Amount EUR", "amount_eur: double", "the column is named `amount_eur`"),
        ("amuont", "amount: double", "no collection declares such a column"),
    ]:
        settings = f'{{ columns: {{ "{name}": {{ decimal: "," }} }} }}'
        with workspace(Given("x", csv("amount\n1\n"), [], settings, columns)) as place:
            checks.same(name, said in refused(place, 10), True)


def test_sniffed_json_is_json(checks: Checks, tmp_path: Any) -> None:
    """A document that is longer than what is looked at, and one with `NaN`."""
    many = ",\n".join(f'{{"id":{number},"n":"abcdefgh"}}' for number in range(50_000))
    for what, text, expected in [
        ("a long document", f'{{"data":[\n{many}\n]}}', ["records: data", "only the first"]),
        ("NaN", '{"id":1,"v":NaN}\n{"id":2,"v":1.5}\n', ["json:"]),
        ("telephone numbers", "id,phone\n1,+491701234567\n", ["phone: string"]),
    ]:
        file = tmp_path / f"{DAY}_orders.txt"
        file.write_text(text)
        variables = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        command = [os.environ["ADG_BIN"], "sniff", str(file)]
        done = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
        checks.same(what, [part for part in expected if part not in done.stdout], [])
