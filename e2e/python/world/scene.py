"""All of the replaced job's AWS in one region: its secret, audit table and buckets, the roles to the source, and adg in its place."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from world import kickstart
from world.aws import Account, Bucket, Role, User, allow, trusts
from world.job import Job
from world.kickstart import CORRELATION_ID, DATABASE, MODULE, PRODUCT, TEMPLATE
from world.published import Rows, of_csv, of_parquet

TABLE = "data_pipeline_metadata"
DYNAMODB_LEDGER = f"dynamodb: {{ table: {TABLE} }}"
POSTGRES_LEDGER = 'postgres: { url: "${secret:kickstart#database}" }'
TEST_FOLDER = "kickstart-e2e-tests"
SESSION = "adg-development"
"""As adg names it after the profile."""

ENVIRONMENTS = """\
version: 1
profile: development
profiles:
  development: &all
    aws: {{ region: {region}, endpoint: "{endpoint}" }}
    secrets: {{ kickstart: {{ aws_secrets_manager: /kickstart/adg }} }}
    stores:
      source:
        url: "s3://${{secret:kickstart#src_bucket_names.vacancy}}"
        role_chain: [{{ arn: "{roles[0].arn}" }}, {{ arn: "{roles[1].arn}" }}]
      published: {{ url: "s3a://{published.name}" }}
    metastore: {{ glue: {{}} }}
    ledger: {{ {ledger} }}
  production:
    <<: *all
    protected: true
"""

READ_AND_WRITE = ["GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "ConditionCheckItem"]
GLUE = ["GetDatabase", "GetDatabases", "CreateDatabase", "DeletePartition", "GetTable", "CreateTable", "UpdateTable"]
GLUE += ["GetPartition", "GetPartitions", "BatchCreatePartition", "BatchUpdatePartition"]


class People:
    """The users and roles of both accounts, for all regions."""

    def __init__(self, home: Account, partner: Account) -> None:
        self.home, self.partner = home, partner
        self.job = self._user("kickstart-adg")
        self.tester = self._user("kickstart-adg-e2e")
        inside = home.role("within-account", trusts(self.job.arn))
        outside = partner.role("outside-account", trusts(inside.session(SESSION)))
        self.roles: list[Role] = [inside, outside]
        self.job.allow("hop 1", allow("sts:AssumeRole", inside.arn))
        inside.allow("hop 2", allow("sts:AssumeRole", outside.arn))
        outside.allow("read the source", allow(["s3:ListBucket", "s3:GetObject"], "arn:aws:s3:::landing-*"))

    def _user(self, name: str) -> User:
        user = self.home.user(name)
        user.allow("secrets", allow("secretsmanager:GetSecretValue"))
        user.allow("ledger", allow([f"dynamodb:{action}" for action in READ_AND_WRITE]))
        # To moto a transaction is a right of its own.
        user.allow("records", allow("dynamodb:TransactWriteItems"))
        user.allow("metastore", allow([f"glue:{action}" for action in GLUE]))
        objects = ["s3:GetObject", "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"]
        user.allow("published", allow(["s3:ListBucket", *objects], "arn:aws:s3:::published-*"))
        return user


@dataclass
class Region:
    """The part of one region's AWS that is there for any module."""

    people: People
    region: str
    published: Bucket
    job: Job
    tester: Job

    def make_audit_table(self) -> None:
        """As the replaced job had it, without an item."""
        keys = {"Correlation_Id": "HASH", "DataProduct": "RANGE"}
        self.people.home.client("dynamodb", self.region).create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in keys.items()],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in keys],
            BillingMode="PAY_PER_REQUEST",
        )

    def make_secret(self, text: str) -> None:
        """The secret, as it is written."""
        self.people.home.client("secretsmanager", self.region).create_secret(Name=kickstart.SECRET, SecretString=text)

    def seed(self, day: date, status: str, run: int, correlation_id: str = CORRELATION_ID) -> None:
        """Writes an item as the replaced job did last."""
        keys = {"Correlation_Id": correlation_id, "DataProduct": PRODUCT}
        self.audit.put_item(Item=keys | {"Date": str(day), "Run_Id": run, "Status": status})

    def newest(self, correlation_id: str = CORRELATION_ID) -> list[dict[str, Any]]:
        """Gives the items that other readers find by a correlation id, newest first."""
        query = {"KeyConditionExpression": "Correlation_Id = :id", "ExpressionAttributeValues": {":id": correlation_id}}
        found: list[dict[str, Any]] = self.audit.query(**query, ScanIndexForward=False)["Items"]
        return [{name: int(value) if name == "Run_Id" else value for name, value in sorted(item.items())} for item in found]

    @cached_property
    def audit(self) -> Any:
        """The audit table."""
        return self.people.home.session.resource("dynamodb", self.region, endpoint_url=self.people.home.url).Table(TABLE)

    def table(self, name: str) -> dict[str, Any]:
        """A table in Glue."""
        found: dict[str, Any] = self.glue.get_table(DatabaseName=DATABASE, Name=name)["Table"]
        return found

    def types(self, table: str) -> dict[str, str]:
        """A table's columns in Glue."""
        return {column["Name"]: column["Type"] for column in self.table(table)["StorageDescriptor"]["Columns"]}

    def partitions(self, table: str) -> dict[str, str]:
        """The locations of a table's partitions in Glue, by day."""
        found = self.glue.get_partitions(DatabaseName=DATABASE, TableName=table)["Partitions"]
        return dict(sorted((one["Values"][0], one["StorageDescriptor"]["Location"]) for one in found))

    @cached_property
    def glue(self) -> Any:
        """Glue."""
        return self.people.home.client("glue", self.region)

    def keys(self, table: str, day: date) -> list[str]:
        """The files of a day."""
        location = self.partitions(table)[str(day)]
        # As the profile writes it: a Hadoop that has only S3A reads nothing else.
        place = f"s3a://{self.published.name}/"
        if not location.startswith(place):
            raise ValueError(f"{location} is not in {place}")
        return self.published.keys(location.removeprefix(place) + "/")

    def rows(self, table: str, day: date) -> Rows:
        """A day's rows of a table."""
        return of_parquet(map(self.published.get, self.keys(table, day)), self.types(table))


