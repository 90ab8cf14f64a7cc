"""The files of the soak, each day three, again and again with other rows, and the rows that a reader finds of them.

Every row has the number of the file's generation in it, so that rows of two generations are never the same.
"""

import base64
import csv
import hashlib
import io
import json
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from world.aws import Bucket
from world.hive_client import HiveClient
from world.kickstart import key, value
from world.published import of_parquet, typed

FIRST = date(2024, 1, 1)
RETENTION = timedelta(hours=24)
"""Of `sweep_after_hours`, as it is by itself."""
Cell = tuple[str, date]
"""One collection of one day."""
Tally = Counter[bytes]
"""How often each row is there."""

DECLARED = {
    "orders": {
        "id": "bigint",
        "generation": "int",
        "amount": "decimal(9,2)",
        "placed": "timestamp",
        "rating": "int",
        "note": "string",
    },
    "items": {},
    "parcels": {"id": "bigint", "generation": "int", "label": "string"},
}
"""The first schemas. Of `items` adg finds the types out by itself."""
LATE = {"orders": {"discount": "double"}, "items": {"colour": "string"}, "parcels": {}}
"""Columns that come on the third day."""
INFERRED = {"items": {"id": "bigint", "generation": "bigint", "weight": "double"}}
TYPES: dict[str, dict[str, str]] = {name: DECLARED[name] | INFERRED.get(name, {}) | LATE[name] for name in DECLARED}
WORDS = {"amount": "numeric", "placed": "timestamp", "rating": "smallint", "weight": "double", "discount": "double"}
"""The words of columns that are not text."""
ROWS = {"orders": 240, "items": 400, "parcels": 3100}
LABEL = 3000
"""Random bytes of a parcel: so many that a file of Parquet is sent in two parts."""
FEW = 100
"""Parcels on all days but each third: they take moto's memory."""
WRONG = "n/a"
"""A rating that does not fit its column."""
BROKEN = "a record that is no row\r\n"

MODULE_FILE = """\
version: 1
module: {module}
correlation_id: {module}
data_product: SOAK
source: {{ files: "{{date}}_{{collection}}_{{epoch_ms}}.csv" }}
catchup: {{ start: 2024-01-01 }}
target: {{ database: {module}, sweep_after_hours: {hours} }}
collections: {collections}
"""


@dataclass(frozen=True)
class Content:
    """The content of one file."""

    rows: Tally
    quarantined: int


@dataclass
class Source:
    """A bucket with files of days in a row."""

    bucket: Bucket
    generations: dict[date, int] = field(default_factory=dict)
    """The newest of each day."""
    contents: dict[tuple[Cell, int], Content] = field(default_factory=dict)

    def land(self, days: Iterable[date]) -> None:
        """The days' files, with other rows than before where they were there."""
        for day in days:
            generation = self.generations[day] = self.generations.get(day, 0) + 1
            for name in TYPES:
                text, self.contents[(name, day), generation] = _file(name, day, generation)
                self.bucket.put(key(day, name), text.encode())

    def next_days(self, count: int) -> list[date]:
        """Those that have not landed yet."""
        return [FIRST + timedelta(len(self.generations) + number) for number in range(count)]

    def days(self) -> list[date]:
        """Those that have landed, in order."""
        return sorted(self.generations)

    def cells(self) -> list[Cell]:
        """Gives the content that must be published at the end."""
        return [(name, day) for day in self.days() for name in TYPES]

    def newest(self, cell: Cell) -> Content:
        """Gives the content of the file as it is now."""
        return self.contents[cell, self.generations[cell[1]]]

    def columns(self, name: str) -> dict[str, str]:
        """A table's."""
        late = LATE[name] if len(self.generations) > 2 else {}
        return DECLARED[name] | INFERRED.get(name, {}) | late | {"error_desc": "array<string>"}


def module_file(module: str, sweep_after_hours: int) -> str:
    """A module of these collections."""
    collections = json.dumps({name: {"columns": columns} for name, columns in DECLARED.items()})
    return MODULE_FILE.format(module=module, hours=sweep_after_hours, collections=collections)


def tally(rows: Iterable[dict[str, Any]]) -> Tally:
    """Rows in the form that `values.canonical` gives. To readers, a column that a file does not have is null."""
    return Counter(_digest({name: value for name, value in row.items() if value is not None}) for row in rows)


def _digest(row: dict[str, Any]) -> bytes:
    return hashlib.sha256(repr(sorted(row.items())).encode()).digest()[:12]


def _file(name: str, day: date, generation: int) -> tuple[str, Content]:
    rng = random.Random(f"{name} {day} {generation}")
    types = {column: word for column, word in TYPES[name].items() if column not in LATE[name] or day >= FIRST + timedelta(2)}
    count = FEW if name == "parcels" and (day - FIRST).days % 3 else ROWS[name]
    rows = [_fields(types, number, generation, rng) for number in range(count + generation % 5)]
    opened = io.StringIO()
    writer = csv.writer(opened)
    writer.writerow(types)
    # Not in every generation: what a later one does not set aside must not stay set aside.
    broken = name == "orders" and generation % 2 == 1
    opened.write(BROKEN * broken)
    writer.writerows([fields[name] for name in types] for fields in rows)
    return opened.getvalue(), Content(tally(_row(types, fields) for fields in rows), int(broken))


def _fields(types: dict[str, str], number: int, generation: int, rng: random.Random) -> dict[str, str]:
    """A row of the source, by header."""
    fields = {"id": str(number), "generation": str(generation)}
    fields |= {name: value(WORDS.get(name, "text"), rng) for name in types if name not in (*fields, "label")}
    if "label" in types:
        fields["label"] = base64.b64encode(rng.randbytes(LABEL)).decode()
    if "rating" in types and number % 40 == 7:
        fields["rating"] = WRONG
    return fields


