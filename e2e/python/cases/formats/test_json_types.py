"""Types of JSON values that change, members that can't be fields, and the commands that are told for them."""

import os
import re
import shlex
import subprocess

import pytest

from cases.formats.given import dec, refused, rows, run, workspace
from cases.formats.test_csv import at
from cases.formats.test_json import NEXT, given, lines
from world.adg import VARIABLES, Workspace
from world.checks import Checks


def strict(place: Workspace) -> None:
    """No invalid value is taken."""
    module = place.folder / "modules" / "shop.yaml"
    module.write_text(module.read_text().replace("error_rate: 1,", "error_rate: 0,"))


def reported(place: Workspace) -> str:
    """All reports."""
    return "".join(file.read_text() for file in (place.folder / "reports").rglob("*.json"))


def refused_retype(place: Workspace, column: str, ty: str) -> str:
    """All that is said of a change of type that is refused."""
    command = [os.environ["ADG_BIN"], "retype", "shop.orders", column, ty]
    variables = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    done = subprocess.run(command, cwd=place.folder, env=variables, capture_output=True, text=True, check=False)
    if done.returncode != 2:
        raise RuntimeError(f"{command} ended with {done.returncode}, not 2:\n{done.stderr}")
    return done.stdout + done.stderr


WIDER = [
    ("fractions", {"n": 1}, {"n": 1.5}, "`n` has fractions", "n double", 1.5),
    ("fractions in a struct", {"n": {"p": 1}}, {"n": {"p": 1.5}}, "`n.p` has fractions", "n 'struct<p:double>'", {"p": 1.5}),
    ("fractions in an array", {"n": [1]}, {"n": [1.5]}, "`n` has fractions", "n 'array<double>'", [1.5]),
    ("text", {"n": 1}, {"n": "A-1"}, "`n` has texts", "n string", "A-1"),
    (
        "20 digits",
        {"n": 1},
        {"n": 12345678901234567890},
        "`n` has numbers of more than 64 bits",
        "n 'decimal(38,0)'",
        dec("12345678901234567890"),
    ),
    (
        "text in a struct of an array",
        {"n": [{"p": 1, "q": "x"}]},
        {"n": [{"p": "z"}]},
        "`n.p` has texts",
        "n 'array<struct<p:string,q:string>>'",
        [{"p": "z", "q": None}],
    ),
]


@pytest.mark.parametrize(("what", "first", "second", "said", "command", "value"), WIDER, ids=lambda value: str(value)[:30])
def test_command_that_is_told_fits_the_values(
    checks: Checks, what: str, first: object, second: object, said: str, command: str, value: object
) -> None:
    """The hint has the type of the values that were seen, and the date is loaded after it."""
    with workspace(given(what, lines(first) | lines(second, day=NEXT), [])) as place:
        strict(place)
        run(place)
        told = refused(place, 11, (NEXT,))
        checks.same(f"{what}: the cause", f"if {said}" in told, True)
        found = re.search(r"`adg (retype shop\.orders [^`]+)`", told)
        checks.same(f"{what}: the command", found and found[1], f"retype shop.orders {command}")
        if found:
            place.run(*shlex.split(found[1]))
            run(place, (NEXT,))
            checks.same(f"{what}: the value", rows(place, NEXT)[0]["n"], value)


def test_struct_does_not_become_a_map_or_a_text(checks: Checks) -> None:
    """Keys would be the table's spellings of the members: the hint leads to the source's."""
    files = lines({"id": 1, "o": {"userName": "Ann", "X-Y": "b"}})
    with workspace(given("map", files, [], settings="column_names: camel")) as place:
        run(place)
        checks.same("fields", rows(place)[0]["o"], {"user_name": "Ann", "x_y": "b"})
        for ty in ("map<string,string>", "string"):
            told = refused_retype(place, "o", ty)
            checks.same(f"{ty}: the hint", f"`columns: {{ o: '{ty}' }}`" in told and "drop the table" in told, True)
        checks.same("nothing was changed", rows(place)[0]["o"], {"user_name": "Ann", "x_y": "b"})
    declared = given("map", files, [], columns='id: bigint, o: "map<string,string>"', settings="column_names: camel")
    with workspace(declared) as place:
        run(place)
        checks.same("keys", rows(place)[0]["o"], [("userName", "Ann"), ("X-Y", "b")])


