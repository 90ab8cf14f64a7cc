"""Arrays in JSON records as tables of their own."""

from typing import Any

import pyarrow.parquet as pq

from cases.formats.given import DAY, Given, refused, rows, run, workspace
from cases.formats.test_json import NEXT, given, lines
from world.adg import Workspace
from world.checks import Checks

ORDERS = [
    {"id": 1, "who": "Ann", "items": [{"sku": "a", "n": 2, "tags": ["x", "y"]}, {"sku": "b", "n": 1}]},
    {"id": 2, "who": "Bob", "items": []},
    {"id": 3, "who": "Cem", "items": [{"sku": "a", "n": 5, "tags": []}]},
]
CHILDREN = "children: { items: { keys: { order_id: id }, position: line, children: { tags: { keys: [order_id, line] } } } }"


def of(table: str, at: Workspace, day: str = DAY) -> list[dict[str, Any]]:
    """The rows of a day of a table, without what adg adds."""
    folder = at.table("shop", table).partitions[day]
    found = [row for file in sorted(folder.glob("*.parquet")) for row in pq.ParquetFile(file).read().to_pylist()]
    return [{name: value for name, value in row.items() if name != "error_desc"} for row in found]


def orders(**more: Any) -> Given:
    """A module of orders whose items, and whose items' tags, are tables."""
    return given("orders", lines(*ORDERS), [], orders=CHILDREN, **more)


def test_items_are_rows_with_the_keys_of_their_records(checks: Checks) -> None:
    """Each item is a row that is joined with its order, and the order's table has no items."""
    with workspace(orders()) as place:
        run(place)
        checks.same("orders", of("orders", place), [{"id": i, "who": who} for i, who in ((1, "Ann"), (2, "Bob"), (3, "Cem"))])
        items = [(1, 1, "a", 2), (1, 2, "b", 1), (3, 1, "a", 5)]
        checks.same("items", [tuple(row.values()) for row in of("orders_items", place)], items)
        checks.same("names", list(of("orders_items", place)[0]), ["order_id", "line", "sku", "n"])
        tags = [{"order_id": 1, "line": 1, "value": "x"}, {"order_id": 1, "line": 1, "value": "y"}]
        checks.same("tags", of("orders_items_tags", place), tags)
        told = place.run("verify", "--module", "shop")
        checks.same(
            "all three are verified", [name in told for name in ("orders", "orders_items", "orders_items_tags")], [True] * 3
        )


def test_day_without_items_has_an_empty_partition(checks: Checks) -> None:
    """Orders without items are no reason to refuse a day."""
    case = orders()
    case.files.update(lines({"id": 9, "who": "Dan", "items": []}, {"id": 10, "who": "Eve"}, day=NEXT))
    with workspace(case) as place:
        run(place, (DAY, NEXT))
        checks.same("items", of("orders_items", place, NEXT), [])
        checks.same("orders", [row["id"] for row in of("orders", place, NEXT)], [9, 10])


def test_tables_of_the_same_records_are_published_together(checks: Checks) -> None:
    """Where the items of a day are refused, its orders are not loaded either; asked for one table, both are loaded."""
    case = orders(settings="evolution: { new_column: fail }")
    case.files.update(lines({"id": 4, "who": "Fay", "items": [{"sku": "c", "n": 1, "new": True}]}, day=NEXT))
    with workspace(case) as place:
        run(place)
        told = refused(place, 4, (NEXT,))
        checks.same("the reason is told", "its table `orders_items` of the date failed" in told, True)
        checks.same("days of orders", sorted(place.table("shop", "orders").partitions), [DAY])
        module = place.folder / "modules" / "shop.yaml"
        module.write_text(module.read_text().replace("new_column: fail", "new_column: add"))
        place.run("--module", "shop", "--start-dt", NEXT, "--end-dt", NEXT, "--collection", "orders_items")
        checks.same("rows", [row["id"] for row in of("orders", place, NEXT)], [4])
        checks.same("items", [row["new"] for row in of("orders_items", place, NEXT)], [True])


def test_record_without_its_key_is_quarantined(checks: Checks) -> None:
    """An item that can't be joined with its order is no row."""
    files = lines({"who": "Ann", "items": [{"sku": "a"}]}, {"id": 2, "items": [{"sku": "b"}]})
    with workspace(given("keys", files, [], orders="children: { items: { keys: { order_id: id } } }")) as place:
        run(place)
        checks.same("items", [row["sku"] for row in of("orders_items", place)], ["b"])
        checks.same("orders", [row["id"] for row in rows(place)], [None, 2])
        records = "".join(file.read_text() for file in (place.folder / "warehouse").rglob("records.jsonl"))
        checks.same("the reason", "it lacks a key" in records, True)


def test_settings_that_make_no_sense_are_refused(checks: Checks) -> None:
    """A table without keys, and arrays of files that have none."""
    for settings, said in (
        ("children: { items: {} }", "no `keys`"),
        ('children: { "items[": { keys: [id] } }', "children"),
        ("children: { items: { keys: [id], table: orders } }", "set `table`"),
    ):
        with workspace(given("settings", lines(*ORDERS), [], orders=settings)) as place:
            checks.same(f"{settings}: the reason", said in refused(place, 10), True)
    with workspace(Given("CSV", {f"{DAY}_orders.csv": b"id\n1\n"}, [], orders="children: { items: { keys: [id] } }")) as place:
        checks.same("CSV", "not JSON" in refused(place, 10), True)
