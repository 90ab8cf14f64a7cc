#!/usr/bin/env bash
# Runs the end-to-end tests: `e2e/run.sh rust|python|all BINARY PYTHON [ONLY]`. BINARY is where cargo puts adg.
#
# ONLY names a part of the tests: cargo takes it as a part of a test's path, pytest as its `-k` does. It may match in one of both.
set -euo pipefail
cd "$(dirname "$0")/.."
what=$1 binary=$2 python=$3 only=${4:-}
cargo=(cargo test --locked --all-features --test e2e)
# With this pytest ends where it selected no test.
none=5

in_rust() {
  if [ -n "$only" ]; then
    local count
    count=$("${cargo[@]}" -- --list "$only" | grep -c ': test$' || true)
    echo "$count tests in Rust match \"$only\""
    [ "$count" != 0 ] || return "$none"
  fi
  "${cargo[@]}" -- ${only:+"$only"}
}

# Faults and hostile input have targets of their own: they run on the release binary.
in_python() {
  cargo build --locked --all-features
  e2e/python/run.sh "$binary" "$python" -n 2 cases --ignore cases/faults --ignore cases/hostile ${only:+-k "$only"}
}

# Runs one part. Gives 5 where it has no test that matches, and ends where one of its tests fails.
part() {
  local status=0
  # Not after `||`, where bash would go on after a failure within a function.
  set +e
  (set -e; "$1")
  status=$?
  set -e
  [ "$status" = 0 ] || [ "$status" = "$none" ] || exit "$status"
  return "$status"
}

case $what in
  rust) in_rust ;;
  python) in_python ;;
  all)
    found=no
    part in_rust && found=yes
    part in_python && found=yes
    [ "$found" = yes ] || { echo "no test matches \"$only\"" >&2; exit "$none"; }
    ;;
  *) echo "$what is none of rust, python and all" >&2; exit 2 ;;
esac
