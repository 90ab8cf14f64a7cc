"""Services that one session of tests starts once, whichever of its worker processes needs them first.

The first worker that asks for a service starts `services.py` under a file lock and writes down the facts that it prints. Each of
these processes has the reading end of a pipe as its standard input. The session's own process keeps the writing end open: when it
ends, in whatever way, all services end.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

SCRIPT = Path(__file__).parents[1] / "services.py"
FAREWELL = 60
"""Seconds that all services together have to end."""


class Session:
    """The folder of a session, as the process sees it that starts and ends the session."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="adg-session-"))
        os.mkfifo(self.folder / "pipe")
        # For reading too, or else this would wait for a reader.
        self._pipe = os.open(self.folder / "pipe", os.O_RDWR)

    def end(self) -> list[str]:
        """Ends all services, and waits for that. Gives the names of those that had to be killed."""
        os.close(self._pipe)
        deadline = time.monotonic() + FAREWELL
        slow = [alive.stem for alive in sorted(self.folder.glob("*.alive")) if not _ends(alive, deadline)]
        for name in slow:
            with suppress(ProcessLookupError, ValueError):
                os.kill(int((self.folder / f"{name}.pid").read_text()), signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
        return slow


def _ends(alive: Path, deadline: float) -> bool:
    """Waits until no process holds the lock on a file."""
    with alive.open() as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    return False
                time.sleep(0.05)
            else:
                return True


class Services:
    """The session's services, as each of its worker processes sees them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def facts(self, name: str, *options: str) -> dict[str, Any]:
        """Starts a service unless it runs already. Gives its addresses and keys."""
        key = "".join([name, *options])
        written = self.folder / f"{key}.json"
        with FileLock(self.folder / f"{key}.lock"):
            if not written.exists():
                written.write_text(self._start(key, [name, *options]))
            facts: dict[str, Any] = json.loads(written.read_text())
        return facts

    def next(self, counter: str) -> int:
        """Counts the calls with this word in all workers, from 0."""
        path = self.folder / f"{counter}.count"
        with FileLock(self.folder / f"{counter}.lock"):
            number = int(path.read_text()) if path.exists() else 0
            path.write_text(str(number + 1))
        return number

    def _start(self, key: str, words: list[str]) -> str:
        log = self.folder / f"{key}.log"
        with (
            (self.folder / f"{key}.alive").open("w") as alive,
            (self.folder / "pipe").open("rb", buffering=0) as pipe,
            log.open("w") as said,
        ):
            # The lock belongs to the open file, which the service inherits: it is held until the service ends.
            fcntl.flock(alive, fcntl.LOCK_EX)
            process = subprocess.Popen(
                [sys.executable, SCRIPT, *words],
                stdin=pipe,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                pass_fds=[alive.fileno()],
                # Ctrl-C is for the tests: they still need the service while they end.
                start_new_session=True,
            )
        (self.folder / f"{key}.pid").write_text(str(process.pid))
        if process.stdout is None or not (line := process.stdout.readline()):
            raise RuntimeError(f"{' '.join(words)} did not start:\n{log.read_text()[-4000:]}")
        return line
