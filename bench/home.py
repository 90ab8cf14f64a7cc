"""A folder that adg runs in: its config, a module with one collection, the files of some days, and what must come of them."""

import json
import os
import shutil
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from data import DAY, Input
from measure import Command

FIRST = date.fromisoformat(DAY)


@dataclass(frozen=True)
class Home:
    """adg as its users run it: it has a metastore, a ledger and a report to keep, too."""

    binary: str
    folder: Path
    data: Input
    """The files of each day."""
    first: date = FIRST
    days: int = 1
    flags: tuple[str, ...] = ()
    stores: dict[str, str] = field(default_factory=lambda: {"source": "source", "published": "published"})
    """Their addresses."""
    aws: dict[str, str] = field(default_factory=dict)
    buckets: Path | None = None
    """The folder that has the buckets of the stores, where they are no folders of `folder`."""
    environment: dict[str, str] = field(default_factory=dict)
    csv: dict[str, Any] = field(default_factory=dict)
    """Settings of its CSV."""

    @property
    def published(self) -> Path:
        """Where the tables are."""
        return (self.buckets or self.folder) / "published"

    @property
    def output(self) -> str:
        """A pattern of the Parquet files."""
        return f"{self.published}/**/*.parquet"

    def names(self) -> dict[str, Path]:
        """The files, by the names that the module expects."""
        form = self.data.form
        dates = [self.first + timedelta(day) for day in range(self.days)]
        return {f"{one}_rows_{number}.{form}": file for one in dates for number, file in enumerate(self.data.files)}

    def lay_out(self) -> None:
        """The module, and the files where they are in a folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
        (self.folder / "modules").mkdir(parents=True)
        if not self.buckets:
            (self.folder / "source").mkdir()
            for name, file in self.names().items():
                os.link(file, self.folder / "source" / name)
        profile = {
            "aws": self.aws,
            "stores": {name: {"url": url} for name, url in self.stores.items()},
            "metastore": {"sqlite": {"path": "metastore.db"}},
            "ledger": {"sqlite": {"path": "ledger.db"}},
            "scratch": "scratch",
        }
        (self.folder / "adg.yaml").write_text(json.dumps({"version": 1, "profile": "bench", "profiles": {"bench": profile}}))
        files = {"files": f"{{date}}_{{collection}}_{{seq}}.{self.data.form}", "pick": "all"}
        module = {
            "version": 1,
            "module": "bench",
            "source": files | ({"json": {}} if self.data.form == "json" else {"csv": self.csv}),
            "limits": {"error_rate": 1, "quarantine_rate": 0},
            "target": {"database": "bench"},
            "collections": {"rows": {"columns": self.data.columns}},
        }
        (self.folder / "modules" / "bench.yaml").write_text(json.dumps(module))

    def prepare(self) -> Command:
        """Removes what the last run left, and gives the command of the next."""
        for left in self.folder.iterdir():
            # With what lies beside the databases, and the locks.
            if left.name.startswith((".", "metastore.db", "ledger.db")):
                left.unlink()
            elif left.name in ("scratch", "reports"):
                shutil.rmtree(left)
        shutil.rmtree(self.published, ignore_errors=True)
        self.published.mkdir()
        last = self.first + timedelta(self.days - 1)
        dates = ["--start-dt", str(self.first), "--end-dt", str(last)]
        return Command([self.binary, "--module", "bench", *dates, *self.flags], self.folder, self.environment)

    def check(self) -> None:
        """Raises unless each day is completed, and published with the rows and ids that its files have."""
        [report] = (self.folder / "reports").rglob("*.json")
        done = [day["outcome"] for day in json.loads(report.read_text())["days"]]
        _must_be("days completed", done.count("completed"), self.days)
        _must_be("days tried", len(done), self.days)
        with duckdb.connect() as db:
            db.execute("set threads = 2; set enable_progress_bar = false")
            known = next(iter(self.data.columns))
            source = f"read_parquet('{self.output}', hive_partitioning = true, hive_types_autocast = false)"
            found = db.execute(f"select date_uploaded, count(*), sum({known}) from {source} group by 1").fetchall()
        _must_be("days published", len(found), self.days)
        for day, rows, ids in found:
            _must_be(f"rows and ids of {day}", (rows, ids), (self.data.rows, self.data.ids))


def _must_be(what: str, found: object, wanted: object) -> None:
    if found != wanted:
        raise RuntimeError(f"adg gives other values: {what}: {found} instead of {wanted}")
