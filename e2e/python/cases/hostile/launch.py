"""Runs a command from a process that is small itself: what a process held before it became another counts as that one's.

Usage: launch.py RESULT SECONDS COMMAND…. Kills the command after so many seconds; writes its exit code and the KiB that it held.
"""

import os
import signal
import sys


def main() -> None:
    """Runs it to its end."""
    result, seconds, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
    child = os.posix_spawn(command[0], command, os.environ)
    signal.signal(signal.SIGALRM, lambda *_: os.kill(child, signal.SIGKILL))
    signal.setitimer(signal.ITIMER_REAL, seconds)
    _, status, used = os.wait4(child, 0)
    with open(result, "w") as file:
        file.write(f"{os.waitstatus_to_exitcode(status)} {used.ru_maxrss}")


if __name__ == "__main__":
    main()
