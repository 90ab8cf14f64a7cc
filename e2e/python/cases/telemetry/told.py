"""A workspace whose runs are told to machines."""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from world.adg import VARIABLES, Workspace

MODULE = """\
version: 1
module: shop
source: { files: "{date}_{collection}_{seq}.csv" }
limits: { error_rate: 1, quarantine_rate: 1 }
catchup: { start: 2024-05-01 }
row_hash: v2
target: { database: test }
collections:
  orders: { columns: { id: bigint, note: string, at: timestamp } }
  items: { columns: { id: bigint, price: "decimal(9,2)" } }
"""

Events = list[dict[str, Any]]


@dataclass
class Ran:
    """The end of a run."""

    code: int
    seconds: float
    events: Events
    """The lines of its log."""


class Place:
    """A workspace whose runs are told."""

    def __init__(self, folder: Path, telemetry: str) -> None:
        self.workspace = Workspace(folder)
        self.workspace.module("shop", MODULE)
        with (folder / "adg.yaml").open("a") as file:
            file.write(telemetry)

    def land(self, day: str, orders: str, items: str) -> None:
        """A file of each collection."""
        for collection, text in (("orders", orders), ("items", items)):
            (self.workspace.source / f"{day}_{collection}_1.csv").write_text(text)

    def run(self, day: str, **variables: str) -> Ran:
        """Runs the module for a day."""
        clean = {
            name: value for name, value in os.environ.items() if name not in VARIABLES and not name.startswith(("OTEL", "OPENL"))
        }
        command = [os.environ["ADG_BIN"], "--module", "shop", "--start-dt", day, "--end-dt", day, "--log-format", "json"]
        begun = time.monotonic()
        ran = subprocess.run(
            command, cwd=self.workspace.folder, env=clean | variables, capture_output=True, text=True, check=False
        )
        return Ran(ran.returncode, time.monotonic() - begun, [json.loads(line) for line in ran.stderr.splitlines()])

    def days(self) -> dict[str, dict[str, Any]]:
        """The run's report by collection."""
        newest = max((self.workspace.folder / "reports").iterdir(), key=lambda path: path.stat().st_mtime_ns)
        return {day["collection"]: day for day in json.loads(newest.read_text())["days"]}


def two_days(place: Place) -> None:
    """A good day, and one of which a collection fails."""
    place.land("2024-05-01", "Id,Note,At,Extra\n1,x,2024-01-01 00:00:00,5\n2,y,never,6\n", "id,price\n1,2.50\n")
    place.land("2024-05-02", "id,note,at\n3,z,2024-01-01 00:00:00\n", "")
