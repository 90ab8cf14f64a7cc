"""What comes on a later day, or in a later part: another delimiter, another table's file, parts of a completed date, fractions."""

from cases.formats.given import DAY, Given, csv, refused, rows, run, workspace
from cases.formats.test_json import NEXT, given, lines
from world.checks import Checks

PARTS = "{date}_{collection}_{seq}.csv"
FIRST = csv("id,customer\n1,Ann\n")


def test_delimiter_that_changed_overnight_is_refused(checks: Checks) -> None:
    """A date whose header is none of the table's is not published as rows of nulls."""
    for text in ("id;customer\n2;Bob\n3;Cem\n", "id\tcustomer\n2\tBob\n", "id|customer|\n2|Bob|\n"):
        with workspace(Given("delimiter", FIRST | csv(text, NEXT), [], columns="id: bigint, customer: string")) as place:
            run(place)
            told = refused(place, 12, (NEXT,))
            checks.same("the setting is told", "source.csv.delimiter" in told, True)
            checks.same("dates that are published", sorted(place.table("shop", "orders").partitions), [DAY])


def test_file_of_another_table_is_refused(checks: Checks) -> None:
    """A file whose header has no column of the table is another table's."""
    for text in ("invoice,total\n77,5\n78,6\n", '<?xml version="1.0"?>\n<Error><Code>AccessDenied</Code></Error>\n'):
        with workspace(Given("another table", FIRST | csv(text, NEXT), [], columns="id: bigint, customer: string")) as place:
            run(place)
            refused(place, 12, (NEXT,))
            checks.same("columns", "invoice" in place.table("shop", "orders").columns, False)


def test_part_in_another_dialect_is_refused(checks: Checks) -> None:
    """One of a date's parts is written otherwise: none of them is published."""
    files = {"2024-05-01_orders_1.csv": b"id,name\n1,Ann\n", "2024-05-01_orders_2.csv": b"id;name\n2;Bob\n"}
    case = Given("dialects", files, [], columns="id: bigint, name: string", pattern=PARTS, source="pick: all")
    with workspace(case) as place:
        told = refused(place, 12)
        checks.same("the part is told", "2024-05-01_orders_2.csv" in told, True)


def test_part_that_comes_late_is_told_and_read_by_a_rerun(checks: Checks) -> None:
    """A part of a completed date is told by the next run, with the command that reads it."""
    case = Given(
        "late", {"2024-05-01_orders_1.csv": b"id,customer\n1,Ann\n"}, [], pattern=PARTS, source="pick: all\n  missing: skip"
    )
    with workspace(case) as place:
        run(place)
        (place.source / "2024-05-01_orders_2.csv").write_bytes(b"id,customer\n2,Bob\n")
        place.run("--module", "shop")
        report = "".join(file.read_text() for file in (place.folder / "reports").rglob("*.json"))
        checks.same("the part is told", "2024-05-01_orders_2.csv" in report, True)
        run(place)
        checks.same("rows", [row["id"] for row in rows(place)], [1, 2])


def test_first_fraction_is_refused_until_the_column_is_retyped(checks: Checks) -> None:
    """Whole numbers first, then 10.5, at the top and in a struct: `adg retype` makes all dates of the wider type."""
    files = lines({"id": 1, "price": 10, "o": {"p": 1}}, {"id": 2, "price": 20, "o": {"p": 2}})
    files |= lines({"id": 3, "price": 10.5, "o": {"p": 1.5}}, {"id": 4, "price": 20, "o": {"p": 2}}, day=NEXT)
    case = given("fractions", files, [])
    with workspace(case) as place:
        module = place.folder / "modules" / "shop.yaml"
        module.write_text(module.read_text().replace("error_rate: 1", "error_rate: 0.1"))
        run(place)
        told = refused(place, 11, (NEXT,))
        checks.same("the command is told", "adg retype shop.orders price double" in told, True)
        place.run("retype", "shop.orders", "price", "double")
        place.run("retype", "shop.orders", "o", "struct<p:double>")
        run(place, (NEXT,))
        for day, prices in ((DAY, [10.0, 20.0]), (NEXT, [10.5, 20.0])):
            checks.same(f"prices of {day}", [row["price"] for row in rows(place, day)], prices)
        checks.same("members", [row["o"] for row in rows(place) + rows(place, NEXT)], [{"p": p} for p in (1.0, 2.0, 1.5, 2.0)])


def test_identifier_that_loses_its_zeros_is_told(checks: Checks) -> None:
    """The first day made the column a number: the note goes once the module says that it is one."""
    files = csv("id,zip\n1,12345\n2,54321\n") | csv("id,zip\n3,01234\n4,00012\n5,0\n6,99999\n", NEXT)
    for columns, is_told in (("", True), ("zip: bigint", False), ("zip: string", False)):
        with workspace(Given("zeros", files, [], columns=columns)) as place:
            run(place)
            told = refused(place, 0, (NEXT,))
            wanted = "2 values of `zip` begin with zeros" in told and "adg retype shop.orders zip string" in told
            checks.same(f"{columns}: told", wanted, is_told)


def test_file_without_one_date_is_told(checks: Checks) -> None:
    """It has the form of the pattern, and no run will ever read it."""
    two = {"2024-05-01/orders_20240501.csv": b"id\n1\n", "2024-05-01/orders_20240502.csv": b"id\n2\n"}
    none = {"orders_2024-04-30.csv": b"id\n1\n", "orders_2024-04-31.csv": b"id\n2\n"}
    for files, pattern, day, key in (
        (two, "{date}/{collection}_{date:%Y%m%d}.csv", DAY, "2024-05-01/orders_20240502.csv"),
        (none, "{collection}_{date}.csv", "2024-04-30", "orders_2024-04-31.csv"),
    ):
        with workspace(Given(key, files, [], pattern=pattern)) as place:
            told = refused(place, 0, (day,))
            checks.same("told", '"event":"files_without_date"' in told and f'"key":"{key}"' in told, True)
            checks.same("rows", [row["id"] for row in rows(place, day)], [1])
