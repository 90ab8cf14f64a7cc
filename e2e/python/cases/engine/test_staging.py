"""A cluster that may not read the source, or could make nothing of its files: adg copies them to where it can.

The source is a bucket in another account, behind three roles, and S3 of moto checks who asks. Spark reads copies in a folder; Sail
reads them in a bucket, with rights of its own to nothing but that and the table's. Each day's rows are those that adg makes itself,
and no copy is left, not even by a run that is killed.
"""

import gzip
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from cases.engine.comparison import decided
from cases.engine.inputs import DAYS, TYPES, plain
from world.aws import accounts, allow
from world.chain import WRITE, Chain
from world.checks import Checks
from world.encrypted import Sealed
from world.job import Job
from world.key_service import KeyService
from world.moto import Moto
from world.published import Rows, in_order, sort
from world.spark_connect import Server
from world.spark_connect import sail as private_sail

UNAVAILABLE, ROWS = 21, 500
LOOKED = '"action":"look at the lines"'
"""The line of the log when the server has looked at the files, and writes next."""

PROFILE = """\
  {name}:
    aws: {{ region: {region}, endpoint: "{endpoint}" }}
    stores:
      source: {{ url: "s3://{source}", role_chain: [{roles}] }}
      published: {{ url: "{published}" }}
      staging: {{ url: "{staging}" }}
    metastore: {{ sqlite: {{ path: "{name}/metastore.db" }} }}
    ledger: {{ sqlite: {{ path: "{name}/ledger.db" }} }}
    key_service: {{ url: "{keys.url}", certificate: {keys.certificate}, key: {keys.key}, ca: {keys.ca} }}
    engine: {engine}
    spark: {{ remote: "{remote}", staging: {{ store: staging, files: {files} }} }}
    scratch: scratch
    reports: reports
"""

MODULE = """\
version: 1
module: {name}
source: {{ files: "{{date}}_{{collection}}_{{seq}}.csv{ending}", pick: all, encryption: {encryption}, csv: {{ encoding: {encoding} }} }}
row_hash: v2
limits: {{ error_rate: 1, quarantine_rate: 1 }}
target: {{ database: {name} }}
collections: {{ {name}: {{ columns: {{ {columns} }} }} }}
"""


@dataclass(frozen=True)
class Kind:
    """A module's files of one day, and how many of their rows the cluster is to make, where they are copied for it."""

    name: str
    files: tuple[bytes, ...]
    by_cluster: int
    encoding: str = "utf-8"
    is_encrypted: bool = False
    must_be_copied: bool = True
    """Whether the cluster could read none of them, had it the right to."""
    columns: str = "id: bigint, note: string, size: int"
    ending: str = ""
    """Of the files' names."""

    def module(self) -> str:
        """Its file."""
        encryption = "key_service" if self.is_encrypted else "none"
        return MODULE.format(
            name=self.name, ending=self.ending, encryption=encryption, encoding=self.encoding, columns=self.columns
        )


TYPED = ", ".join(f"{name}: {ty if '(' not in ty else repr(ty)}" for name, ty in ({"id": "bigint"} | TYPES).items())
# The last two lines are adg's: a number as few write it, and a line that is too short.
WORDS = "id,note,size\n" + "".join(f"{number},naïve café €,{number}\n" for number in range(ROWS)) + "7,é,+1\n8,ü\n"
KINDS = [
    Kind("plain", (plain(ROWS),), ROWS, must_be_copied=False, columns=TYPED),
    Kind(
        "packed",
        (
            gzip.compress(plain(ROWS)),
            plain(3),
        ),
        ROWS + 3,
        must_be_copied=False,
        columns=TYPED,
    ),
    Kind("misnamed", (plain(ROWS),), ROWS, columns=TYPED, ending=".gz"),
    Kind("windows", (WORDS.encode("windows-1252"),), ROWS, encoding="windows-1252"),
    Kind("utf16", (WORDS.encode("utf-16"),), ROWS, encoding="utf-16"),
    Kind(
        "sealed",
        (
            WORDS.encode(),
            WORDS.encode(),
        ),
        2 * ROWS,
        is_encrypted=True,
    ),
]


