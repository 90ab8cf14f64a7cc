"""The gate: adg may not need more instructions than were recorded, on small inputs that never change.

Instructions are counted by callgrind, on one core, so that they are the same whatever else the machine does. They are those of one
compiler and one kind of processor: with another, nothing is compared.

Usage: gate.py --adg PATH [--record]
Ends with 1 where a workload needs more than `SLACK` above what was recorded; `--record` records what it needs now.
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import data
from data import Input
from home import Home
from measure import Command, processor

RECORDED = Path(__file__).with_name("instructions.json")
SLACK = 1.03
WORKLOADS: dict[str, Callable[[], Input]] = {
    "CSV, 1,000 rows": lambda: data.rows(1000),
    "CSV, 6 MB": lambda: data.mixed(0.006),
    "CSV, 6 MB, quoted line ends": lambda: data.line_ends(0.006),
    "CSV, 6 MB, 500 columns": lambda: data.wide(0.006),
    "JSON, 6 MB, flat": lambda: data.flat_json(0.006),
    "JSON, 6 MB, nested": lambda: data.nested_json(0.006),
}
COUNT = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]


def counted(command: Command) -> int:
    """The instructions that a command needs, with all its threads on one core."""
    core = min(os.sched_getaffinity(0))
    environment = os.environ | command.environment | {"RAYON_NUM_THREADS": "1"}
    ran = subprocess.run(
        [*COUNT, *command.words],
        cwd=command.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
    )
    found = re.search(r"Collected : (\d+)", ran.stderr)
    if ran.returncode or not found:
        raise RuntimeError(f"{' '.join(command.words)} ended with {ran.returncode}: {ran.stderr[-3000:]}")
    return int(found[1])


def needed(binary: str) -> dict[str, int]:
    """The instructions of each workload."""
    data.CACHE.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, make in WORKLOADS.items():
        with tempfile.TemporaryDirectory(prefix="gate-", dir=data.CACHE) as folder:
            home = Home(binary, Path(folder) / "adg", make())
            home.lay_out()
            found[name] = counted(home.prepare())
            home.check()
    return found


def here() -> dict[str, str]:
    """By whom the instructions are made. What a processor has decides which of several ways libraries take."""
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {"compiler": rustc, "processor": f"{processor()}, {platform.machine()}", "libc": " ".join(platform.libc_ver())}


def main() -> None:
    """Compares, or records."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--adg", required=True)
    parser.add_argument("--record", action="store_true")
    asked = parser.parse_args()
    before = {} if asked.record else json.loads(RECORDED.read_text())
    if before and before["by"] != here():
        print(f"instructions were recorded by {before['by']}, this is {here()}: not compared; `make gate-record` records them")
        return
    found = needed(asked.adg)
    if asked.record:
        RECORDED.write_text(json.dumps({"by": here(), "instructions": found}, indent=2) + "\n")
        return
    worse = []
    for name, count in found.items():
        share = count / before["instructions"][name]
        print(f"{name}: {count / 1e6:,.1f} million instructions, {share:.3f} of what was recorded")
        worse += [name] if share > SLACK else []
    if worse:
        sys.exit(f"more than {SLACK:g} of what was recorded: {'; '.join(worse)}. Find out why; where it is worth it, `make gate-record`")


if __name__ == "__main__":
    main()
