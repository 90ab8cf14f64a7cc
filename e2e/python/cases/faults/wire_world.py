"""The services and folders that adg works with in the scenarios of faults, as readers see them.

Each scenario has a module of its own with one table, so that none sees what another left.
"""

import base64
import random
from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import date, timedelta

from world.job import Job, Ran
from world.kickstart import DATABASE
from world.published import Rows, of_csv

FIRST = date(2024, 3, 1)
COLUMNS = {"id": "bigint", "payload": "string", "at": "timestamp"}
PLACE = f"data/{DATABASE}"
LARGE = 16_000
"""Rows of a day whose file takes several parts to write and many requests to read: about 16 MiB of CSV."""

MODULE = """\
version: 1
module: {name}
correlation_id: wire_{name}
data_product: WIRE
source: {{ files: "{{date}}_{{collection}}.csv" }}
limits: {{ quarantine_rate: {quarantine_rate} }}
target: {{ database: {database}, sweep_after_hours: {retention} }}
collections: {{ {name}: {{ columns: {{ id: bigint, payload: string, at: timestamp }} }} }}
"""

PROFILE = """\
version: 1
profile: wire
profiles:
  wire:
    aws: {{ region: {region}, endpoint: "{endpoint}" }}
    stores:
      source: {{ url: "{source}" }}
      published: {{ url: "{published}" }}
    metastore: {{ {metastore} }}
    ledger: {{ {ledger} }}
    scratch: {scratch}
    reports: reports
"""


def day(number: int = 0) -> date:
    """A date of the scenarios."""
    return FIRST + timedelta(number)


def text(name: str, when: date, rows: int = 40, more: Mapping[str, str] = {}) -> str:
    """A day's file: the same for the same words, with further columns that have the same value in each row."""
    rng = random.Random(f"{name} {when} {rows}")
    lines = [",".join([*COLUMNS, *more])]
    for number in range(rows):
        payload = base64.b64encode(rng.randbytes(750 if rows >= LARGE else 12)).decode()
        lines.append(",".join([str(number), payload, f"{when} 10:00:{number % 60:02}", *more.values()]))
    return "\n".join(lines) + "\n"


class World(ABC):
    """A folder with `adg.yaml`, and all that readers can see of what adg published there."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.landed: dict[tuple[str, date], str] = {}

    def module(self, name: str, retention: int = 24, quarantine_rate: float = 0.01) -> None:
        """Writes a module of one table of its own name."""
        given = {"name": name, "retention": retention, "quarantine_rate": quarantine_rate, "database": DATABASE}
        self.job.write(f"modules/{name}.yaml", MODULE.format(**given))

    def land_beside(self, name: str, when: date, bad: str, rows: int = 40) -> None:
        """A day's file that ends with records which are none of its rows."""
        self.landed[name, when] = text(name, when, rows)
        self.put(f"{when}_{name}.csv", (self.landed[name, when] + bad).encode())

    def land(self, name: str, when: date, rows: int = 40, more: Mapping[str, str] = {}) -> None:
        """A day's file of a module."""
        self.landed[name, when] = text(name, when, rows, more)
        self.put(f"{when}_{name}.csv", self.landed[name, when].encode())

    def run(self, name: str, when: date, *args: str) -> Ran:
        """Runs a module for a date."""
        return self.job.run(*self.words(name, when), *args)

    def words(self, name: str, when: date) -> list[str]:
        """The command for a date."""
        return ["--module", name, "--start-dt", str(when), "--end-dt", str(when)]

    def wanted(self, name: str, when: date) -> Rows:
        """The rows of a day's file."""
        return of_csv(self.landed[name, when], self.types(name))

    def wrong(self, name: str) -> list[str]:
        """The registered days whose files are not there, or are not the rows of the day's file."""
        return [value for value in self.partitions(name) if self._is_wrong(name, date.fromisoformat(value))]

    def _is_wrong(self, name: str, when: date) -> bool:
        types = self.types(name)
        found = self.rows(name, when)
        fitting = [{key: value for key, value in row.items() if value is not None} for row in found]
        given = [{key: value for key, value in row.items() if value is not None} for row in self.wanted(name, when)]
        return not found or fitting != given or set(types) != {*self._columns(name), "error_desc"}

    def _columns(self, name: str) -> set[str]:
        """Of all the files so far."""
        return {head for (of, _), content in self.landed.items() if of == name for head in content.partition("\n")[0].split(",")}

    def strays(self, name: str) -> list[str]:
        """Files of a table that lie in no registered partition, but for records that were set aside."""
        inside = [f"{self.key(location)}/" for location in self.partitions(name).values()]
        return [key for key in self.files(name) if not key.startswith((*inside, f"{PLACE}/{name}/_quarantine/"))]

    @abstractmethod
    def put(self, key: str, content: bytes) -> None:
        """Writes a file of the source."""

    @abstractmethod
    def types(self, name: str) -> dict[str, str]:
        """A table's columns."""

    @abstractmethod
    def partitions(self, name: str) -> dict[str, str]:
        """The locations of a table's partitions by day; none where there is no table."""

    @abstractmethod
    def rows(self, name: str, when: date) -> Rows:
        """The rows of a partition."""

    @abstractmethod
    def files(self, name: str) -> list[str]:
        """All files below a table's folder."""

    @abstractmethod
    def key(self, location: str) -> str:
        """A location as `files` has it."""
