"""The binary and its metastore as the scripts beside this file use them: a workspace folder, runs, tables."""

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ENVIRONMENTS = """\
version: 1
profile: local
profiles:
  local:
    stores:
      source: { url: source }
      published: { url: warehouse }
    metastore: { METASTORE }
    ledger: { sqlite: { path: warehouse/ledger.db } }
    scratch: scratch
    reports: reports
"""

EMBEDDED = "sqlite: { path: warehouse/metastore.db }"

# What a shell may hold that would change a run.
VARIABLES = {"START_DT", "END_DT", "CLEAN_UP_FLG", "E2E_TEST_FLG", "ADG_PROFILE", "ADG_CONFIG", "ADG_LOG_LEVEL"}

Records = list[dict[str, Any]]
"""Rows by column name, as a reader gives them."""


@dataclass(frozen=True)
class Table:
    """A table as the metastore has it."""

    name: str
    columns: dict[str, str]
    """Hive types by name, in order, without the partition key."""
    key: str
    key_type: str
    partitions: dict[str, Path]
    """Folders by the key's value; values of several keys are joined by slashes."""

    def files(self) -> dict[Path, str]:
        """The Parquet files, each with its partition's value."""
        return {file: value for value, folder in self.partitions.items() for file in sorted(folder.glob("*.parquet"))}


def text(value: str) -> str:
    """The values of a partition as the embedded metastore keeps them: one as it is, several as JSON."""
    return "/".join(json.loads(value)) if value.startswith("[") else value


class Workspace:
    """A folder with `adg.yaml`, a source and a warehouse."""

    def __init__(self, folder: Path, metastore: str = EMBEDDED) -> None:
        self.folder = folder
        self.source = folder / "source"
        self.source.mkdir(parents=True)
        (folder / "modules").mkdir()
        (folder / "adg.yaml").write_text(ENVIRONMENTS.replace("METASTORE", metastore))

    def module(self, name: str, yaml: str) -> None:
        """Writes a module file."""
        (self.folder / "modules" / f"{name}.yaml").write_text(yaml)

    def run(self, *args: str, expected: int = 0, **more: str) -> str:
        """Runs the binary and gives its standard output; fails with its standard error where it ends otherwise."""
        variables = {name: value for name, value in os.environ.items() if name not in VARIABLES} | more
        command = [os.environ["ADG_BIN"], *args]
        done = subprocess.run(command, cwd=self.folder, env=variables, capture_output=True, text=True, check=False)
        if done.returncode != expected:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}, not {expected}:\n{done.stderr}")
        return done.stdout

    def table(self, database: str, name: str) -> Table:
        """A table of the embedded metastore."""
        with closing(sqlite3.connect(self.folder / "warehouse" / "metastore.db")) as metastore:
            one = "select id, partition_name, partition_type from tables where database = ? and name = ?"
            table, key, key_type = metastore.execute(one, (database, name)).fetchone()
            columns = metastore.execute("select name, type from columns where table_id = ? order by position", (table,))
            partitions = metastore.execute("select value, location from partitions where table_id = ? order by value", (table,))
            folders = {text(value): Path(location.removeprefix("file://")) for value, location in partitions}
            return Table(f"{database}.{name}", dict(columns.fetchall()), key, key_type, folders)
