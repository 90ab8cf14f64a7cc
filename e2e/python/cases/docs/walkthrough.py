"""Runs a page of docs/ in a fresh folder, from top to bottom, and compares what its commands print.

A page holds two kinds of blocks that are executed; every other block is text:

- A fence with a title, such as ```` ```yaml title="modules/shop.yaml" ````, is a file to write.
- A fence ```` ```console ```` holds commands and their output. A command begins with `$ ` and goes on in lines that begin with `> `.

All commands of a page share one bash, so `cd` and `export` last. Output is standard output and standard error, as at a terminal but
without progress bars and colours. It must be what the page shows, line by line, with these exceptions:

- `[..]` stands for any text within a line, and takes the spaces around it; a line `...` stands for any number of lines.
- A run id stands for the id that this run has at the same place. Later commands and outputs get that id.
- In a table, the widths of columns do not count.
- `/home/operator` is the folder in which the page runs.

A command must end with 0, unless the command after it is `echo $?`: then the page shows the code.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

HOME = "/home/operator"
"""As long as the name of the folder that stands behind it, so that tables are as wide."""
FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<text>(?:.*\n)*?)```$", re.MULTILINE)
TITLE = re.compile(r'title="([^"]+)"')
RUN_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")
TOKEN = re.compile(rf" *\[\.\.\] *|(?P<id>{RUN_ID.pattern})")
TABLE = ("┌", "╞", "└", "│")

Diff = list[tuple[str, str]]
"""Lines, each with " " where the page is right, "-" where only the page has it, "+" where only the output has it."""


@dataclass(frozen=True)
class File:
    """A file that the page tells its reader to write."""

    path: str
    text: str


@dataclass
class Command:
    """A command and the output that the page shows, with the lines of the page that hold this output."""

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


def commands(lines: list[str], first: int) -> Iterator[Command]:
    """Yields the commands of a block whose first line has this index in the page."""
    command: Command | None = None
    for index, line in enumerate(lines, first):
        if line.startswith("$ "):
            if command:
                yield command
            command = Command(line[2:], index + 1)
        elif command is None:
            raise ValueError(f"line {index + 1}: a console block begins with a command")
        elif line.startswith("> ") and not command.output:
            command.text += "\n" + line[2:]
            command.first = index + 1
        else:
            command.output.append(line)
    if command:
        yield command


class Shell:
    """One bash for the commands of a page. `adg` writes as it does at a terminal."""

    END = "\x1e"

    def __init__(self, folder: Path, binary: Path) -> None:
        self.home = TemporaryDirectory(prefix="p", dir="/tmp")
        self.folder = Path(self.home.name)
        for name in ("bin", "tmp"):
            (folder / name).mkdir()
        adg = folder / "bin/adg"
        adg.write_text(f'#!/bin/bash\nexec -a adg "{binary}" "$@" --log-format human\n')
        adg.chmod(0o755)
        environment = {
            "PATH": f"{adg.parent}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "TMPDIR": str(folder / "tmp"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }
        self.process = subprocess.Popen(
            ["bash"],
            cwd=self.folder,
            env=environment,
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
        """Runs a command. Returns the lines that it printed, and its exit code, which is `$?` for the next command."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin and stdout
        end = rf"code=$?; printf '{self.END}%s\n' $code; (exit $code)"
        stdin.write(f"{{ {command}\n}} </dev/null\n{end}\n")
        stdin.flush()
        text = ""
        while self.END not in text:
            line = stdout.readline()
            if not line:
                raise EOFError(f"the shell ended after: {text}")
            text += line
        text, code = text.split(self.END)
        return text.replace(str(self.folder), HOME).splitlines(), int(code)

    def path(self, name: str) -> Path:
        """Returns the path of a file that a page names relative to the current folder."""
        return Path(self.run("pwd")[0][0].replace(HOME, str(self.folder))) / name


