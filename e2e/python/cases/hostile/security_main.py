"""What adg keeps to itself: secrets, files that others on the machine could read, and whom it talks to.

Usage: ADG_BIN=… security.py. Prints each check; exits 1 where one fails. What each proves: docs/threats.md.
"""

import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from world.aws import accounts
from world.checks import Checks
from world.scene import People
from cases.hostile.test_modes import check_modes
from cases.hostile.test_secrets import check_secrets
from cases.hostile.test_tls import check_https, check_plain_http, check_postgres
from world.key_service import key_service
from world.moto import moto


def main() -> None:
    """The waiting for those who are not trusted goes on beside the rest."""
    checks, begun = Checks(), time.monotonic()
    with moto() as server, key_service() as service, tempfile.TemporaryDirectory() as temporary, ThreadPoolExecutor() as pool:
        folder = Path(temporary)
        refused = pool.submit(check_https, checks, folder, service)
        check_modes(checks)
        check_postgres(checks, folder, service)
        check_plain_http(checks, folder)
        check_secrets(checks, server, People(*accounts(server)), service, folder)
        refused.result()
    print(f"\n{checks.wrong} wrong, {time.monotonic() - begun:.0f} s")
    sys.exit(checks.wrong > 0)


if __name__ == "__main__":
    main()
