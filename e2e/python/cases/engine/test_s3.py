"""A cluster that reads a bucket and writes into one itself: Sail and S3 of moto.

Usage: ADG_BIN=… engine_s3.py. The binary must have the feature `spark`. Prints each check; exits 1 where one fails.
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

import boto3

from world.adg import EMBEDDED, ENVIRONMENTS, Workspace
from world.checks import Checks
from cases.engine.inputs import DAYS, TYPES, Case, plain
from cases.engine.comparison import decided
from world.published import in_order, sort
from world.moto import Moto, moto
from world.spark_connect import sail

SOURCE, PUBLISHED, ROWS = "landing", "lake", 1000


def variables(server: Moto) -> dict[str, str]:
    """Where AWS is, and as whom: for adg, and for Sail."""
    keys = {"AWS_ACCESS_KEY_ID": server.access_key_id, "AWS_SECRET_ACCESS_KEY": server.secret_access_key}
    place = {"AWS_REGION": server.region, "AWS_ENDPOINT": server.url, "AWS_ALLOW_HTTP": "true"}
    return keys | place | {"AWS_EC2_METADATA_DISABLED": "true"}


def main() -> None:
    """The first day by adg, the second, of the same file, by Sail."""
    checks = Checks()
    with moto(unchecked=True) as server, tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, variables(server)):
        s3 = boto3.client("s3", endpoint_url=server.url, region_name=server.region)
        for bucket in (SOURCE, PUBLISHED):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": server.region})
        workspace = Workspace(Path(folder) / "work")
        stores = f'aws: {{ region: {server.region}, endpoint: "{server.url}" }}\n    stores:'
        yaml = ENVIRONMENTS.replace("METASTORE", EMBEDDED).replace("stores:", stores)
        yaml = yaml.replace("url: source", f'url: "s3://{SOURCE}"').replace("url: warehouse", f'url: "s3://{PUBLISHED}"')
        (workspace.folder / "adg.yaml").write_text(yaml)
        workspace.module("shop", Case("s3", [], {"id": "bigint"} | TYPES, more="row_hash: v1").module())
        with sail() as cluster:
            for day, flags in zip(DAYS, ([], ["--engine", "spark", "--spark-remote", cluster.remote]), strict=False):
                s3.put_object(Bucket=SOURCE, Key=f"{day}_things_0.csv", Body=plain(ROWS))
                workspace.run("--module", "shop", "--start-dt", day, "--end-dt", day, *flags)
                report = max((workspace.folder / "reports").iterdir(), key=lambda path: path.name)
                told = json.loads(report.read_text())["days"]
                checks.same(f"{day}: rows by the cluster", decided(told), ROWS if flags else 0)
        table = workspace.table("shop", "things")
        rows = {}
        for day in DAYS[:2]:
            listed = s3.list_objects_v2(Bucket=PUBLISHED, Prefix=f"data/shop/things/date_uploaded={day}/")["Contents"]
            checks.same(f"{day}: nothing but Parquet", [one["Key"] for one in listed if not one["Key"].endswith(".parquet")], [])
            files = [s3.get_object(Bucket=PUBLISHED, Key=one["Key"])["Body"].read() for one in listed]
            rows[day] = sort(in_order(files, table.columns))
        checks.same("the same rows", rows[DAYS[1]], rows[DAYS[0]])
        checks.same("all of them", len(rows[DAYS[0]]), ROWS)
    sys.exit(1 if checks.wrong else 0)


if __name__ == "__main__":
    main()
