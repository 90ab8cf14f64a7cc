"""What a command costs."""

import os
import statistics
import subprocess
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

POLL_SECONDS = 0.005
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Of one run, with all its children."""

    wall: float
    cpu: float
    """Seconds, user and system."""
    total_mib: float
    """The most that was resident, mapped files among it."""
    anonymous_mib: float
    """The most of it that was the process's own."""


@dataclass(frozen=True)
class Command:
    """A command, where it runs and what it finds in its environment."""

    words: Sequence[str]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)


def cost(command: Command) -> Cost:
    """Runs it.

    Raises where it fails.
    """
    log = command.folder / "bench.log"
    begun = time.monotonic()
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command.words, cwd=command.folder, env=os.environ | command.environment, stdout=sink, stderr=subprocess.STDOUT
        )
        peak = _Peak(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    peak.join()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command.words)} ended with {process.returncode}: {log.read_text()[-3000:]}")
    # Whom nobody waits for, as Python does not for its JVM, is in no usage but its own.
    cpu = max(usage.ru_utime + usage.ru_stime, peak.cpu())
    return Cost(wall, cpu, peak.total_kib / 1024, peak.anonymous_kib / 1024)


class _Peak(threading.Thread):
    """Looks at a process and those below it until it is gone; a launcher's child, as Java is, counts too."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.pid, self.total_kib, self.anonymous_kib = pid, 0, 0
        self.ticks: dict[int, int] = {}
        self.start()

    def run(self) -> None:
        while family := _family(self.pid):
            found = [_memory(pid) for pid in family]
            if not any(total for total, _ in found):
                break
            self.total_kib = max(self.total_kib, sum(total for total, _ in found))
            self.anonymous_kib = max(self.anonymous_kib, sum(anonymous for _, anonymous in found))
            self.ticks |= {pid: ticks for pid in family if (ticks := _ticks(pid))}
            time.sleep(POLL_SECONDS)

    def cpu(self) -> float:
        """Seconds of all that were seen."""
        return sum(self.ticks.values()) / TICKS


def processor() -> str:
    """What this machine's calls itself."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def cpu_seconds(pid: int) -> float:
    """What a process and those below it have used so far, user and system."""
    return sum(_ticks(one) for one in _family(pid)) / TICKS


def _family(pid: int) -> list[int]:
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [pid, *(one for child in children for one in _family(int(child)))]


def _memory(pid: int) -> tuple[int, int]:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0, 0
    found = {name: int(value.split()[0]) for name, _, value in (line.partition(":") for line in lines) if name.startswith("Rss")}
    return sum(found.values()), found.get("RssAnon", 0)


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return int(fields[11]) + int(fields[12])


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each figure."""
    return Cost(*(statistics.median(getattr(one, name) for one in costs) for name in Cost.__dataclass_fields__))
