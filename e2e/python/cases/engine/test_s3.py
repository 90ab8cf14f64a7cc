"""A cluster that reads a bucket and writes into one itself: Sail and S3 of moto."""

import json
from pathlib import Path

import boto3
import pytest

from cases.engine.comparison import decided
from cases.engine.inputs import DAYS, TYPES, Case, plain
from world.adg import EMBEDDED, ENVIRONMENTS, Workspace
from world.checks import Checks
from world.moto import Moto
from world.published import in_order, sort
from world.spark_connect import sail as private_sail

ROWS = 1000


def variables(server: Moto) -> dict[str, str]:
    """The address of AWS and its keys: for adg, and for Sail."""
    keys = {"AWS_ACCESS_KEY_ID": server.access_key_id, "AWS_SECRET_ACCESS_KEY": server.secret_access_key}
    place = {"AWS_REGION": server.region, "AWS_ENDPOINT": server.url, "AWS_ALLOW_HTTP": "true"}
    return keys | place | {"AWS_EC2_METADATA_DISABLED": "true"}


def test_cluster_reads_and_writes_buckets_itself(
    checks: Checks, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unchecked_moto: Moto
) -> None:
    """The first day is adg's, the second, of the same file, Sail's."""
    server = unchecked_moto
    for name, value in variables(server).items():
        monkeypatch.setenv(name, value)
    s3 = boto3.client("s3", endpoint_url=server.url, region_name=server.region)
    source, published = f"landing-{server.account}", f"lake-{server.account}"
    for bucket in (source, published):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": server.region})
    workspace = Workspace(tmp_path / "work")
    stores = f'aws: {{ region: {server.region}, endpoint: "{server.url}" }}\n    stores:'
    yaml = ENVIRONMENTS.replace("METASTORE", EMBEDDED).replace("stores:", stores)
    yaml = yaml.replace("url: source", f'url: "s3://{source}"').replace("url: warehouse", f'url: "s3://{published}"')
    (workspace.folder / "adg.yaml").write_text(yaml)
    workspace.module("shop", Case("s3", [], {"id": "bigint"} | TYPES, more="row_hash: v1").module())
    # One of its own, for it has its rights from the environment.
    with private_sail() as cluster:
        for day, flags in zip(DAYS, ([], ["--engine", "spark", "--spark-remote", cluster.remote]), strict=False):
            s3.put_object(Bucket=source, Key=f"{day}_things_0.csv", Body=plain(ROWS))
            workspace.run("--module", "shop", "--start-dt", day, "--end-dt", day, *flags)
            report = max((workspace.folder / "reports").iterdir(), key=lambda path: path.name)
            told = json.loads(report.read_text())["days"]
            checks.same(f"{day}: rows by the cluster", decided(told), ROWS if flags else 0)
    table = workspace.table("shop", "things")
    rows = {}
    for day in DAYS[:2]:
        listed = s3.list_objects_v2(Bucket=published, Prefix=f"data/shop/things/date_uploaded={day}/")["Contents"]
        checks.same(f"{day}: nothing but Parquet", [one["Key"] for one in listed if not one["Key"].endswith(".parquet")], [])
        files = [s3.get_object(Bucket=published, Key=one["Key"])["Body"].read() for one in listed]
        rows[day] = sort(in_order(files, table.columns))
    checks.same("the same rows", rows[DAYS[1]], rows[DAYS[0]])
    checks.same("all of them", len(rows[DAYS[0]]), ROWS)
