#!/usr/bin/env bash
# Runs pytest on a binary: `e2e/python/run.sh BINARY PYTHON [ARGUMENT]…`. Each test is named as soon as it ends.
set -euo pipefail
binary=$(realpath "$1")
python=$(realpath -s "$2")
cd "$(dirname "$0")"
ADG_BIN=$binary PYTHONDONTWRITEBYTECODE=1 exec "$python" -m pytest -v --durations 15 "${@:3}"
