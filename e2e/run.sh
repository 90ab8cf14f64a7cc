#!/usr/bin/env bash
# The end-to-end tests: those in Rust, then those in Python. `e2e/run.sh BINARY PYTHON [ONLY]`: BINARY is where cargo puts adg.
#
# ONLY names a part of the tests: cargo takes it as a part of a test's path, pytest as its `-k` does. It may match in one of both.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$1
python=$2
only=${3:-}
cargo=(cargo test --locked --features spark --test e2e)

if [ -z "$only" ]; then
  "${cargo[@]}"
else
  # A test of Rust has no blanks in its name: with blanks it is an expression for pytest.
  rust=$("${cargo[@]}" -- --list "$only" | grep -c ': test$' || true)
  echo "$rust tests in Rust match \"$only\""
  [ "$rust" = 0 ] || "${cargo[@]}" -- "$only"
fi

# Faults and hostile input have targets of their own: they run on the release binary.
status=0
e2e/python/run.sh "$binary" "$python" -n 2 cases --ignore cases/faults --ignore cases/hostile ${only:+-k "$only"} || status=$?
# 5: no test was selected.
if [ "$status" = 5 ] && [ -n "$only" ] && [ "$rust" != 0 ]; then
  status=0
fi
exit "$status"
