"""The page of `adg report` in Chromium: at a desk and on a phone, by day and by night; and whether it says what the ledger says.

`ADG_KEEP_PAGES` names a folder into which the page and its pictures are copied.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from world.adg import Workspace
from world.browser import Scheme, Seen, chromium, opened
from world.checks import Checks

WIDTHS = {"desk": 1280, "phone": 375}
WORDS = {"Completed": "done", "Failed": "failed", "Lost": "lost", "Skipped": "skipped", "In-Progress": "unfinished"}
MODULE = """\
version: 1
module: shop
source: { files: "{date}_{collection}_{epoch_ms}.csv" }
limits: { error_rate: 1, quarantine_rate: 1 }
catchup: { start: 2024-04-20 }
target: { database: test }
collections:
  orders: { columns: { id: bigint, note: string, paid: boolean } }
  items: { columns: { id: bigint, price: "decimal(9,2)" } }
"""
ORDERS = 'Id,Note,Paid\n1,"two\nlines",true\n2,,no\n'
ITEMS = "Id,Price\n1,9.99\n"


class Ledger:
    """The facts of which the page was made, read without adg."""

    def __init__(self, path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.row_factory = sqlite3.Row
        self.attempts = connection.execute("select * from attempts where module = 'shop' order by run_id").fetchall()
        connection.close()

    def marks(self) -> dict[str, str]:
        """The last status of each date."""
        return {f"{row['date']} {row['collection']}": WORDS[row["status"]] for row in self.attempts}

    def figures(self) -> dict[str, list[int]]:
        """Rows, invalid values, quarantined records and bytes of each date as it was published last."""
        published = [row for row in self.attempts if row["status"] == "Completed" and row["files"] > 0]
        counts = ("rows_written", "value_errors", "rows_quarantined", "bytes")
        return {f"{row['date']} {row['collection']}": [row[count] for count in counts] for row in published}

    def errors(self) -> list[str]:
        """The messages of attempts that failed."""
        return [row["error"] for row in self.attempts if row["error"]]


@dataclass
class Page:
    """A page, and the ledger beside it."""

    path: Path
    ledger: Ledger

    def text(self) -> str:
        """The page's HTML."""
        return self.path.read_text()


def land(workspace: Workspace, day: str, **texts: str) -> None:
    """Writes a file of a day for each collection that is named."""
    for collection, text in texts.items():
        (workspace.source / f"{day}_{collection}_1.csv").write_text(text)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The page of a module whose dates ended in all ways."""
    workspace = Workspace(tmp_path_factory.mktemp("report") / "work")
    workspace.module("shop", MODULE)
    for number in range(20, 31):
        land(workspace, f"2024-04-{number}", orders=ORDERS, items=ITEMS)
    land(workspace, "2024-04-27", items='id,price\n1,cheap\n2,3.50\n"3,4\n')
    land(workspace, "2024-04-28", items="id,price,late\n1,1.25,2024-01-01\n")
    (workspace.source / "2024-04-29_items_1.csv").unlink()
    workspace.run("--module", "shop", "--end-dt", "2024-04-30", expected=4)
    # A name that is no harmless text, and a date that failed once and is done since.
    land(workspace, "2024-05-01", orders="", items="<script>alert(1)</script>,<SCRIPT>alert(1)</script>\n1,2\n")
    first = ("--module", "shop", "--start-dt", "2024-05-01", "--end-dt", "2024-05-01")
    workspace.run(*first, expected=13)
    land(workspace, "2024-05-01", orders=ORDERS, items=ITEMS)
    workspace.run(*first)
    (workspace.folder / "reports/shop-018f0000-0000-7000-8000-000000000000.json").write_text("no report")
    workspace.run("report", "--module", "shop", "--end-dt", "2024-05-02", "--out", "report.html")
    yield Page(workspace.folder / "report.html", Ledger(workspace.folder / "warehouse/ledger.db"))
    if kept := os.environ.get("ADG_KEEP_PAGES"):
        for path in [workspace.folder / "report.html", *workspace.folder.glob("*.png")]:
            shutil.copy(path, kept)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium."""
    with chromium() as started:
        yield started


def test_page_names_the_command_for_a_missing_date(page: Page) -> None:
    """The command is for that date and collection alone."""
    assert "adg --module shop --start-dt 2024-04-29 --end-dt 2024-04-29 --collection items" in page.text()


def test_page_tells_of_a_report_that_is_none(page: Page) -> None:
    """A file of the reports that can't be read is counted."""
    assert "where 1 more can't be read" in page.text()


def test_page_tells_of_a_new_column(page: Page) -> None:
    """The statement that added the column is shown."""
    assert "ADD COLUMNS" in page.text()


def test_page_shows_names_as_text(page: Page) -> None:
    """A column's name that is HTML is escaped."""
    assert "script&#62;" in page.text()
    assert "<script>" not in page.text()


@contextmanager
def opened_whole(browser: Browser, page: Page, width: int, scheme: Scheme) -> Iterator[Seen]:
    """Opens the page, and everything on it that can be folded."""
    with opened(browser, page.path, width, scheme) as seen:
        seen.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
        yield seen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", WIDTHS)
def test_page_is_readable(checks: Checks, browser: Browser, page: Page, device: str, scheme: Scheme) -> None:
    """Nothing complains, nothing is asked of anybody, and everything can be read within the window."""
    with opened_whole(browser, page, WIDTHS[device], scheme) as seen:
        checks.same("messages of the console", seen.complaints, [])
        checks.same("requests to anybody", [url for url in seen.requests if not url.startswith(("file:", "data:"))], [])
        checks.same("texts that are hard to read", seen.unreadable(), [])
        checks.same("pixels too wide", max(seen.too_wide(), 0), 0)
        seen.screenshot(page.path.with_name(f"{device}-{scheme}.png"))


def test_page_says_what_the_ledger_says(checks: Checks, browser: Browser, page: Page) -> None:
    """The calendar, the figures, the tiles and the failures."""
    ledger = page.ledger
    with opened_whole(browser, page, WIDTHS["desk"], "light") as seen:
        marks = [told.rsplit(" ", 1) for told in seen.attributes("data-mark")]
        checks.same(
            "the calendar", sorted((cell, word) for cell, word in marks if word != "missing"), sorted(ledger.marks().items())
        )
        rows = seen.page.eval_on_selector_all(
            "[data-day]",
            "all => all.map(row => [row.dataset.day, [...row.querySelectorAll('.number')].map(one => one.textContent)])",
        )
        figures = {cell: [int(number) for number in numbers[:4]] for cell, numbers in rows if numbers}
        checks.same("the figures", sorted(figures.items()), sorted(ledger.figures().items()))
        total = sum(numbers[0] for numbers in ledger.figures().values())
        tiles = " ".join(seen.texts(".tiles li"))
        checks.same("all rows in a tile", f"{total:,}rows" in tiles, True)
        checks.same("the failures", sorted(seen.texts(".failure p:first-of-type")), sorted(ledger.errors()))