class Site:
    """The job, and all that it finds."""

    def __init__(self, stack: ExitStack, folder: Path, server: Moto, keys: KeyService, spark: Server) -> None:
        self._by_adg: dict[str, tuple[dict[str, Any], Rows]] = {}
        home, partner = accounts(server)
        self.job = Job(folder, home.user("job"))
        self.source, self.published, self.staging = (
            account.bucket(f"{name}-{home.number}") for account, name in ((partner, "landing"), (home, "lake"), (home, "copies"))
        )
        cluster = home.user("cluster")
        for user in (self.job.user, cluster):
            for what, bucket in (("rows", self.published.arn), ("copies", self.staging.arn)):
                user.allow(f"list {what}", allow("s3:ListBucket", bucket))
                user.allow(f"read {what}", allow("s3:GetObject", f"{bucket}/*"))
                user.allow(f"write {what}", allow(WRITE, f"{bucket}/*"))
                user.allow(f"delete {what}", allow("s3:DeleteObject", [bucket, f"{bucket}/*"]))
        roles = Chain(self.job, "across", [home, partner, partner], self.source).yaml()
        place = {"AWS_REGION": server.region, "AWS_ENDPOINT": server.url, "AWS_ALLOW_HTTP": "true"}
        with patch.dict(os.environ, cluster.keys | place):
            in_s3 = {
                "remote": stack.enter_context(private_sail()).remote,
                "staging": f"s3://{self.staging.name}",
                "published": f"s3://{self.published.name}",
            }
        usual = {"region": server.region, "endpoint": server.url, "source": self.source.name, "roles": roles, "keys": keys}
        usual |= {"engine": "spark", "remote": spark.remote, "files": "all", "staging": "staging"}
        profiles = [
            {"name": "by_adg", "published": "by_adg", "engine": "local"},
            {"name": "by_spark", "published": "by_spark"},
            {"name": "by_sail", **in_s3},
            {"name": "as_needed", **in_s3, "files": "unreadable"},
        ]
        self.job.write(
            "adg.yaml", "version: 1\nprofile: by_adg\nprofiles:\n" + "".join(PROFILE.format(**usual | one) for one in profiles)
        )
        for kind in KINDS:
            self._land(kind, keys)

    def _land(self, kind: Kind, keys: KeyService) -> None:
        self.job.write(f"modules/{kind.name}.yaml", kind.module())
        for number, content in enumerate(kind.files):
            key = f"{DAYS[0]}_{kind.name}_{number}.csv{kind.ending}"
            if kind.is_encrypted:
                sealed = Sealed.make(keys, content, packed=number == 0)
                self.source.put(key, sealed.content, sealed.metadata)
            else:
                self.source.put(key, content)

    def by_adg(self, kind: Kind) -> tuple[dict[str, Any], Rows]:
        """Has adg do a module's day itself, once; gives what the report says of it, and the rows."""
        if kind.name not in self._by_adg:
            self._by_adg[kind.name] = self.does("by_adg", kind), self.rows("by_adg", kind)
        return self._by_adg[kind.name]

    def does(self, profile: str, kind: Kind) -> dict[str, Any]:
        """Has a module's day done; gives what the report says of it."""
        self.job.expect(0, *asked(profile, kind))
        (told,) = self.job.report()["days"]
        return dict(told)

    def rows(self, profile: str, kind: Kind) -> Rows:
        """The rows of the day."""
        with closing(sqlite3.connect(self.job.folder / profile / "metastore.db")) as metastore:
            of_table = "join tables t on t.id = x.table_id where t.name = ?"
            types = dict(metastore.execute(f"select x.name, x.type from columns x {of_table}", (kind.name,)).fetchall())
            ((location,),) = metastore.execute(f"select x.location from partitions x {of_table}", (kind.name,)).fetchall()
        if location.startswith("file://"):
            return sort(in_order((path.read_bytes() for path in Path(location.removeprefix("file://")).iterdir()), types))
        keys = self.published.keys(location.removeprefix(f"s3://{self.published.name}/") + "/")
        return sort(in_order(map(self.published.get, keys), types))

    def copies(self) -> list[str]:
        """Lists all copies."""
        folder = self.job.folder / "staging"
        return self.staging.keys() + [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def asked(profile: str, kind: Kind) -> tuple[str, ...]:
    """The words that have a day done."""
    return ("--profile", profile, "--module", kind.name, "--start-dt", DAYS[0], "--end-dt", DAYS[0])


pytestmark = pytest.mark.timeout(400)
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
each_profile = pytest.mark.parametrize("profile", ["by_spark", "by_sail"])


@pytest.fixture(scope="module")
def site(moto: Moto, key_service: KeyService, spark_connect: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The job, with Sail beside it, which has its rights from the environment."""
    with ExitStack() as stack:
        yield Site(stack, tmp_path_factory.mktemp("staging"), moto, key_service, spark_connect)


@each_profile
@each_kind
def test_copies_in_a_folder_or_a_bucket_give_the_same_rows(checks: Checks, site: Site, kind: Kind, profile: str) -> None:
    """Copies of all files, and none is left."""
    wanted, rows = site.by_adg(kind)
    told = site.does(profile, kind)
    counts = ("rows_read", "rows_written", "rows_quarantined", "value_errors_by_column")
    checks.same("counts", [told[count] for count in counts], [wanted[count] for count in counts])
    checks.same(f"rows by the cluster of {len(rows)}", decided([told]), kind.by_cluster)
    checks.same("rows", site.rows(profile, kind), rows)
    checks.same("no copies left", site.copies(), [])


@each_kind
def test_files_are_copied_as_needed(checks: Checks, site: Site, kind: Kind) -> None:
    """Files that need no copy the cluster may not read, and the run tells what to do."""
    if kind.must_be_copied:
        told = site.does("as_needed", kind)
        checks.same("rows by the cluster", decided([told]), kind.by_cluster)
    else:
        ran = site.job.run(*asked("as_needed", kind))
        hints = [complaint.hint for complaint in ran.complaints() if "files: all" in complaint.hint]
        checks.same("refused, with a hint", (ran.code, len(hints)), (UNAVAILABLE, 1))
    checks.same("no copies left", site.copies(), [])


@each_profile
def test_copies_of_a_killed_run_are_removed_by_the_next(checks: Checks, site: Site, profile: str) -> None:
    """They have the table's tags; the next run removes them whichever engine it has."""
    kind = KINDS[0]
    _, rows = site.by_adg(kind)
    with site.job.start(*asked(profile, kind), ADG_LOG_LEVEL="adg=debug") as process:
        assert process.stderr
        next(line for line in process.stderr if LOOKED in line)
        process.send_signal(signal.SIGKILL)
    checks.same("a copy is left", len(site.copies()), 1)
    tags = [dict(sorted(site.staging.tags(key).items())) for key in site.staging.keys()]
    wanted = [{"db": kind.name, "pii": "false", "table": kind.name}] if profile == "by_sail" else []
    checks.same("its tags in S3", tags, wanted)
    site.job.expect(0, *asked(profile, kind), "--engine", "local")
    checks.same("the next run removes it", site.copies(), [])
    checks.same("rows", site.rows(profile, kind), rows)


def test_doctor_looks_at_the_server_and_at_the_copies(checks: Checks, site: Site) -> None:
    """It fails where adg may not write copies."""
    ran = site.job.run("doctor", "--profile", "by_sail", "--module", "plain")
    steps = [
        (verdict, text.split(" at ")[0].split(": ")[0:2])
        for verdict, text in ran.steps()
        if text.startswith(("spark", "staging"))
    ]
    wanted = [["spark", "Spark 4.1.1"], ["staging", "credentials"], ["staging", "list"], ["staging", "write and delete a probe"]]
    checks.same("its steps", (ran.code, steps), (0, [("ok", step) for step in wanted]))
    with site.job.user.without("write copies"):
        ran = site.job.run("doctor", "--profile", "by_sail", "--module", "plain")
    failed = [text.split(": ")[0:2] for verdict, text in ran.steps() if verdict == "FAIL"]
    checks.same("what fails where adg may not write copies", (ran.code, failed), (20, wanted[-1:]))
