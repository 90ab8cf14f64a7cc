"""Folders of this machine, with the embedded metastore and ledger or others."""

import sqlite3
from datetime import date
from pathlib import Path

from cases.faults.wire_world import PLACE, PROFILE, World
from world.adg import EMBEDDED, Table, Workspace
from world.aws import User
from world.job import Job
from world.kickstart import DATABASE
from world.process import HOST
from world.published import Rows, of_parquet

SQLITE = "sqlite: { path: warehouse/ledger.db }"
KEYS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}
NOBODY = User("user", "nobody", "", None, keys=KEYS)
"""A user for jobs that need nothing of AWS."""


class Folders(World):
    """Folders of this machine. What is registered subclasses know."""

    def __init__(self, folder: Path, metastore: str, ledger: str, user: User = NOBODY, **more: str) -> None:
        super().__init__(Job(folder, user))
        self.warehouse = folder / "warehouse"
        (folder / "source").mkdir(parents=True, exist_ok=True)
        given = {"region": "eu-west-2", "endpoint": f"http://{HOST}:9", "source": "source", "published": "warehouse"}
        given |= {"metastore": metastore, "ledger": ledger, "scratch": "scratch", **more}
        self.job.write("adg.yaml", PROFILE.format(**given))

    def put(self, key: str, content: bytes) -> None:
        (self.job.folder / "source" / key).write_bytes(content)

    def rows(self, name: str, when: date) -> Rows:
        folder = self.warehouse / self.key(self.partitions(name)[str(when)])
        return of_parquet([path.read_bytes() for path in sorted(folder.glob("*.parquet"))], self.types(name))

    def files(self, name: str) -> list[str]:
        found = (self.warehouse / PLACE / name).rglob("*")
        return sorted(str(path.relative_to(self.warehouse)) for path in found if path.is_file())

    def key(self, location: str) -> str:
        return str(Path("/" + location.removeprefix("file:").lstrip("/")).relative_to(self.warehouse.resolve()))


class Embedded(Folders):
    """Folders of this machine, with the embedded metastore and ledger among what is published."""

    def __init__(self, folder: Path) -> None:
        self.workspace = Workspace(folder)
        super().__init__(folder, EMBEDDED, SQLITE)

    def _table(self, name: str) -> Table | None:
        try:
            return self.workspace.table(DATABASE, name)
        except (TypeError, sqlite3.OperationalError):
            return None

    def types(self, name: str) -> dict[str, str]:
        table = self._table(name)
        return table.columns if table else {}

    def partitions(self, name: str) -> dict[str, str]:
        table = self._table(name)
        return {value: str(place) for value, place in table.partitions.items()} if table else {}
