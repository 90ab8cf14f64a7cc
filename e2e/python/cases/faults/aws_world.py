"""S3, Glue and DynamoDB behind a proxy."""

from datetime import date
from pathlib import Path
from typing import Any

from cases.faults.wire_world import PLACE, PROFILE, World
from world.aws import Bucket
from world.fault_proxy import Proxy
from world.job import Job
from world.published import Rows, of_parquet
from world.scene import DYNAMODB_LEDGER, People, Region


class Aws(World):
    """S3, Glue and DynamoDB, in a region of its own."""

    def __init__(self, people: People, region: str, folder: Path, proxy: Proxy) -> None:
        super().__init__(Job(folder / region, people.job))
        self.proxy = proxy
        self.source: Bucket = people.partner.bucket(f"landing-{region}-{people.home.number}")
        published = people.home.bucket(f"published-{region}-{people.home.number}")
        self.region = Region(people, region, published, self.job, self.job)
        self.region.make_audit_table()
        places = {"source": f"s3://{self.source.name}", "published": f"s3://{published.name}", "scratch": "scratch"}
        given = {"region": region, "endpoint": proxy.url, "metastore": "glue: {}", "ledger": DYNAMODB_LEDGER, **places}
        self.job.write("adg.yaml", PROFILE.format(**given))

    def put(self, key: str, content: bytes) -> None:
        self.source.put(key, content)

    def types(self, name: str) -> dict[str, str]:
        return self.region.types(name)

    def partitions(self, name: str) -> dict[str, str]:
        try:
            return self.region.partitions(name)
        except self.region.glue.exceptions.EntityNotFoundException:
            return {}

    def rows(self, name: str, when: date) -> Rows:
        folder = self.key(self.partitions(name)[str(when)])
        files = [self.region.published.get(key) for key in self.region.published.keys(f"{folder}/")]
        return of_parquet(files, self.types(name))

    def files(self, name: str) -> list[str]:
        return self.region.published.keys(f"{PLACE}/{name}/")

    def key(self, location: str) -> str:
        return location.partition("://")[2].partition("/")[2]

    def unfinished(self, name: str) -> list[str]:
        """The uploads of a table that were begun and neither finished nor given up."""
        bucket = self.region.published
        found = bucket.s3.list_multipart_uploads(Bucket=bucket.name).get("Uploads", [])
        return [one["Key"] for one in found if one["Key"].startswith(f"{PLACE}/{name}/")]

    def item(self, hash_key: str, range_key: str) -> dict[str, Any]:
        """An item of the ledger."""
        found: dict[str, Any] = self.region.audit.get_item(Key={"Correlation_Id": hash_key, "DataProduct": range_key})["Item"]
        return found