def _row(types: dict[str, str], fields: dict[str, str]) -> dict[str, Any]:
    """Gives the rows that readers must see of it."""
    row = {name: None if text == WRONG else typed(types[name], text) for name, text in fields.items()}
    if WRONG in fields.values():
        row["error_desc"] = [f"Type Conversion for column rating. The source value is: {WRONG}"]
    return row


@dataclass(frozen=True)
class Partition:
    """A partition as it is registered."""

    folder: str
    """In the bucket."""
    rows: int
    files: int
    bytes: int


class Metastore(HiveClient):
    """The metastore with tables in a bucket."""

    def registered(self, name: str) -> dict[date, Partition]:
        """A table's partitions by day; none where there is no table."""
        if not self._client.tableExists(*name.split(".")):
            return {}
        return {date.fromisoformat(next(iter(part.getValues()))): _partition(part) for part in self._partitions(name)}

    def columns(self, name: str) -> dict[str, str]:
        """Of a table, without its partitions."""
        return {one.getName(): one.getType() for one in self._client.getTable(*name.split(".")).getSd().getCols()}


def _partition(part: Any) -> Partition:
    said = dict(part.getParameters())
    rows, files, size = (int(said[name]) for name in ("numRows", "numFiles", "totalSize"))
    return Partition(folder_at(part.getSd().getLocation()), rows, files, size)


def folder_at(location: str) -> str:
    """The folder in the bucket, whichever scheme the location is written in."""
    return location.split("/", 3)[3].rstrip("/")


def folder_of(key: str) -> str:
    """The folder that an object is in."""
    return key.rsplit("/", 1)[0]


def cell_of(key: str) -> Cell:
    """Gives the cell of a file of a table, or of one that was set aside."""
    _, _, name, *_, day, _, _ = key.split("/")
    return name, date.fromisoformat(day.partition("=")[2])


@dataclass(frozen=True)
class State:
    """Everything that can be seen from outside at one time."""

    registered: dict[Cell, Partition]
    statuses: dict[Cell, str]
    """The ledger's status of each day."""
    attempts: dict[Cell, dict[str, Any]]
    """The newest."""
    lease: dict[str, Any]
    noted: dict[str, datetime]
    """Folders that the ledger says are replaced, and since when."""
    objects: dict[str, tuple[int, str]]
    """Sizes and entity tags by key."""
    uploads: dict[str, str]
    """Those that are not complete: keys by id."""

    def homeless(self) -> set[str]:
        """Keys that nothing speaks for: no partition, no retention. What was set aside stays as long as the rows of the same run."""
        now = datetime.now(UTC)
        rows = {folder for folder, at in self.noted.items() if now < at + RETENTION}
        rows |= {part.folder for part in self.registered.values()}
        kept = rows | {"{}/_quarantine/{}/{}".format(*folder.rsplit("/", 2)) for folder in rows}
        return {key for key in self.objects if folder_of(key) not in kept}


@dataclass
class Reader:
    """A reader of all tables after each kill."""

    module: str
    source: Source
    published: Bucket
    metastore: Metastore
    showing: dict[Cell, int] = field(default_factory=dict)
    """The generations that it saw last."""
    wiping: bool = False
    """Whether partitions may be gone."""
    read: dict[tuple[Any, ...], Tally] = field(default_factory=dict)
    """Rows that were read before, by folder and files."""

    def stale(self) -> set[Cell]:
        """Lists the cells that are not as the source has them now."""
        return {cell for cell, generation in self.showing.items() if generation != self.source.generations[cell[1]]}

    def types(self, table: str) -> dict[str, str]:
        """A table's columns in the metastore."""
        return self.metastore.columns(f"{self.module}.{table}")

    def see(self, cell: Cell, state: State) -> None:
        """A partition has all rows of one file: of the one that was seen before, or of the newest. Fails where it has others."""
        part, is_done = state.registered.get(cell), state.statuses.get(cell) == "Completed"
        if part is None:
            if is_done or (self.showing.pop(cell, 0) and not self.wiping):
                raise ValueError("there is no partition")
            return
        if is_done and not state.attempts[cell]["location"].endswith(part.folder):
            raise ValueError(f"the ledger says {state.attempts[cell]}, and registered is {part}")
        found, newest = self.rows(cell, state), self.source.generations[cell[1]]
        allowed = {newest, self.showing.get(cell, newest)}
        seen = [generation for generation in allowed if self.source.contents[cell, generation].rows == found]
        if not seen:
            raise ValueError(f"{found.total()} rows, which are not those of any one of the generations {allowed}")
        self.showing[cell] = seen[0]

    def rows(self, cell: Cell, state: State) -> Tally:
        """Reads a partition, which must have as many files and bytes as the metastore says. Files that are as they were are not read again."""
        part = state.registered[cell]
        files = {key: one for key, one in state.objects.items() if folder_of(key) == part.folder}
        if (len(files), sum(size for size, _ in files.values())) != (part.files, part.bytes):
            raise ValueError(f"{part} is registered, and there are {files}")
        what = (part.folder, *files.items())
        if what not in self.read:
            self.read[what] = tally(of_parquet(map(self.published.get, sorted(files)), self.types(cell[0])))
        if (rows := self.read[what].total()) != part.rows:
            raise ValueError(f"{part} is registered, and has {rows} rows")
        return self.read[what]