@dataclass
class Scene(Region):
    """One region. Nothing is there that another one made."""

    source: Bucket

    @classmethod
    def set(cls, people: People, region: str, folder: Path, written: str, database: str = "") -> Self:
        """Makes what the job finds: the secret as it is written, an empty audit table, empty buckets, and the config files.

        With a database of PostgreSQL, the ledger is there.
        """
        home = people.home
        source, target = (
            people.partner.bucket(f"landing-{region}-{home.number}"),
            home.bucket(f"published-{region}-{home.number}"),
        )
        job, tester = Job(folder / region, people.job), Job(folder / region, people.tester)
        ledger = POSTGRES_LEDGER if database else DYNAMODB_LEDGER
        at = {"region": region, "endpoint": home.url, "roles": people.roles, "published": target}
        job.write("adg.yaml", ENVIRONMENTS.format(**at, ledger=ledger))
        job.write(f"modules/{MODULE}.yaml", kickstart.MODULE_FILE)
        scene = cls(people, region, target, job, tester, source)
        scene.make_secret(kickstart.WRITTEN[written](kickstart.secret(source.name, database)))
        scene.make_audit_table()
        return scene

    def land(self, *days: date, collections: Iterable[str] = TEMPLATE) -> None:
        """The source's files of some days, among others that are older or no business of the module's."""
        for day in days:
            for collection in collections:
                key = kickstart.key(day, collection)
                self.source.put(key, kickstart.file(collection, str(day)).encode())
                other = kickstart.file(collection, f"not {day}").encode()
                self.source.put(key.replace(".csv", "_delta_1.csv"), other)
                self.source.put(f"{day}_{collection}_1.csv", other)

    def wanted(self, collection: str, day: date) -> Rows:
        """The same rows as the source has them."""
        return of_csv(kickstart.file(collection, str(day)), self.types(collection))
