"""The binary that users are given, where there is nothing else: no library, no shell, no file of the system's but its authorities.

Usage: python -m tools.static_binary BINARY. Needs the rights to change the root. Prints each check and the figures; exits 1 where
one fails.
"""

import os
import shutil
import statistics
import struct
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from world.adg import EMBEDDED, ENVIRONMENTS
from world.checks import Checks
from world.post_server import listening

AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
MOST_MB = 60
MOST_MS = 10
PT_INTERP = 3
NAME = "lineage.example"


def interpreters(binary: Path) -> int:
    """How many loaders the file asks for."""
    with binary.open("rb") as file:
        head = file.read(64)
        offset, size, count = struct.unpack_from("<Q", head, 32)[0], *struct.unpack_from("<HH", head, 54)
        file.seek(offset)
        headers = file.read(size * count)
    return [struct.unpack_from("<I", headers, size * number)[0] for number in range(count)].count(PT_INTERP)


def starts_in(binary: Path) -> float:
    """Milliseconds that `--version` takes, of 30 times the median."""
    times = []
    for _ in range(30):
        begun = time.perf_counter()
        subprocess.run([binary, "--version"], stdout=subprocess.DEVNULL, check=True)
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


def alone(root: Path, *args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs the binary in a root that has nothing but it and its work."""
    environment = {"ADG_CONFIG": "/work/adg.yaml"} | variables
    command: list[str | Path] = ["chroot", "--userspec", "65532:65532", root, "/adg", *args]
    return subprocess.run(command, env=environment | {"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False)


def main() -> int:
    """Looks at the file, then runs it."""
    checks, binary = Checks(), Path(sys.argv[1]).resolve()
    size, start = binary.stat().st_size / 1e6, starts_in(binary)
    print(f"{size:.1f} MB, --version in {start:.1f} ms")
    checks.same("it needs no loader", interpreters(binary), 0)
    for goal, is_met in ((f"less than {MOST_MB} MB", size < MOST_MB), (f"--version within {MOST_MS} ms", start < MOST_MS)):
        print(f"{'goal  ' if is_met else 'MISSED'} {goal}")
    with TemporaryDirectory() as folder, listening() as server:
        root = Path(folder)
        shutil.copy(binary, root / "adg")
        for name in ("work/source", "work/warehouse", "tmp", "etc/ssl/certs"):
            (root / name).mkdir(parents=True)
        # The authorities that the image has too: without any, no client of HTTP can be made.
        shutil.copy(AUTHORITIES, root / AUTHORITIES.relative_to("/"))
        (root / "etc/hosts").write_text(f"127.0.0.1 {NAME}\n")
        (root / "work/adg.yaml").write_text(ENVIRONMENTS.replace("METASTORE", EMBEDDED))
        for path in (root, *root.rglob("*")):
            path.chmod(0o755 if path == root / "adg" else 0o777 if path.is_dir() else 0o644)
        made = alone(root, "generate-test-data", "--module", "vacancy", "--date", "2024-05-01", "--rows", "100")
        checks.same("it makes test data", (made.returncode, made.stderr), (0, ""))
        # By a name: the resolver is in the binary too.
        url = f"http://{NAME}:{server.url.rsplit(':', 1)[1]}"
        ran = alone(root, "--module", "vacancy", "--start-dt", "2024-05-01", "--end-dt", "2024-05-01", OPENLINEAGE_URL=url)
        checks.same("it does a night", (ran.returncode, [line for line in ran.stderr.splitlines() if "ERROR" in line]), (0, []))
        checks.same("it finds a host by its name", len(server.messages) > 0, True)
        rows = alone(root, "query", "select count(*) as n from bids", "--format", "csv")
        checks.same("its rows are there", (rows.returncode, rows.stdout.split()), (0, ["n", "100"]))
        zone = alone(root, "plan", "--module", "vacancy", "--start-dt", "2024-05-01", "--end-dt", "2024-05-01")
        checks.same("it plans", zone.returncode, 0)
    return 1 if checks.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
