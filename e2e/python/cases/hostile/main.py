"""What a source, a file of settings or whoever types may do to harm a run: each must end in bounded time and memory with a plain
message, publish nothing that it should not, inject nothing into paths, statements, reports or a terminal, and leave the next day
to work.

Usage: ADG_BIN=… hostile.py [--large]. Prints each check; exits 1 where one fails. `--large`: bombs that are ten times as large, of
ten gibibytes.
"""

import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from world.checks import Checks
from cases.hostile.test_files import check_bombs, check_damaged, check_long, check_set_aside
from cases.hostile.test_json import check_brackets, check_deep, check_documents, check_odd_values
from cases.hostile.test_names import check_columns, check_files, check_quarantined, check_refused
from cases.hostile.test_settings import check_flags, check_leaving, check_modules
from cases.hostile.test_wide import check_narrow_into_wide, check_wide

PARTS: list[Callable[[Checks], None]] = [
    check_wide,
    check_brackets,
    check_set_aside,
    check_damaged,
    check_long,
    check_narrow_into_wide,
    check_deep,
    check_odd_values,
    check_documents,
    check_columns,
    check_refused,
    check_quarantined,
    check_files,
    check_modules,
    check_flags,
    check_leaving,
]


def timed(checks: Checks, part: Callable[[Checks], None]) -> None:
    """A part, and what it took."""
    started = time.monotonic()
    part(checks)
    print(f"       {part.__name__}: {time.monotonic() - started:.0f} s", flush=True)


def main() -> None:
    """Two parts at a time, those that take long first."""
    checks, begun = Checks(), time.monotonic()

    def check_all_bombs(checks: Checks) -> None:
        check_bombs(checks, "--large" in sys.argv[1:])

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(timed, checks, part) for part in [check_all_bombs, *PARTS]]:
            done.result()
    print(f"\n{checks.wrong} wrong, {time.monotonic() - begun:.0f} s")
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
