"""The page of `adg report` in Chromium: at a desk and on a phone, by day and by night; and whether it says what the ledger says.

    python report_page.py FOLDER

FOLDER has `report.html` of the module `shop` and the ledger that it was made of. Pictures of the page are left there.
"""

import sqlite3
import sys
from pathlib import Path

from browser import Seen, chromium, opened
from checks import Checks

DESK, PHONE = 1280, 375
WORDS = {"Completed": "done", "Failed": "failed", "Lost": "lost", "Skipped": "skipped", "In-Progress": "unfinished"}


class Ledger:
    """What the page was made of, read without adg."""

    def __init__(self, path: Path) -> None:
        connection = sqlite3.connect(path)
        connection.row_factory = sqlite3.Row
        self.attempts = connection.execute("select * from attempts where module = 'shop' order by run_id").fetchall()
        connection.close()

    def marks(self) -> dict[str, str]:
        """The last status of each date."""
        return {f"{row['date']} {row['collection']}": WORDS[row["status"]] for row in self.attempts}

    def figures(self) -> dict[str, list[int]]:
        """Rows, value errors, quarantined records and bytes of what was published last."""
        published = [row for row in self.attempts if row["status"] == "Completed" and row["files"] > 0]
        counts = ("rows_written", "value_errors", "rows_quarantined", "bytes")
        return {f"{row['date']} {row['collection']}": [row[count] for count in counts] for row in published}

    def errors(self) -> list[str]:
        """Why attempts failed."""
        return [row["error"] for row in self.attempts if row["error"]]


def as_seen(checks: Checks, how: str, seen: Seen, path: Path) -> None:
    """Whether it can be read so."""
    checks.same(f"{how}: what the console says", seen.complaints, [])
    checks.same(f"{how}: what is asked of anybody", [url for url in seen.requests if not url.startswith(("file:", "data:"))], [])
    checks.same(f"{how}: what is hard to read", seen.unreadable(), [])
    checks.same(f"{how}: pixels too wide", max(seen.too_wide(), 0), 0)
    seen.screenshot(path)


def as_told(checks: Checks, seen: Seen, ledger: Ledger) -> None:
    """Whether it says what the ledger says."""
    marks = [told.rsplit(" ", 1) for told in seen.attributes("data-mark")]
    checks.same("the calendar", sorted((cell, word) for cell, word in marks if word != "missing"), sorted(ledger.marks().items()))
    rows = seen.page.eval_on_selector_all(
        "[data-day]", "all => all.map(row => [row.dataset.day, [...row.querySelectorAll('.number')].map(one => one.textContent)])"
    )
    figures = {cell: [int(number) for number in numbers[:4]] for cell, numbers in rows if numbers}
    checks.same("the figures", sorted(figures.items()), sorted(ledger.figures().items()))
    total = sum(numbers[0] for numbers in ledger.figures().values())
    tiles = " ".join(seen.texts(".tiles li"))
    checks.same("all rows in a tile", f"{total:,}rows" in tiles, True)
    errors = [text for text in seen.texts(".failure p:first-of-type")]
    checks.same("the failures", sorted(errors), sorted(ledger.errors()))


def main() -> int:
    """Opens it in each way."""
    folder = Path(sys.argv[1])
    checks, page = Checks(), folder / "report.html"
    with chromium() as browser:
        for width, name in ((DESK, "desk"), (PHONE, "phone")):
            for scheme in ("light", "dark"):
                with opened(browser, page, width, scheme) as seen:
                    seen.page.eval_on_selector_all("details", "all => all.forEach(one => one.open = true)")
                    as_seen(checks, f"{name}, {scheme}", seen, folder / f"{name}-{scheme}.png")
                    if (width, scheme) == (DESK, "light"):
                        as_told(checks, seen, Ledger(folder / "warehouse/ledger.db"))
    return 1 if checks.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
