"""Google Cloud Storage's JSON API, in memory."""

import http.client
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.process import HOST, Command, free_port, running, temporary


@dataclass(frozen=True)
class Gcs:
    """A running emulator with an empty bucket."""

    url: str
    folder: Path
    pid: int
    # Letters only: the emulator knows no bucket by a name with percent signs, as some clients write hyphens.
    bucket: str = "adg"


@contextmanager
def gcs() -> Iterator[Gcs]:
    """The emulator. It asks for no credentials, and knows no preconditions."""
    port = free_port()
    with temporary("gcs") as folder:
        options = [f"--host={HOST}", f"--port={port}", "--in-memory", f"--default-bucket={Gcs.bucket}", "--quiet"]
        command = Command([sys.executable, "-m", "gcp_storage_emulator", "start", *options], folder)
        with running(command, lambda: _has_bucket(port)) as pid:
            yield Gcs(f"http://{HOST}:{port}", folder, pid)


def _has_bucket(port: int) -> bool:
    with closing(http.client.HTTPConnection(HOST, port)) as connection:
        try:
            connection.request("GET", f"/storage/v1/b/{Gcs.bucket}")
            return connection.getresponse().status == 200
        except OSError:
            return False
