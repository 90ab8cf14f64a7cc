"""Who takes part: adg, and each of its peers, with a folder to work in and a place for its output."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data import DAY, Input
from measure import Command

PEERS = Path(__file__).with_name("peers.py")
PROFILES = """\
version: 1
profile: bench
profiles:
  bench:
    stores: { source: { url: source }, published: { url: published } }
    metastore: { sqlite: { path: metastore.db } }
    ledger: { sqlite: { path: ledger.db } }
    scratch: scratch
"""


@dataclass(frozen=True)
class Contender:
    """One who does a job."""

    name: str
    prepare: Callable[[], Command]
    """Removes what the last run left, and gives the command of the next."""
    output: str
    """A pattern of the Parquet files."""


def adg(binary: str, folder: Path, data: Input) -> Contender:
    """adg as its users run it: it has a metastore, a ledger and a report to keep, too."""
    home = folder / "adg"
    lay_out(home, data)

    def prepare() -> Command:
        for left in home.iterdir():
            # With what lies beside the databases, and the locks.
            if left.name.startswith((".", "metastore.db", "ledger.db")):
                left.unlink()
            elif left.name in ("published", "scratch", "reports"):
                shutil.rmtree(left)
        (home / "published").mkdir()
        return Command([binary, "--module", "bench", "--start-dt", DAY, "--end-dt", DAY], home)

    return Contender("adg", prepare, f"{home}/published/**/*.parquet")


def lay_out(home: Path, data: Input) -> None:
    """The files under the names that the module expects, and the module."""
    shutil.rmtree(home, ignore_errors=True)
    (home / "source").mkdir(parents=True)
    (home / "published").mkdir()
    (home / "modules").mkdir()
    for number, file in enumerate(data.files):
        os.link(file, home / "source" / f"{DAY}_rows_{number}.{data.form}")
    (home / "adg.yaml").write_text(PROFILES)
    module = {
        "version": 1,
        "module": "bench",
        "source": {"files": f"{{date}}_{{collection}}_{{seq}}.{data.form}", "pick": "all"},
        "limits": {"error_rate": 1, "quarantine_rate": 0},
        "target": {"database": "bench"},
        "collections": {"rows": {"columns": data.columns}},
    }
    if data.form == "json":
        module["source"] |= {"json": {}}  # type: ignore[operator]
    (home / "modules" / "bench.yaml").write_text(json.dumps(module))


def peer(engine: str, folder: Path, data: Input) -> Contender:
    """Another engine on the same files."""
    home = folder / engine
    pattern = str(data.files[0]) if len(data.files) == 1 else str(data.files[0].parent / f"*.{data.form}")

    def prepare() -> Command:
        shutil.rmtree(home, ignore_errors=True)
        (home / "out").mkdir(parents=True)
        python = os.environ["BENCH_SAIL"] if engine == "sail" else sys.executable
        words = [python, str(PEERS), engine, data.form, pattern, str(home / "out"), json.dumps(data.columns)]
        return Command(words, home)

    return Contender(engine, prepare, f"{home}/out/*.parquet")


def digest(contender: Contender, data: Input) -> tuple[object, ...]:
    """What an output says, whatever its order and its files: how many rows, and a sum over all values and errors of all rows."""
    with duckdb.connect() as db:
        db.execute("set threads = 2")
        source = f"read_parquet('{contender.output}', hive_partitioning = false)"
        there = {row[0] for row in db.execute(f"describe select * from {source}").fetchall()}
        names = [*data.columns, *({"error_desc"} & there)]
        listed = [f"coalesce(nullif({name}, []), [])" if name == "error_desc" else name for name in names]
        if "error_desc" not in there:
            listed.append("cast([] as varchar[])")
        found = db.execute(f"select count(*), sum(cast(hash({', '.join(listed)}) as hugeint)) from {source}").fetchone()
    return found or ()
