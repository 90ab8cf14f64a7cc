"""The pages of docs/ that are walked through: what a reader types works, and prints what the page shows.

`ADG_BIN=... python -m pytest e2e/python/cases/docs/test_walkthroughs.py`; with `ADG_WRITE_DOCS=1` the pages get the output of today's
binary. `walkthrough.py` says how pages are written.
"""

import os
import re
from pathlib import Path

import pytest

from .walkthrough import Walk

DOCS = Path(__file__).parents[4] / "docs"
PAGES = [
    "tutorial.md",
    "how-to/first-module.md",
    "how-to/failed-night.md",
    "how-to/rerun-and-clean-up.md",
    "how-to/quarantine.md",
]

MESSAGE = re.compile(r"^(?:### |\| )`([^`]* [^`]*)`", re.MULTILINE)
"""A message as a heading or at the head of a table's row; `…` stands for what varies."""


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", PAGES)
def test_page_commands_print_what_it_shows(name: str, tmp_path: Path) -> None:
    page = DOCS / name
    walk = Walk(page, tmp_path, Path(os.environ["ADG_BIN"]).absolute())
    if os.environ.get("ADG_WRITE_DOCS") and walk.corrected != page.read_text():
        page.write_text(walk.corrected)
    assert not walk.faults, "\n\n".join(walk.faults)


@pytest.mark.parametrize("name", ["how-to/failed-night.md", "how-to/rerun-and-clean-up.md"])
def test_message_that_a_page_explains_is_one_of_the_program(name: str) -> None:
    sources = "".join(path.read_text() for path in (DOCS.parent / "src").rglob("*.rs"))
    messages = MESSAGE.findall((DOCS / name).read_text())
    assert messages
    assert [part for message in messages for part in message.split("…") if part.strip() not in sources] == []


def walk(text: str, folder: Path) -> Walk:
    page = folder / "page.md"
    page.write_text(text)
    return Walk(page, folder, Path("/bin/echo"))


def console(*lines: str) -> str:
    return "\n".join(["Some text.", "", "```console", *lines, "```", ""])


FIRST = "01a21803-7292-7601-ac32-210a454687f5"
SECOND = "01a21803-6a1e-72f0-a70c-3a2006bab2b3"

RIGHT = {
    "literal": ["$ printf 'a\\nb\\n'", "a", "b"],
    "no output": ["$ true"],
    "several commands keep the folder": ["$ mkdir deep && cd deep", "$ pwd", "/home/operator/deep"],
    "a continued command": ["$ printf '%s\\n' a \\", ">   b", "a", "b"],
    "text within a line": ["$ echo took 12.5 s", "took [..] s"],
    "lines": ["$ seq 5", "1", "...", "5"],
    "no line": ["$ seq 2", "1", "...", "2"],
    "an exit code": ["$ (exit 4)", "$ echo $?", "4"],
    "an id": [f"$ echo run {SECOND} {SECOND}", f"run {FIRST} {FIRST}", f"$ test {FIRST} = {SECOND}"],
    "adg": ["$ adg --version", "--version --log-format human"],
}

WRONG = {
    "another line": (["$ echo a", "b"], "- b\n+ a"),
    "a line too few": (["$ seq 2", "1"], "  1\n+ 2"),
    "a line too many": (["$ seq 1", "1", "2"], "  1\n- 2"),
    "spaces outside of tables": (["$ echo 'a  b'", "a b"], "- a b\n+ a  b"),
    "an exit code that is not shown": (["$ (exit 4)"], "ended with 4"),
    "another exit code": (["$ (exit 4)", "$ echo $?", "11"], "- 11\n+ 4"),
    "one id for two runs": ([f"$ echo {FIRST} {SECOND}", f"{FIRST} {FIRST}"], f"- {FIRST} {FIRST}\n+ {FIRST} {SECOND}"),
    "two ids for one run": ([f"$ echo {FIRST} {FIRST}", f"{FIRST} {SECOND}"], f"- {FIRST} {SECOND}"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_matching_output_is_accepted(name: str, tmp_path: Path) -> None:
    text = console(*RIGHT[name])
    found = walk(text, tmp_path)
    assert found.faults == []
    assert found.corrected == text


@pytest.mark.parametrize("name", WRONG)
def test_differing_output_fails_with_a_diff(name: str, tmp_path: Path) -> None:
    lines, diff = WRONG[name]
    found = walk(console(*lines), tmp_path)
    assert found.faults[0].startswith("page.md:")
    assert diff in "\n".join(found.faults)


def test_titled_block_becomes_a_file_of_the_current_folder(tmp_path: Path) -> None:
    block = '```yaml title="deep/a.yaml"\nkey: 1\n```\n'
    assert walk(console("$ mkdir shop && cd shop") + block + console("$ cat deep/a.yaml", "key: 1"), tmp_path).faults == []


def test_widths_of_a_table_do_not_count_and_are_corrected(tmp_path: Path) -> None:
    table = ["│ size    ┆ seconds │", "╞═════════╪═════════╡", "│ 1.3 KiB ┆   10.10 │"]
    command = "$ printf '%s\\n' " + " ".join(f"'{line}'" for line in table)
    found = walk(console(command, "│ size ┆ seconds │", "╞══════╪═════════╡", "│ [..] ┆    [..] │"), tmp_path)
    assert found.faults == []
    assert found.corrected == console(command, *table[:2], "│ [..]    ┆    [..] │")


def test_corrected_page_keeps_wildcards_and_ids(tmp_path: Path) -> None:
    shown = console(
        "$ echo run", "walk", f"$ printf 'new\\n{SECOND} 12 s\\n'", f"{FIRST} [..] s", f"$ echo {FIRST} end", "no end"
    )
    wanted = console(
        "$ echo run", "run", f"$ printf 'new\\n{SECOND} 12 s\\n'", "new", f"{FIRST} [..] s", f"$ echo {FIRST} end", f"{FIRST} end"
    )
    assert walk(shown, tmp_path).corrected == wanted
