"""Where the soak takes place: moto, the real Hive Metastore, and modules one after the other."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from pyspark.sql import SparkSession

from world import spark
from world.aws import accounts
from world.hive import hive
from world.job import Job, Ran
from world.moto import moto
from world.process import temporary
from world.scene import DYNAMODB_LEDGER, TABLE, People, Region
from world.soak_source import RETENTION, TYPES, Cell, Metastore, Reader, Source, State, folder_at, module_file

PUBLISHED = "published-soak"
HOUR = timedelta(hours=1)
STAGES = ["reading", "sending parts", "written", "noted as replaced, not published", "published, not recorded"]
"""Of one day of a killed run."""

ENVIRONMENTS = """\
version: 1
profile: soak
profiles:
  soak:
    aws: {{ region: {region}, endpoint: "{endpoint}" }}
    stores:
      source: {{ url: "s3://{source}" }}
      published: {{ url: "s3a://{published}" }}
    metastore: {{ hive: {{ uris: ["{metastore}"] }} }}
    ledger: {{ {ledger} }}
    scratch: scratch
"""

HADOOP = """\
<configuration>
  <property><name>fs.s3a.impl</name><value>org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme</value></property>
  <property><name>fs.viewfs.mounttable.{bucket}.linkFallback</name><value>file://{folder}</value></property>
</configuration>
"""
"""The metastore makes the folders of what is registered, by its own Hadoop. PySpark's has no connector to S3: a local folder
stands for the bucket there, which only the metastore sees."""


@dataclass
class World:
    """The services and the folder that all modules share."""

    metastore: Metastore
    uri: str
    folder: Path


@contextmanager
def world(session: SparkSession | None = None) -> Iterator[World]:
    """The metastore, and a client of it in the JVM of a Spark session: one that there is, or one of its own."""
    with temporary("soak") as folder:
        (folder / "bucket").mkdir()
        (folder / "hive-site.xml").write_text(HADOOP.format(bucket=PUBLISHED, folder=folder / "bucket"))
        with patch.dict(os.environ, HIVE_CONF_DIR=str(folder)), hive() as metastore:
            own = session or spark.session(folder, spark.metastore_at(metastore.uri))
            try:
                yield World(Metastore(own, metastore.uri), metastore.uri, folder)
            finally:
                if session is None:
                    own.stop()


@dataclass(frozen=True)
class Command:
    """A command of the soak."""

    kind: str
    variables: dict[str, str]
    cells: set[Cell]
    """That it does, where nothing disturbs it."""

    def days(self) -> list[date]:
        """Theirs, in order."""
        return sorted({day for _, day in self.cells})

    def __str__(self) -> str:
        return f"{self.kind} of {', '.join(f'{day:%d}' for day in self.days()) or 'nothing'}"


def by_name(days: list[date]) -> Command:
    """Days in a row, done or not."""
    return Command("rerun", {"START_DT": str(days[0]), "END_DT": str(days[-1])}, {(name, day) for name in TYPES for day in days})


@dataclass
class SoakScene(Region):
    """One module of its own."""

    module: str
    source: Source
    reader: Reader

    @classmethod
    @contextmanager
    def set(cls, world: World, module: str) -> Iterator[Self]:
        """An AWS of its own, for moto keeps in memory what was deleted too. Nobody's rights are checked there: that is other
        cases' business.
        """
        with moto(unchecked=True) as server:
            people = People(*accounts(server))
            source, published = Source(people.home.bucket("landing-soak")), people.home.bucket(PUBLISHED)
            job = Job(world.folder / module, people.job)
            at = {"region": server.region, "endpoint": server.url, "metastore": world.uri, "ledger": DYNAMODB_LEDGER}
            job.write("adg.yaml", ENVIRONMENTS.format(**at, source=source.bucket.name, published=published.name))
            reader = Reader(module, source, published, world.metastore)
            scene = cls(people, server.region, published, job, job, module, source, reader)
            scene.make_audit_table()
            scene.write_module(RETENTION // HOUR)
            yield scene

    def write_module(self, sweep_after_hours: int) -> None:
        """Its file."""
        self.job.write(f"modules/{self.module}.yaml", module_file(self.module, sweep_after_hours))

    def run_for(self, seconds: float, command: Command) -> Ran:
        """Runs it, and kills it when the time is over."""
        begun = time.monotonic()
        with self.job.start("--module", self.module, **command.variables) as process:
            try:
                said = process.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                said = process.communicate()
        return Ran(process.returncode, *said, time.monotonic() - begun)

    def look(self) -> State:
        """All that can be seen."""
        tables = {name: self.reader.metastore.registered(f"{self.module}.{name}") for name in TYPES}
        ledger = self.items(f"adg#{self.module}")
        noted = {folder_at(item["DataProduct"]): item["at"] for item in self.items("adg#superseded")}
        prefix = f"data/{self.module}/"
        pages = self.published.s3.get_paginator("list_objects_v2").paginate(Bucket=PUBLISHED, Prefix=prefix)
        objects = [found for page in pages for found in page.get("Contents", [])]
        uploads = self.published.s3.list_multipart_uploads(Bucket=PUBLISHED).get("Uploads", [])
        return State(
            {(name, day): part for name, parts in tables.items() for day, part in parts.items()},
            {(item["collection"], date.fromisoformat(item["day"])): item["latest"] for item in ledger if "latest" in item},
            # They come sorted by run.
            {_cell(item["attempt"]): item["attempt"] for item in ledger if "attempt" in item},
            next((item for item in ledger if "token" in item), {}),
            {folder: datetime.fromisoformat(at) for folder, at in noted.items() if folder.startswith(prefix)},
            {found["Key"]: (found["Size"], found["ETag"]) for found in objects},
            {upload["UploadId"]: upload["Key"] for upload in uploads},
        )

    def items(self, partition: str) -> list[dict[str, Any]]:
        """The ledger's items that adg keeps under a key, in order."""
        query = {"KeyConditionExpression": "Correlation_Id = :id", "ExpressionAttributeValues": {":id": partition}}
        pages = self.audit.meta.client.get_paginator("query").paginate(TableName=TABLE, **query)
        return [item for page in pages for item in page["Items"]]

    def expire_lease(self) -> None:
        """A dead run's lease ends by itself after two minutes, for which nobody waits 300 times: they are over at once."""
        self.set_attribute("expires", f"adg#{self.module}", "lease", datetime.now(UTC) - timedelta(seconds=1))

    def let_a_day_pass(self, state: State) -> None:
        """For what is replaced: its retention is over."""
        for folder, at in state.noted.items():
            self.set_attribute("at", "adg#superseded", f"s3://{PUBLISHED}/{folder}", at - RETENTION)

    def set_attribute(self, attribute: str, partition: str, item: str, at: datetime) -> None:
        self.audit.update_item(
            Key={"Correlation_Id": partition, "DataProduct": item},
            UpdateExpression="set #name = :at",
            ConditionExpression="attribute_exists(#name)",
            ExpressionAttributeNames={"#name": attribute},
            ExpressionAttributeValues={":at": at.isoformat().replace("+00:00", "Z")},
        )

    def abort_uploads(self, state: State) -> None:
        """As the bucket's lifecycle rule does with what killed runs left incomplete."""
        for upload, key in state.uploads.items():
            self.published.s3.abort_multipart_upload(Bucket=PUBLISHED, Key=key, UploadId=upload)


