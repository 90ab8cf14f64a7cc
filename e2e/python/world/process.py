"""A service as a process of its own, with a temporary folder and a loopback port, which ends when what started it ends."""

import ctypes
import os
import pwd
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
PATIENCE = 120
"""Seconds until a service must answer: compilers run beside the tests."""
FAREWELL = 30
"""Seconds that it has to end."""
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Command:
    """A command, and the circumstances in which it runs."""

    words: Sequence[str | Path]
    folder: Path
    """Where it runs; its `log` is there."""
    environment: dict[str, str] | None = None
    user: str | None = None
    """The user that runs it, instead of ourselves."""
    end: signal.Signals = signal.SIGKILL
    """The signal that ends it: nothing of it is kept."""


@contextmanager
def temporary(name: str) -> Iterator[Path]:
    """A folder for a service."""
    with tempfile.TemporaryDirectory(prefix=f"adg-{name}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


def free_port() -> int:
    """A port that nobody listens on, below those that the kernel gives to connections: none takes it before the service does."""
    while True:
        port = random.randrange(15_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


def listens(port: int) -> bool:
    """Whether somebody takes connections."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def identity(user: str | None) -> dict[str, Any]:
    """How `subprocess` runs something as a user."""
    return {} if user is None else {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": ()}


@contextmanager
def running(command: Command, ready: Callable[[], bool]) -> Iterator[int]:
    """Runs a command, from when it is ready to the end of the block; gives its process id."""
    with (command.folder / "log").open("wb") as output:
        process = subprocess.Popen(
            command.words,
            cwd=command.folder,
            env=command.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            **identity(command.user),
            preexec_fn=_bound_to(os.getpid(), command.end),
        )
    try:
        _wait(process, command, ready)
        yield process.pid
    finally:
        process.send_signal(command.end)
        try:
            process.wait(FAREWELL)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _bound_to(parent: int, end: signal.Signals) -> Callable[[], None] | None:
    """Has the kernel end a child with the thread that started it, even where that is killed."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def bind() -> None:
        libc.prctl(PR_SET_PDEATHSIG, int(end))
        if os.getppid() != parent:
            os._exit(1)

    return bind


def _wait(process: subprocess.Popen[bytes], command: Command, ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        if ready():
            return
        time.sleep(0.02)
    state = "does not answer" if process.returncode is None else f"ended with {process.returncode}"
    log = (command.folder / "log").read_text(errors="replace")
    raise RuntimeError(f"{command.words[0]} {state}:\n{log[-4000:]}")
