"""A PostgreSQL server of its own, which trusts whoever connects and does not wait for the disk."""

import os
import pwd
import shutil
import signal
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from world.process import HOST, Command, free_port, identity, running, temporary

NAME = "adg"
"""The role, which owns everything, and its database."""


@dataclass(frozen=True)
class Postgres:
    """A running server."""

    url: str
    port: int
    folder: Path
    pid: int

    def run(self, sql: str, database: str = NAME) -> str:
        """Runs statements; gives the rows of the last one, their values divided by `|`."""
        server = ("-h", HOST, "-p", str(self.port), "-U", NAME, "-d", database)
        words = ["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", *server, "-f", "-"]
        done = subprocess.run(words, input=sql, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"psql ended with {done.returncode}:\n{done.stderr}")
        return done.stdout.strip()

    def start(self, sql: str, database: str = NAME) -> subprocess.Popen[str]:
        """Starts statements in a session of their own."""
        server = ("-h", HOST, "-p", str(self.port), "-U", NAME, "-d", database)
        return subprocess.Popen(["psql", "-X", "-q", *server, "-c", sql], text=True)

    def new_database(self) -> str:
        """Creates an empty database, and gives its name."""
        name = f"test_{uuid.uuid4().hex}"
        self.run(f"create database {name}")
        return name


@contextmanager
def postgres() -> Iterator[Postgres]:
    """The server with an empty database."""
    port = free_port()
    binaries = _binaries()
    user = _user()
    # What a shell says about other servers must not reach the clients.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    with temporary("postgres") as folder:
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"

        def client(*words: str | Path, check: bool = True) -> bool:
            how = {"cwd": folder, "env": environment, **identity(user)}
            done = subprocess.run(words, capture_output=True, text=True, check=False, **how)
            if check and done.returncode != 0:
                raise RuntimeError(f"{words[0]} ended with {done.returncode}:\n{done.stderr}")
            return done.returncode == 0

        there = ("-h", HOST, "-p", str(port))
        client(binaries / "initdb", "-D", data, "-U", NAME, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        settings = {
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
        }
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        server: list[str | Path] = [binaries / "postgres", "-D", data, "-p", str(port), *options]
        # By SIGQUIT its own children end with it, and its shared memory goes.
        command = Command(server, folder, environment, user, signal.SIGQUIT)
        with running(command, lambda: client(binaries / "pg_isready", "-q", *there, check=False)) as pid:
            client(binaries / "createdb", *there, "-U", NAME, NAME)
            yield Postgres(f"postgresql://{NAME}@{HOST}:{port}/{NAME}", port, folder, pid)


def _binaries() -> Path:
    """Where the server's programs are: Debian does not have them on the path."""
    if (initdb := shutil.which("initdb")) is not None:
        return Path(initdb).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise RuntimeError("PostgreSQL's server is not installed; on Debian: apt-get install postgresql")
    return versions[-1].parent


def _user() -> str | None:
    """Names the user that runs the server, which refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"
