#!/usr/bin/env bash
# Installs what the tests need: the readers in a virtual environment, and Java for Spark.
set -euo pipefail
venv=$1
requirements=$(dirname "$0")/python/requirements.txt

if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv" || { echo "missing: Python's venv; on Debian: apt-get install python3-venv" >&2; exit 1; }
fi
if ! cmp -s "$requirements" "$venv/installed.txt"; then
  "$venv/bin/python" -m pip install --quiet --requirement "$requirements" \
    || { echo "the Python packages of $requirements could not be installed: is the package index reachable?" >&2; exit 1; }
  cp "$requirements" "$venv/installed.txt"
fi

if ! command -v java >/dev/null 2>&1; then
  echo "Java is missing; installing it from Debian" >&2
  { [ "$(id -u)" = 0 ] && apt-get update -q && apt-get install -y -q openjdk-17-jre-headless; } \
    || { echo "missing: Java 17, which Spark needs; on Debian: apt-get install openjdk-17-jre-headless" >&2; exit 1; }
fi
