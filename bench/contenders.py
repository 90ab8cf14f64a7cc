"""Who takes part: adg, and each of its peers, with a folder to work in and a place for its output."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from data import Input
from home import Home
from measure import Command

PEERS = Path(__file__).with_name("peers.py")


@dataclass(frozen=True)
class Contender:
    """One who does a job."""

    name: str
    prepare: Callable[[], Command]
    """Removes what the last run left, and gives the command of the next."""
    output: str
    """A pattern of the Parquet files."""


def adg(binary: str, folder: Path, data: Input) -> Contender:
    """adg, in a home of its own."""
    home = Home(binary, folder / "adg", data)
    home.lay_out()
    return Contender("adg", home.prepare, home.output)


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
