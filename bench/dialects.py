"""The same rows in every dialect: what each takes beside the default."""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import data
from data import Input
from home import Home
from measure import Cost, cost, median
from table import Costs, Goal, rows

MOST = 1.3
"""Times the CPU of the default dialect."""

Row = Sequence[str]


def joined(delimiter: str, end: str = "\n") -> Callable[[Row], str]:
    """Fields without quotes."""
    return lambda row: delimiter.join(row) + end


def quoted(delimiter: str = ",", escape: str = '""', end: str = "\n") -> Callable[[Row], str]:
    """Fields in quotes where they need them."""

    def one(value: str) -> str:
        needs = delimiter in value or '"' in value or "\\" in value
        return '"' + value.replace("\\", "\\\\" if escape[0] == "\\" else "\\").replace('"', escape) + '"' if needs else value

    return lambda row: delimiter.join(map(one, row)) + end


def escaped(row: Row) -> str:
    r"""Fields as MySQL and PostgreSQL write them; an empty one is null."""
    fields = (value.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n") if value else "\\N" for value in row)
    return "\t".join(fields) + "\n"


def commas(row: Row) -> str:
    """Numbers with a comma for the decimal sign and points between thousands."""

    def one(value: str) -> str:
        sign, digits = ("-", value[1:]) if value.startswith("-") else ("", value)
        whole, point, fraction = digits.partition(".")
        if not (whole.isdigit() and (not point or fraction.isdigit())):
            return value
        return f"{sign}{int(whole):,}".replace(",", ".") + ("," + fraction if point else "")

    return quoted(";")([one(value) for value in row])


@dataclass(frozen=True)
class Dialect:
    """How rows are written, and what the module says of it."""

    name: str
    write: Callable[[Row], str]
    settings: dict[str, Any] = field(default_factory=dict)
    header: bool = True
    encoding: str = "utf-8"


DIALECTS = [
    Dialect("default", quoted()),
    Dialect("excel", quoted(end="\r\n"), {"dialect": "excel"}),
    Dialect("excel, sep=;", quoted(";", end="\r\n"), {"dialect": "excel", "delimiter": ";"}),
    Dialect("spark", quoted(escape='\\"'), {"dialect": "spark"}),
    Dialect("mysql", escaped, {"dialect": "mysql"}, header=False),
    Dialect("postgres", escaped, {"dialect": "postgres"}, header=False),
    Dialect("hive", lambda row: joined("\x01")([value or "\\N" for value in row]), {"dialect": "hive"}, header=False),
    Dialect("unquoted", joined("|"), {"dialect": "unquoted", "delimiter": "|"}),
    Dialect("two characters", quoted("||"), {"delimiter": "||"}),
    Dialect("a letter outside ASCII", quoted("¦"), {"delimiter": "¦"}),
    Dialect("backslash", quoted(escape='\\"'), {"escape": "\\"}),
    Dialect("trim", quoted(), {"trim": True}),
    Dialect("comments", quoted(), {"comment": "#"}),
    Dialect("trailer", quoted(), {"footer_lines": 1}),
    Dialect("short and long rows", quoted(), {"short_rows": "null_fill", "long_rows": "drop_extra"}),
    Dialect("decimal comma", commas, {"delimiter": ";", "decimal": ",", "thousands": "."}),
    Dialect("time zone", quoted(), {"time_zone": "Asia/Tokyo"}),
    Dialect("windows-1252", quoted(), {"encoding": "windows-1252"}, encoding="cp1252"),
]


def written(one: Dialect, made: Input) -> Input:
    """The rows in that dialect, made once."""
    file = data.CACHE / f"{made.name}-in-{one.name.replace(' ', '-').replace(',', '')}.csv"
    if not file.exists():
        part = file.with_suffix(".part")
        with made.files[0].open(newline="") as source, part.open("w", newline="", encoding=one.encoding) as to:
            found = csv.reader(source)
            header = next(found)
            if one.header:
                to.write(one.write(header))
            to.writelines(map(one.write, found))
            if one.settings.get("footer_lines"):
                to.write("the end\n")
        part.rename(file)
    return replace(made, files=[file])


def lines(binary: str, gigabytes: float, runs: int, folder: Path) -> Iterator[str]:
    """What the table says of it."""
    made = data.mixed(gigabytes, 0)
    homes = {}
    for number, one in enumerate(DIALECTS):
        homes[one.name] = Home(binary, folder / str(number), written(one, made), csv=one.settings)
        homes[one.name].lay_out()
    costs: dict[str, list[Cost]] = {name: [] for name in homes}
    for number in range(runs):
        for name, home in homes.items():
            costs[name].append(cost(home.prepare()))
            home.check()
        print(f"  dialects: {number + 1}/{runs}", file=sys.stderr)
    goals = [goal(name) for name in homes if name != "default"]
    yield from rows("dialects", f"{made.mb:.0f} MB", {name: median(found) for name, found in costs.items()}, goals, "default")


def goal(name: str) -> Goal:
    """A dialect may take so much more than the default."""

    def holds(costs: Costs) -> tuple[float, float]:
        return costs[name].cpu / costs["default"].cpu, MOST

    return Goal(f"CPU of {name} / default", holds)
