"""A source bucket in another account, behind three roles of which each may only take the next, and a bucket to publish into."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from world.aws import Account, Bucket, Principal, Role, allow, trusts
from world.job import EXTERNAL_ID, Job
from world.process import HOST

DAY = "2024-05-06"
MODULE = ("--module", "vacancy")
THIS_DAY = (*MODULE, "--start-dt", DAY, "--end-dt", DAY)
DATABASE = "uc_kickstart"
COLLECTIONS = ["bids", "bid_employers", "introductions", "vacancies"]
SESSION = "nightly"
NEXT = "next of"
"""The policy by which a principal takes the next role of a chain."""
WORDS = ["in-account", "cross-account", "reader"]
CONDITIONS: list[dict[str, Any]] = [{}, {}, {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}]
"""Of each role's trust."""
SOURCE, PUBLISHED = "partner-vacancy-landing", "analytics-published"
WRITE = ["s3:PutObject", "s3:PutObjectTagging", "s3:AbortMultipartUpload"]
DEAD = f"http://{HOST}:9"
"""Where nobody listens."""

PROFILE = """\
  {name}:
    aws: {{ region: eu-west-2, endpoint: "{endpoint}" }}
    stores:
      source:
        url: {source}
        role_chain: [{roles}]
      published: {{ url: "s3://{published}" }}
    metastore: {{ sqlite: {{ path: "{files}.metastore.db" }} }}
    ledger: {{ sqlite: {{ path: "{files}.ledger.db" }} }}
    scratch: scratch
    reports: reports
"""


class Chain:
    """Three roles, the last of which reads the source. Only it asks for an external id."""

    def __init__(self, job: Job, name: str, accounts: list[Account], source: Bucket) -> None:
        self.name = name
        self.roles: list[Role] = []
        self.holders: list[Principal] = [job.user]
        """The principals that take each of the roles."""
        before = job.user.arn
        for account, word, condition in zip(accounts, WORDS, CONDITIONS, strict=True):
            role = account.role(f"{name}-{word}", trusts(before, **condition))
            self.holders[-1].allow(f"{NEXT} {name}", allow("sts:AssumeRole", role.arn))
            self.roles.append(role)
            self.holders.append(role)
            before = role.session(SESSION)
        role.allow("list the source", allow("s3:ListBucket", source.arn))
        role.allow("read the source", allow("s3:GetObject", f"{source.arn}/*"))

    def yaml(self) -> str:
        """The chain as a profile writes it."""
        settings = [f'arn: "{role.arn}", session_name: {SESSION}' for role in self.roles]
        settings[-1] += f", external_id: {EXTERNAL_ID}"
        return ", ".join(f"{{ {words} }}" for words in settings)


class Site:
    """The buckets, a chain over two accounts and one within the job's own, and a day's files in the source."""

    def __init__(self, folder: Path, home: Account, partner: Account) -> None:
        self.url = home.url
        self.job = Job(folder, home.user("job"))
        self.source, self.published = partner.bucket(SOURCE), home.bucket(PUBLISHED)
        self.across = Chain(self.job, "across", [home, partner, partner], self.source)
        self.within = Chain(self.job, "within", [home, home, home], self.source)
        may = self.job.user.allow
        may("list what is published", allow("s3:ListBucket", self.published.arn))
        may("make typing errors", allow("s3:*", "arn:aws:s3:::no-such-*"))
        may("read what is published", allow("s3:GetObject", f"{self.published.arn}/*"))
        may("write what is published", allow(WRITE, f"{self.published.arn}/*"))
        # To moto it is a right to the bucket, where several objects may be named.
        may("delete what is published", allow("s3:DeleteObject", [self.published.arn, f"{self.published.arn}/*"]))
        self._write()
        self.job.expect(0, "generate-test-data", "--profile", "generate", *MODULE, "--date", DAY, "--rows", "200")
        self.files = {path.name: path.read_bytes() for path in (folder / "generated").iterdir()}
        for name, content in self.files.items():
            self.source.put(name, content)

    def _write(self) -> None:
        across, within = self.across.yaml(), self.within.yaml()
        profiles = [
            self._profile("across", roles=across),
            self._profile("within", roles=within),
            self._profile("generate", source="generated"),
            self._profile("no source", source="s3://no-such-source"),
            self._profile("no published", roles=across, published="no-such-published", files="typing-error"),
            self._profile("corrected", roles=across, files="typing-error"),
            self._profile("no S3", endpoint=DEAD),
            self._profile("no STS", endpoint=DEAD, roles=across),
        ]
        self.job.write("adg.yaml", "version: 1\nprofile: across\nprofiles:\n" + "".join(profiles))

    def _profile(self, name: str, **other: str) -> str:
        usual = {"endpoint": self.url, "source": f"s3://{SOURCE}", "published": PUBLISHED, "roles": "", "files": name}
        return PROFILE.format(name=name, **usual | other)

    def source_of(self, collection: str) -> str:
        """A collection's file."""
        (name,) = [name for name in self.files if name.startswith(f"{DAY}_{collection}_1")]
        return self.files[name].decode()

    def types(self, collection: str) -> dict[str, str]:
        """The columns of a table in the metastore."""
        return dict(self._ask("select c.name, c.type from columns c", collection))

    def partition(self, collection: str) -> str:
        """The prefix of the one partition that the metastore has."""
        ((location,),) = self._ask("select c.location from partitions c", collection)
        return str(location).removeprefix(f"s3://{PUBLISHED}/") + "/"

    def _ask(self, what: str, collection: str) -> list[Any]:
        with closing(sqlite3.connect(self.job.folder / "across.metastore.db")) as metastore:
            of_table = "join tables t on t.id = c.table_id where t.database = ? and t.name = ?"
            return metastore.execute(f"{what} {of_table}", (DATABASE, collection)).fetchall()
