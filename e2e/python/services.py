"""Starts one of the services that tests need, for a parent that is not Python or that shares it with others.

Usage: services.py NAME [options]. When the service answers, prints one line of JSON: its addresses, keys, folder and process
id. Ends it when standard input ends, which it does with the parent, or on SIGTERM; nothing of it is kept.
"""

import argparse
import importlib
import json
import os
import signal
import sys
import threading
from contextlib import AbstractContextManager
from dataclasses import asdict
from types import FrameType
from typing import Any

MODULES = {
    "moto": "moto",
    "hive": "hive",
    "postgres": "postgres",
    "key_service": "key_service",
    "spark_connect": "spark_connect",
    "sail": "spark_connect",
}
"""Where each service is, below `world`."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Leaves by way of the blocks that clean up; a second signal must not disturb them."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    sys.exit(0)


def _watch_parent() -> None:
    """From the beginning, for a parent may end while the service starts."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGTERM)


def _service(name: str, **options: Any) -> AbstractContextManager[Any]:
    """Only what it needs is imported: boto3 alone takes longer than some services' start."""
    started: AbstractContextManager[Any] = getattr(importlib.import_module(f"world.{MODULES[name]}"), name)(**options)
    return started


def _options() -> dict[str, Any]:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = parser.add_subparsers(dest="name", required=True)
    options = {name: names.add_parser(name) for name in MODULES}
    options["moto"].add_argument("--unchecked", action="store_true", help="let everybody do everything")
    options["moto"].add_argument("--tenants", type=int, default=0, help="how many further accounts, each with a partner's")
    options["hive"].add_argument("--database", choices=("derby", "postgres"), default="derby", help="what it keeps its tables in")
    options["hive"].add_argument("--port", type=int, help="instead of any that is free")
    return vars(parser.parse_args())


def main() -> None:
    """Serves until told to stop."""
    for each in SIGNALS:
        signal.signal(each, _stop)
    threading.Thread(target=_watch_parent, daemon=True).start()
    try:
        with _service(**_options()) as service:
            print(json.dumps(asdict(service), default=str), flush=True)
            while True:
                signal.pause()
    except RuntimeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
