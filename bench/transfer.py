"""A plain client of S3: what moving the bytes takes when nothing is done with them."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from s3transfer.manager import TransferConfig, TransferManager

from measure import Cost
from s3s import KEYS, REGION

PARALLEL = 4
PART = 64 << 20
"""Bytes of a request."""
BLOCK = 1 << 20
"""Bytes that are taken from a connection at once."""


class Client:
    """Of one server. It neither signs nor sums up what it sends: the least that a transfer can take."""

    def __init__(self, url: str) -> None:
        plain = Config(
            max_pool_connections=PARALLEL,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"payload_signing_enabled": False, "addressing_style": "path"},
        )
        session = boto3.Session(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"], region_name=REGION)
        self._s3: Any = session.client("s3", endpoint_url=url, config=plain)

    def download(self, bucket: str) -> None:
        """Fetches all that is in a bucket, in ranges, and throws it away."""
        wanted = self._s3.list_objects_v2(Bucket=bucket)["Contents"]
        ranges = [(one["Key"], at, min(at + PART, one["Size"])) for one in wanted for at in range(0, one["Size"], PART)]
        with ThreadPoolExecutor(PARALLEL) as pool:
            got = sum(pool.map(lambda part: self._range(bucket, *part), ranges))
        if got != sum(one["Size"] for one in wanted):
            raise RuntimeError(f"{got} bytes came of the bucket {bucket}")

    def _range(self, bucket: str, key: str, begin: int, end: int) -> int:
        body = self._s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={begin}-{end - 1}")["Body"]
        return sum(len(block) for block in body.iter_chunks(BLOCK))

    def upload(self, bucket: str, files: dict[str, Path]) -> None:
        """Puts files under their keys, in parts."""
        config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_request_concurrency=PARALLEL)
        with TransferManager(self._s3, config) as manager:
            for under_way in [manager.upload(str(file), bucket, key) for key, file in files.items()]:
                under_way.result()
        put = {one["Key"]: one["Size"] for one in self._s3.list_objects_v2(Bucket=bucket)["Contents"]}
        if put != {key: file.stat().st_size for key, file in files.items()}:
            raise RuntimeError(f"the bucket {bucket} has other files than were sent: {put}")


def timed(transfer: Callable[[], None]) -> Cost:
    """What it takes this process."""
    begun, used = time.monotonic(), time.process_time()
    transfer()
    return Cost(time.monotonic() - begun, time.process_time() - used, 0, 0)
