"""What a large encrypted file costs beside the same rows in the clear: one file of random grant applications each, by adg itself, in S3.

Usage: ADG_BIN=… big_encrypted.py ROWS [FLAG…]. Two million rows are 1.2 GB of text. Prints seconds and memory.
"""

import os
import re
import sys
import tempfile
from datetime import date
from pathlib import Path

from aws import accounts
from kickstart_scenario import today
from module_scene import SQLITE_LEDGER, ModuleScene, named
from scene import People
from service.key_service import key_service
from service.moto import moto

MODULES = Path(__file__).resolve().parents[2] / "modules"


def plain_module(scene: ModuleScene) -> None:
    """The same module for files in the clear."""
    text = (MODULES / "application.yaml").read_text()
    text = re.sub(r"module: application\n", "module: plain\n", text)
    text = re.sub(r"  encryption: key_service\n", "", text)
    text = re.sub(r"database: uc_kickstart", "database: plain", text)
    text = re.sub(r"\.json\.enc", ".json", text)
    scene.job.write("modules/plain.yaml", text)


def cost(scene: ModuleScene, module: str, now: date, flags: list[str]) -> str:
    """Runs the module and gives what it took."""
    with scene.job.start("--module", module, *flags, **named(now)) as process:
        complaints = process.stderr.read() if process.stderr else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(complaints)
    [day] = scene.job.report()["days"]
    seconds = f"{day['rows_written']} rows, {usage.ru_utime + usage.ru_stime:.1f} CPU seconds"
    return f"{seconds}, {usage.ru_maxrss / 1024:.0f} MiB at most"


def main() -> None:
    """Both, three times in turn."""
    rows, flags = sys.argv[1], sys.argv[2:]
    with moto() as server, key_service() as service, tempfile.TemporaryDirectory() as temporary:
        scene = ModuleScene.make(People(*accounts(server)), "eu-west-2", Path(temporary), service, SQLITE_LEDGER)
        plain_module(scene)
        now, bucket = today(), scene.sources["application"]
        with scene.writing():
            for module, packed in (("application", ["--gzip"]), ("plain", [])):
                scene.job.expect(0, "generate-test-data", "--module", module, "--rows", rows, "--date", str(now), *packed)
        for key in bucket.keys():
            print(f"{key}: {bucket.s3.head_object(Bucket=bucket.name, Key=key)['ContentLength'] / 1e6:.0f} MB")
        for _ in range(3):
            for module in ("application", "plain"):
                print(f"{module}: {cost(scene, module, now, flags)}")


if __name__ == "__main__":
    main()
