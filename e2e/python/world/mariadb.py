"""A MariaDB server of its own, in which root needs no password, and which does not wait for the disk."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from world.process import HOST, Command, free_port, identity, running, temporary


@dataclass(frozen=True)
class MariaDb:
    """A running server."""

    port: int
    folder: Path
    """A folder to which the server may write."""

    def run(self, statements: str) -> None:
        """Runs statements."""
        client = ["mariadb", "--no-defaults", "-h", HOST, "-P", str(self.port), "-u", "root", "--default-character-set=utf8mb4"]
        done = subprocess.run(client, input=statements.encode(), capture_output=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{statements[:1000]}: {done.stderr.decode(errors='replace')}")


@contextmanager
def mariadb() -> Iterator[MariaDb]:
    """The server, without a database."""
    if shutil.which("mariadbd") is None and not Path("/usr/sbin/mariadbd").exists():
        raise RuntimeError("MariaDB's server is not installed; on Debian: apt-get install mariadb-server")
    port = free_port()
    user = "mysql" if os.geteuid() == 0 and "mysql" in {entry.pw_name for entry in pwd.getpwall()} else None
    environment = os.environ | {"PATH": f"{os.environ['PATH']}:/usr/sbin"}
    with temporary("mariadb") as folder:
        data = folder / "data"
        written = folder / "written"
        written.mkdir()
        if user is not None:
            shutil.chown(folder, user)
            shutil.chown(written, user)
        how = {"cwd": folder, "env": environment, **identity(user)}
        first = ["mariadb-install-db", "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal"]
        done = subprocess.run(first, capture_output=True, text=True, check=False, **how)
        if done.returncode != 0:
            raise RuntimeError(f"{first[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        server: list[str | Path] = [
            "mariadbd",
            "--no-defaults",
            f"--datadir={data}",
            f"--port={port}",
            f"--bind-address={HOST}",
            f"--socket={folder / 'socket'}",
            f"--pid-file={folder / 'pid'}",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=32M",
        ]
        place = MariaDb(port, written)

        def answers() -> bool:
            try:
                place.run("select 1")
            except RuntimeError:
                return False
            return True

        with running(Command(server, folder, environment, user), answers):
            yield place
