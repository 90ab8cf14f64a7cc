"""Runs a page of docs/ in a fresh folder, from top to bottom, and compares what its commands print.

Two kinds of blocks are executed; every other block is text:

- A fence with a title, such as ```` ```yaml title="modules/shop.yaml" ````, is a file to write.
- A fence ```` ```console ```` holds commands and their output. A command begins with `$ ` and continues on lines that begin with `> `.

All commands of a page share one bash, so `cd` and `export` last. The output is standard output and standard error as at a terminal, but
without progress bars and colours. It must be what the page shows, line by line, with these exceptions:

- `[..]` matches any text within a line, and takes the spaces around it; a line `...` matches any number of lines.
- A run id matches the id that this run has at the same place. Later commands and outputs use that id.
- In a table, the widths of columns do not count.
- `/home/operator` is the folder in which the page runs.

A command must end with 0, unless the command after it is `echo $?`: then the page shows the code.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

HOME = "/home/operator"
"""As long as the name of the folder behind it, so that tables are as wide."""
ANY = "[..]"
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>(?:.*\n)*?)```$", re.MULTILINE)
TITLE = re.compile(r'title="([^"]+)"')
RUN_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")
TOKEN = re.compile(rf" *{re.escape(ANY)} *|(?P<id>{RUN_ID.pattern})")

Diff = list[tuple[str, str]]
"""Lines: " " on both sides, "-" on the page only, "+" in the output only."""


@dataclass(frozen=True)
class File:
    """A file that the page tells its reader to write."""

    path: str
    text: str


@dataclass
class Command:
    """A command, the output that the page shows, and the index of the first line of this output in the page."""

    text: str
    first: int
    output: list[str] = field(default_factory=list)


def parse(page: str) -> Iterator[File | Command]:
    """Yields the files and commands of a page in order."""
    for fence in FENCE.finditer(page):
        title = TITLE.search(fence["info"])
        if title:
            yield File(title[1], fence["text"])
        elif fence["info"].strip() == "console":
            yield from commands(fence["text"].splitlines(), page.count("\n", 0, fence.start("text")))


def commands(lines: list[str], first: int) -> list[Command]:
    """Returns the commands of a block whose first line has this index in the page."""
    found: list[Command] = []
    for index, line in enumerate(lines, first + 1):
        if line.startswith("$ "):
            found.append(Command(line[2:], index))
        elif line.startswith("> ") and found and not found[-1].output:
            found[-1].text += "\n" + line[2:]
            found[-1].first = index
        else:
            found[-1].output.append(line)
    return found


class Shell:
    """One bash for the commands of a page. `adg` writes as it does at a terminal."""

    END = "\x1e"

    def __init__(self, folder: Path, binary: Path) -> None:
        self.home = TemporaryDirectory(prefix="p", dir="/tmp")
        (folder / "bin").mkdir()
        (folder / "tmp").mkdir()
        adg = folder / "bin/adg"
        adg.write_text(f'#!/bin/bash\nexec -a adg "{binary}" "$@" --log-format human\n')
        adg.chmod(0o755)
        # DuckDB lies beside Python.
        path = f"{adg.parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.process = subprocess.Popen(
            ["bash"],
            cwd=self.home.name,
            env={"PATH": path, "HOME": self.home.name, "TMPDIR": str(folder / "tmp"), "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            text=True,
            errors="replace",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()
        self.home.cleanup()

    def run(self, command: str) -> tuple[list[str], int]:
        """Runs a command. Returns the lines that it printed and its exit code, which is `$?` for the next command."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(f"{{ {command}\n}} </dev/null\ncode=$?; printf '{self.END}%s\\n' $code; (exit $code)\n")
        self.process.stdin.flush()
        text = ""
        while self.END not in text:
            line = self.process.stdout.readline()
            if not line:
                raise EOFError(f"the shell ended at `{command}` after: {text}")
            text += line
        text, code = text.split(self.END)
        return text.replace(self.home.name, HOME).splitlines(), int(code)

    def write(self, file: File) -> None:
        """Writes a file, whose path is relative to the current folder."""
        here = self.run("pwd")[0][0]
        path = Path(here.replace(HOME, self.home.name)) / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(file.text)


