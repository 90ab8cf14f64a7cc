"""A folder with a pipeline over a database of its own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from world.aws import User
from world.job import Job
from world.postgres import NAME, Postgres
from world.process import HOST

PROFILE = """\
version: 1
profiles:
  local:
    stores: {{ published: {{ url: warehouse }} }}
    connections: {{ shop: {{ postgres: {{ host: 127.0.0.1, port: {port}, database: {database}, user: {user}, tls: disable }} }} }}
    metastore: {{ sqlite: {{ path: warehouse/metastore.db }} }}
    ledger: {{ sqlite: {{ path: warehouse/ledger.db }} }}
    scratch: scratch
    scratch_encryption: {encryption}
"""


class Scene:
    """A workspace whose profile has the database as `shop`."""

    def __init__(self, server: Postgres, database: str, folder: Path) -> None:
        self.server, self.database, self.folder = server, database, folder
        # DuckDB's command line lies beside Python.
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.job = Job(folder, User("user", "nobody", "", None, keys={"PATH": path}))
        self.profile(encryption=False)

    def profile(self, *, encryption: bool) -> None:
        """Writes the profile."""
        text = "true" if encryption else "false"
        self.job.write("adg.yaml", PROFILE.format(port=self.server.port, database=self.database, user=NAME, encryption=text))

    def pipeline(self, name: str, text: str) -> None:
        """Writes a pipeline's file."""
        self.job.write(f"pipelines/{name}.yaml", text)

    def rows(self, sql: str) -> list[list[Any]]:
        """The rows of a query over the lake."""
        told = self.job.expect(0, "query", sql, "--format", "json").stdout
        return [list(json.loads(line).values()) for line in told.splitlines()]

    @contextmanager
    def busy(self, sql: str) -> Iterator[None]:
        """A session that runs statements meanwhile."""
        words = ["psql", "-X", "-q", "-h", HOST, "-p", str(self.server.port), "-U", NAME, "-d", self.database, "-f", "-"]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as session:
            assert session.stdin is not None
            statements = self.folder / "statements.sql"
            statements.write_text(sql)
            session.stdin.write(f"\\i {statements}\n")
            session.stdin.flush()
            try:
                yield
            finally:
                if session.poll() is not None:
                    raise RuntimeError("the other session ended too early")
                session.kill()

    def until(self, holds: Callable[[], bool]) -> None:
        """Waits until something holds."""
        end = time.monotonic() + 30
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError("it does not hold after 30 seconds")
            time.sleep(0.05)