@dataclass
class Pace:
    """How long an undisturbed run takes, as the last ones did."""

    idle: float
    day: float

    @classmethod
    def measured(cls, scene: SoakScene) -> Self:
        """With a module that is not killed. The first run finds the services cold, and tables that are not there."""
        days = scene.source.next_days(2)
        scene.source.land(days)
        asked = by_name(days).variables
        _, warm = (scene.job.expect(0, "--module", scene.module, **asked).seconds for _ in range(2))
        idle = scene.job.expect(0, "--module", scene.module, END_DT=asked["END_DT"]).seconds
        return cls(idle, (warm - idle) / len(days))

    def learn(self, seconds: float, days: int) -> None:
        """From one of them."""
        if days:
            self.day = (self.day + (seconds - self.idle) / days) / 2
        else:
            self.idle = (self.idle + seconds) / 2

    def of(self, days: int) -> float:
        """That of so many days."""
        return self.idle + self.day * days


def _cell(attempt: dict[str, Any]) -> Cell:
    return attempt["collection"], date.fromisoformat(attempt["date"])


def reached(before: State, after: State) -> str:
    """How far a run came that was killed between the two, by what it left: of its days, the one that was furthest."""
    if not after.lease or after.lease["token"] == before.lease.get("token"):
        return "before the lease"
    if after.lease["released"]:
        return "after the lease"
    run = after.lease["holder"]["run_id"]
    mine = {cell: attempt for cell, attempt in after.attempts.items() if attempt["run_id"] == run}
    stages = [_stage(cell, attempt, after) for cell, attempt in mine.items() if attempt["status"] == "In-Progress"]
    if stages:
        return max(stages, key=STAGES.index)
    if any(attempt["status"] == "Completed" for attempt in mine.values()):
        return "recorded: sweeping, or between days"
    return "cleaning up" if mine else "before the first day"


def _stage(cell: Cell, attempt: dict[str, Any], state: State) -> str:
    """How far a run is with one day."""
    folder = f"/{cell[0]}/date_uploaded={cell[1]}/{attempt['run_id']}"
    current = state.registered[cell].folder if cell in state.registered else ""
    if current.endswith(folder):
        return "published, not recorded"
    if current in state.noted and state.noted[current] >= datetime.fromisoformat(attempt["started"]):
        return "noted as replaced, not published"
    if any(f"{folder}/" in key for key in state.objects):
        return "written"
    return "sending parts" if any(f"{folder}/" in key for key in state.uploads.values()) else "reading"
