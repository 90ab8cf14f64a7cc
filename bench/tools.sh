#!/usr/bin/env bash
# Installs what the benchmark compares with: engines in a virtual environment, Sail with the older client that it takes, an S3 server,
# and the compiler with which Java runs a source file.
set -euo pipefail
place=$1
here=$(dirname "$0")

# install NAME REQUIREMENT...: a virtual environment, once for the same list.
install() {
  local venv=$place/$1 list
  list=$(printf '%s\n' "${@:2}")
  [ "$(cat "$venv/installed.txt" 2>/dev/null)" = "$list" ] && return
  [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet "${@:2}"
  echo "$list" >"$venv/installed.txt"
}

mapfile -t engines <"$here/requirements.txt"
install engines "${engines[@]}"
# Sail 0.7.2 refuses clients of Spark 4.3.
install sail pysail==0.7.2 pyspark-client==4.1.1
[ -x "$place/s3s/bin/s3s-fs" ] \
  || CARGO_TARGET_DIR="$place/s3s/target" cargo install --quiet --locked s3s-fs --version 0.14.1 --features binary --root "$place/s3s"
java --list-modules 2>/dev/null | grep -q '^jdk.compiler' || {
  echo "Java's compiler is missing; installing it from Debian" >&2
  { [ "$(id -u)" = 0 ] && apt-get update -q && apt-get install -y -q openjdk-17-jdk-headless; } \
    || { echo "missing: Java's compiler; on Debian: apt-get install openjdk-17-jdk-headless" >&2; exit 1; }
}
