"""Texts and files by the throw of a seed: every engine is to make the same of them.

Usage: ADG_BIN=… python -m tools.engines_chance [--seeds FIRST..LAST] [spark] [sail]. The binary must have the feature `spark`. Prints
each check; exits 1 where one fails. `cases/engine` has a seed of few texts.
"""

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from cases.engine.chance import cases
from cases.engine.comparison import compare
from world.checks import Checks
from world.spark_connect import sail, spark_connect

SERVERS = {"spark": spark_connect, "sail": sail}
TEXTS = 300


def seeds(text: str) -> range:
    """Reads `7..9` as 7 and 8."""
    first, last = map(int, text.split(".."))
    return range(first, last)


def main() -> None:
    """Compares the cases of all seeds on the servers that are named, or on both."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=seeds, default=range(10))
    parser.add_argument("servers", nargs="*", default=list(SERVERS))
    asked, checks = parser.parse_args(), Checks()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="adg-engines-")))
        servers = {name: stack.enter_context(SERVERS[name]()).remote for name in asked.servers}
        for number, case in enumerate(case for seed in asked.seeds for case in cases(seed, TEXTS)):
            compare(checks, folder / str(number), case, servers)
    sys.exit(1 if checks.wrong else 0)


if __name__ == "__main__":
    main()