class Walk:
    """A walk through one page: its faults, and the page as it would be right."""

    def __init__(self, page: Path, folder: Path, binary: Path) -> None:
        self.faults: list[str] = []
        self.ids: dict[str, str] = {}
        """Run ids of this walk by those that the page shows."""
        text = page.read_text()
        lines = text.splitlines()
        shift = 0
        with Shell(folder, binary) as shell:
            for step, after in pairwise([*parse(text), None]):
                if isinstance(step, File):
                    shell.write(step)
                elif step:
                    diff, code = self.execute(shell, step)
                    shows_code = isinstance(after, Command) and after.text == "echo $?"
                    shown = [f"{mark} {line}" for mark, line in diff] if any(mark != " " for mark, _ in diff) else []
                    shown += [f"ended with {code}"] if code and not shows_code else []
                    if shown:
                        self.faults.append("\n".join([f"{page.name}:{step.first}: $ {step.text}", *shown]))
                    right = [line for mark, line in diff if mark != "-"]
                    lines[step.first + shift : step.first + shift + len(step.output)] = right
                    shift += len(right) - len(step.output)
        self.corrected = "\n".join(lines) + "\n"
        """The page with the output that its commands have. Lines that are right keep their wildcards."""

    def execute(self, shell: Shell, step: Command) -> tuple[Diff, int]:
        """Runs a command with the ids of this walk. Returns how its output differs, and its exit code."""
        printed, code = shell.run(RUN_ID.sub(lambda found: self.ids.get(found[0], found[0]), step.text))
        return self.compare(step.output, printed), code

    def compare(self, shown: list[str], printed: list[str]) -> Diff:
        """Aligns the lines of the page with those of the output so that the fewest differ."""
        patterns = [pattern(line, self.ids) for line in shown]

        @cache
        def best(i: int, j: int) -> tuple[int, int, int]:
            """Returns the number of differences from these lines on, and how many lines to advance on each side."""
            options = [(0, 0, 0)] if i == len(shown) and j == len(printed) else []
            if i < len(shown) and j < len(printed) and patterns[i].fullmatch(squeeze(printed[j])):
                options.append((best(i + 1, j + 1)[0], 1, 1))
            if i < len(shown):
                options.append((best(i + 1, j)[0] + (shown[i] != "..."), 1, 0))
            if j < len(printed):
                options.append((best(i, j + 1)[0] + (shown[i : i + 1] != ["..."]), 0, 1))
            return min(options, key=lambda option: option[0])

        diff: Diff = []
        i = j = 0
        while (step := best(i, j)[1:]) != (0, 0):
            wild = shown[i : i + 1] == ["..."]
            if step == (1, 1) and self.bind(patterns[i], squeeze(printed[j])):
                diff.append((" ", fit(shown[i], self.named(printed[j]))))
            else:
                if step[0]:
                    diff.append((" " if wild else "-", shown[i]))
                if step[1] and not wild:
                    diff.append(("+", self.named(printed[j])))
            i, j = i + step[0], j + step[1]
        return diff

    def bind(self, line: re.Pattern[str], printed: str) -> bool:
        """Binds the ids of a line of the page to those of the output. Returns false if one of them is bound otherwise."""
        match = line.fullmatch(printed)
        assert match
        for group, this in match.groupdict().items():
            shown = group[1:].replace("_", "-")
            if self.ids.setdefault(shown, this) != this or list(self.ids.values()).count(this) > 1:
                return False
        return True

    def named(self, line: str) -> str:
        """Returns a line of the output with the ids that the page has for them."""
        names = {this: shown for shown, this in self.ids.items()}
        return RUN_ID.sub(lambda found: names.get(found[0], found[0]), line)


def pattern(line: str, ids: dict[str, str]) -> re.Pattern[str]:
    """Returns the pattern of a line of the page. Ids that are not bound yet are named groups."""
    line = squeeze(line)
    text, end = "", 0
    for token in TOKEN.finditer(line):
        text += re.escape(line[end : token.start()])
        group = "r" + token[0].replace("-", "_")
        if not token["id"]:
            text += ".*"
        elif token["id"] in ids:
            text += ids[token["id"]]
        else:
            text += f"(?P={group})" if f"<{group}>" in text else f"(?P<{group}>{RUN_ID.pattern})"
        end = token.end()
    return re.compile(text + re.escape(line[end:]))


def squeeze(line: str) -> str:
    """Returns a line of a table without the widths of its columns, and any other line as it is."""
    return re.sub(r"([ ─═])\1+", r"\1", line) if line.startswith(("┌", "╞", "└", "│")) else line


def fit(shown: str, printed: str) -> str:
    """Returns a line of a table with the columns as wide as they are printed, and any other line as the page has it."""
    left, right = shown.split("┆"), printed.split("┆")
    if not shown.startswith("│") or len(left) != len(right):
        return printed if shown.startswith(("┌", "╞", "└")) else shown
    for index, cell in enumerate(left):
        if ANY in cell:
            text = cell.strip(" │")
            width = len(right[index].strip("│")) - 2
            text = text.rjust(width) if cell.startswith("  ") else text.ljust(width)
            right[index] = ("│" if index == 0 else "") + f" {text} " + ("│" if cell.endswith("│") else "")
    return "┆".join(right)
