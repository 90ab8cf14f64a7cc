"""An S3 server that is fast enough to measure by: s3s-fs, over a folder."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from world.process import HOST, Command, free_port, listens, running

REGION = "eu-west-2"
KEYS = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "benchbench", "AWS_EC2_METADATA_DISABLED": "true"}


@dataclass(frozen=True)
class S3:
    """A running server, whose buckets are folders."""

    url: str
    folder: Path
    pid: int
    region: str = REGION


@contextmanager
def s3s(folder: Path, *buckets: str) -> Iterator[S3]:
    """The server over a folder, with these buckets."""
    for bucket in buckets:
        (folder / bucket).mkdir(parents=True, exist_ok=True)
    port = free_port()
    keys = ["--access-key", KEYS["AWS_ACCESS_KEY_ID"], "--secret-key", KEYS["AWS_SECRET_ACCESS_KEY"]]
    words = [os.environ["BENCH_S3S"], "--host", HOST, "--port", str(port), *keys, str(folder)]
    with running(Command(words, folder.parent), lambda: listens(port)) as pid:
        yield S3(f"http://{HOST}:{port}", folder, pid)
