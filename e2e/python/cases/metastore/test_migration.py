"""docs/migration.md, as somebody walks it who has a table that Spark made: each file is written, each command typed, each output compared."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from world.adg import VARIABLES
from world.checks import Checks
from world.hive import Hive
from world.hive import hive as private_hive

ROOT = Path(__file__).parents[2]
GUIDE = Path(__file__).parents[4] / "docs" / "migration.md"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
METASTORE = "thrift://localhost:9083"
ANYTHING = "…"
DAYS = ["2024-01-01", "2024-01-02", "2024-01-03"]
DAY = "Order Id,Customer,Amount,Placed\n1,Ann,1.00,{day} 08:00:00\n2,Bob,2.00,{day} 09:00:00\n3,Zoë,3.00,{day} 10:00:00\n"

SUBMIT = """\
#!/bin/sh
exec {python} - "$@" <<'SPARK'
import runpy, sys
sys.path.insert(0, {path!r})
from pathlib import Path
from world import spark
spark.session(Path({folder!r}), spark.metastore_at({uri!r}) | {{"spark.hadoop.hive.exec.dynamic.partition.mode": "nonstrict",
    "spark.sql.sources.partitionOverwriteMode": "dynamic", "spark.sql.parquet.writeLegacyFormat": "true",
    "spark.sql.warehouse.dir": {folder!r} + "/lake/data"}})
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0])
SPARK
"""


@dataclass(frozen=True)
class Command:
    """A line that is typed, and the output that is then seen."""

    line: str
    output: str


def commands(block: str) -> Iterator[Command]:
    """The commands of a block, each with its output."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        line, _, output = part.partition("\n")
        yield Command(line, output)


def as_told(told: str, seen: str) -> bool:
    """Compares an output with what the guide tells of it; `…` is anything, over lines where it has a line of its own."""
    parts = [re.escape(part) for part in told.rstrip().split(ANYTHING)]
    return (
        re.fullmatch(
            "(?s:.*)".join(parts) if told.strip() == ANYTHING else ".*".join(parts).replace("\n.*\n", "\n(?s:.*)\n"),
            seen.rstrip(),
        )
        is not None
    )


class Reader:
    """Somebody at a terminal, in a folder."""

    def __init__(self, folder: Path, uri: str) -> None:
        self.folder, self.uri = folder, uri
        programs = folder / "bin"
        programs.mkdir()
        (programs / "adg").symlink_to(os.environ["ADG_BIN"])
        submit = programs / "spark-submit"
        submit.write_text(SUBMIT.format(python=sys.executable, path=str(ROOT), folder=str(folder), uri=uri))
        submit.chmod(submit.stat().st_mode | stat.S_IXUSR)
        clean = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        self.environment = clean | {"PATH": f"{programs}:{os.environ['PATH']}", "ADG_LOG_LEVEL": "error"}

    def write(self, block: str) -> str:
        """Writes a file whose name is in the first line, and gives that."""
        first, _, text = block.partition("\n")
        name = first.removeprefix("# ")
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        # Spark takes a relative location for one of the warehouse's.
        text = text.replace(METASTORE, self.uri).replace("location 'lake/", f"location '{self.folder}/lake/")
        path.write_text(text if name.endswith((".csv", ".py")) else block.replace(METASTORE, self.uri))
        return name

    def type(self, command: Command) -> tuple[int, str, str]:
        """Runs a command."""
        ran = subprocess.run(
            ["bash", "-c", command.line], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture
def metastore() -> Iterator[Hive]:
    """A metastore of its own, for the guide lists all tables there are."""
    with private_hive() as started:
        yield started


@pytest.mark.timeout(900)
def test_guide_can_be_walked_from_its_beginning_to_its_end(checks: Checks, metastore: Hive, tmp_path: Path) -> None:
    """Each file is written, each command typed, and each output compared."""
    reader = Reader(tmp_path.resolve(), metastore.uri)
    for name in ("landing", "modules", "lake"):
        (reader.folder / name).mkdir()
    for day in DAYS:
        (reader.folder / "landing" / f"{day}_orders.csv").write_text(DAY.format(day=day))
    typed = 0
    for kind, block in FENCE.findall(GUIDE.read_text()):
        if kind != "console":
            checks.ok(f"wrote {reader.write(block)}")
            continue
        for command in commands(block):
            code, seen, said = reader.type(command)
            checks.same(f"$ {command.line}: exit code", (code, said if code else ""), (0, ""))
            if as_told(command.output, seen):
                checks.ok(f"$ {command.line}")
            else:
                checks.fail(f"$ {command.line}", f"told:\n{command.output}\nseen:\n{seen}")
            typed += 1
    checks.same("commands typed", typed >= 12, True)