class Walk:
    """A walk through one page: collects the differences, and the page as it would be right."""

    def __init__(self, page: Path, folder: Path, binary: Path) -> None:
        self.name = page.name
        self.text = page.read_text()
        self.ids: dict[str, str] = {}
        """The ids of this walk by those that the page shows."""
        self.faults: list[str] = []
        self.lines = self.text.splitlines()
        with Shell(folder, binary) as shell:
            self.walk(shell)

    def walk(self, shell: Shell) -> None:
        """Executes all steps. Goes on after a difference, so that one walk finds all of them."""
        steps = list(parse(self.text))
        shift = 0
        for step, after in zip(steps, [*steps[1:], None], strict=True):
            if isinstance(step, File):
                path = shell.path(step.path)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(step.text)
                continue
            lines, code = shell.run(RUN_ID.sub(lambda found: self.ids.get(found[0], found[0]), step.text))
            diff = self.compare(step.output, lines)
            if any(mark != " " for mark, _ in diff):
                shown = "\n".join(f"{mark} {line}" for mark, line in diff)
                self.faults.append(f"{self.name}:{step.first}: $ {step.text}\n{shown}")
            shows_code = isinstance(after, Command) and after.text == "echo $?"
            if code != 0 and not shows_code:
                self.faults.append(f"{self.name}:{step.first}: $ {step.text}\n  ended with {code}")
            right = [line for mark, line in diff if mark != "-"]
            start = step.first + shift
            self.lines[start : start + len(step.output)] = right
            shift += len(right) - len(step.output)

    def corrected(self) -> str:
        """Returns the page with the output that its commands have. Lines that were right keep their wildcards."""
        return "\n".join(self.lines) + "\n"

    def compare(self, shown: list[str], printed: list[str]) -> Diff:
        """Aligns the lines of the page with those of the output, with as few differences as there can be."""
        patterns = [pattern(line, self.ids) for line in shown]
        squeezed = [squeeze(line) for line in printed]

        @cache
        def best(i: int, j: int) -> tuple[int, str]:
            """Differences from line i of the page and line j of the output on, and the step to take there."""
            options = []
            if i < len(shown) and j < len(printed) and patterns[i].fullmatch(squeezed[j]):
                options.append((best(i + 1, j + 1)[0], "both"))
            if i < len(shown):
                options.append((best(i + 1, j)[0] + (shown[i] != "..."), "page"))
            if j < len(printed):
                inside = i < len(shown) and shown[i] == "..."
                options.append((best(i, j + 1)[0] + (not inside), "any" if inside else "output"))
            return min(options, key=lambda option: option[0], default=(0, "end"))

        diff: Diff = []
        i = j = 0
        while (step := best(i, j)[1]) != "end":
            if step == "both" and self.bind(patterns[i], squeezed[j]):
                diff.append((" ", shown[i]))
            elif step == "page" or step == "both":
                diff.append((" " if shown[i] == "..." else "-", shown[i]))
            if step == "output" or (step == "both" and diff[-1][0] == "-"):
                diff.append(("+", self.as_shown(printed[j])))
            i += step in ("both", "page")
            j += step in ("both", "any", "output")
        return diff

    def bind(self, line: re.Pattern[str], printed: str) -> bool:
        """Takes the ids of a line for those that the page shows there. False if they stand for others already."""
        found = line.fullmatch(printed)
        assert found
        for name, this in found.groupdict().items():
            shown = name[1:].replace("_", "-")
            if self.ids.get(shown, this) != this or this in {id for other, id in self.ids.items() if other != shown}:
                return False
            self.ids[shown] = this
        return True

    def as_shown(self, line: str) -> str:
        """Returns a line of the output with the ids that the page has for them."""
        names = {this: shown for shown, this in self.ids.items()}
        return RUN_ID.sub(lambda found: names.get(found[0], found[0]), line)


def pattern(line: str, ids: dict[str, str]) -> re.Pattern[str]:
    """Returns the pattern of a line of the page. Ids that are not known yet are named groups."""
    line = squeeze(line)
    text, end = "", 0
    for token in TOKEN.finditer(line):
        text += re.escape(line[end : token.start()])
        group = "r" + token[0].replace("-", "_")
        if not token["id"]:
            text += ".*"
        elif token["id"] in ids:
            text += ids[token["id"]]
        elif f"(?P<{group}>" in text:
            text += f"(?P={group})"
        else:
            text += f"(?P<{group}>{RUN_ID.pattern})"
        end = token.end()
    return re.compile(text + re.escape(line[end:]))


def squeeze(line: str) -> str:
    """Returns a line without what depends on the widths of a table's columns."""
    return re.sub(r"([ ─═])\1+", r"\1", line) if line.startswith(TABLE) else line