def test_text_becomes_a_struct_by_the_names_of_the_module(checks: Checks) -> None:
    """Texts have the source's names, which are fields by the rule of the module."""
    files = lines({"id": 1, "o": '{"userName": "Ann"}'})
    with workspace(given("struct", files, [], settings="column_names: camel")) as place:
        run(place)
        place.run("retype", "shop.orders", "o", "struct<user_name:string>")
        checks.same("field", rows(place)[0]["o"], {"user_name": "Ann"})


def test_members_without_a_column_name_are_told(checks: Checks) -> None:
    """Under `unicode` they are fields; by another rule the column is text, and the report says what to set."""
    files = lines({"id": 1, "o": {"日本": 1, "x": 2}, "e": {"": 1}})
    with workspace(given("words", files, [])) as place:
        run(place)
        checks.same("text", rows(place)[0]["o"], '{"\\u65e5\\u672c": 1, "x": 2}')
        told = reported(place)
        checks.same("unicode", "its member `日本` leaves no column name; set `column_names: unicode`" in told, True)
        checks.same("a map", "`adg retype shop.orders e 'map<string,string>'`" in told, True)
        place.run("retype", "shop.orders", "e", "map<string,string>")
        checks.same("retyped", rows(place)[0]["e"], [("", "1")])
    with workspace(given("unicode", files, [], settings="column_names: unicode")) as place:
        run(place)
        checks.same("fields", rows(place)[0]["o"], {"日本": 1, "x": 2})


def test_instant_that_no_type_holds_is_null_alone(checks: Checks) -> None:
    """The other instants stay a column of timestamps."""
    late = {"$date": {"$numberLong": "253402300800000"}}
    files = lines({"id": 1, "t": {"$date": "2024-05-01T10:00:00Z"}}, {"id": 2, "t": late}, {"id": 3, "t": {"$date": 1e300}})
    with workspace(given("late", files, [], "{ unwrap: mongo_extended, timestamp_formats: [epoch_us] }")) as place:
        run(place)
        found = rows(place)
        checks.same("values", [row["t"] for row in found], [at(2024, 5, 1, 10), None, None])
        checks.same("the error has the value", "253402300800000" in str(found[1]["error_desc"]), True)


def test_struct_of_keys_that_are_data_is_told(checks: Checks) -> None:
    """A struct that grows day by day has a limit; then the hint has a map and its type."""
    first = lines({"p": {f"k{i}": i for i in range(999)}})
    more = lines({"p": {"k998": 1, "k999": 1}}, {"p": {"k1000": 1}}, day=NEXT)
    with workspace(given("keys", first | more, [])) as place:
        strict(place)
        run(place)
        told = refused(place, 11, (NEXT,))
        checks.same("the hint", "`columns: { p: 'map<string,bigint>' }`" in told, True)


def test_names_that_become_one_are_told_the_settings_of_json(checks: Checks) -> None:
    """The hint of a clash names what there is for JSON."""
    with workspace(given("clash", lines({"Id": 1, "id": 2}), [])) as place:
        told = refused(place, 12)
        checks.same("renames", "`renames`" in told and "under `json`, `duplicate_names: merge`" in told, True)
        checks.same("no CSV", "source.csv" in told, False)


def test_members_that_differ_in_case_alone_are_told(checks: Checks) -> None:
    """An object with both fits no struct: the hint has a map, under which both are kept."""
    files = lines({"id": 1, "l": [{"dev": {"Osv": "8", "osv": "9"}}], "dev": {"Osv": "8", "osv": "9", "x": "y"}})
    with workspace(given("case", files, [])) as place:
        run(place)
        told = reported(place)
        checks.same("members", "some values of `dev` do not fit, as its members `Osv` and `osv` have one name" in told, True)
        checks.same("nested", "some values of `l.dev`" in told, True)
    with workspace(given("limit", files, [])) as place:
        strict(place)
        checks.same("the hint", "`columns: { dev: 'map<string,string>' }`" in refused(place, 11), True)
    with workspace(given("map", files, [], columns='id: bigint, dev: "map<string,string>"')) as place:
        run(place)
        checks.same("both", rows(place)[0]["dev"], [("Osv", "8"), ("osv", "9"), ("x", "y")])
