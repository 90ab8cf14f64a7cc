"""What encryption costs: the same random grant applications plain, packed, and packed and encrypted, one file each, in S3."""

import re
from collections.abc import Iterator
from pathlib import Path

from data import DAY
from measure import Command, Cost, cost, median
from s3s import KEYS, S3, s3s
from table import Costs, Goal, rows
from world.key_service import KeyService, key_service

MODULES = Path(__file__).resolve().parents[1] / "modules"
PROFILES = """\
version: 1
profile: bench
profiles:
  bench:
    aws: {{ region: {s3.region}, endpoint: "{s3.url}" }}
    stores: {{ application: {{ url: "s3://source" }}, published: {{ url: "s3://published" }} }}
    metastore: {{ sqlite: {{ path: metastore.db }} }}
    ledger: {{ sqlite: {{ path: ledger.db }} }}
    scratch: scratch
    key_service:
      {{ url: "{keys.url}", new_key_url: "{keys.new_key_url}", certificate: {keys.certificate}, key: {keys.key}, ca: {keys.ca} }}
"""
KINDS = {"plain": (), "packed": ("--gzip",), "encrypted": ("--gzip",)}


def write_modules(home: Path) -> None:
    """The module that is built in, once for each kind of file."""
    text = (MODULES / "application.yaml").read_text()
    (home / "modules").mkdir()
    for kind in KINDS:
        module = re.sub(r"module: application\n", f"module: {kind}\n", text)
        module = re.sub(r"database: uc_kickstart", f"database: {kind}", module)
        module = module.replace("-mksas-", f"-{kind}-")
        if kind != "encrypted":
            module = re.sub(r"  encryption: key_service\n", "", module)
        (home / "modules" / f"{kind}.yaml").write_text(module)


def run(adg: str, count: str, runs: int, home: Path, s3: S3, keys: KeyService) -> Costs:
    """Makes the files, and runs each kind in turn."""
    (home / "adg.yaml").write_text(PROFILES.format(s3=s3, keys=keys))
    write_modules(home)
    for kind, flags in KINDS.items():
        words = [adg, "generate-test-data", "--module", kind, "--rows", count, "--date", DAY, *flags]
        cost(Command(words, home, KEYS))
    costs: dict[str, list[Cost]] = {kind: [] for kind in KINDS}
    for _ in range(runs):
        for kind in KINDS:
            words = [adg, "--module", kind, "--start-dt", DAY, "--end-dt", DAY]
            costs[kind].append(cost(Command(words, home, KEYS)))
    return {kind: median(found) for kind, found in costs.items()}


def costs(adg: str, count: int, runs: int, folder: Path) -> tuple[float, Costs]:
    """How large the text is, in MB, and what each kind took."""
    home, served = folder / "home", folder / "s3"
    home.mkdir()
    with key_service() as keys, s3s(served, "source", "published") as s3:
        found = run(adg, str(count), runs, home, s3, keys)
        [text] = [file.stat().st_size / 1e6 for file in (served / "source").glob("*-plain-*.enc")]
    return text, found


def lines(adg: str, gigabytes: float, runs: int, folder: Path) -> Iterator[str]:
    """What the table says of it: what it costs to decrypt and to unpack."""
    mb, found = costs(adg, int(gigabytes * 1e9 / 585), runs, folder)
    goal = Goal("cpu / packed", lambda costs: (costs["encrypted"].cpu / costs["packed"].cpu, 1.15))
    yield from rows(f"encrypted JSON {gigabytes:g} GB, in S3", f"{mb:.0f} MB", found, [goal], first="encrypted")
