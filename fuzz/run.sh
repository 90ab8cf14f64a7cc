#!/usr/bin/env bash
# Fuzzes every way in for so many seconds each, then keeps the smallest set of inputs that reaches as much.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:?how many seconds for each}
shift
export CARGO_TARGET_DIR="${FUZZ_TARGET_DIR:-$HOME/.cache/adg/fuzz-target}"
export RUSTC_WRAPPER="$PWD/only-ours.sh"
# There is no unsafe code to watch: a panic is what counts.
flags=(--sanitizer none --codegen-units 16 --fuzz-dir .)
for target in ${*:-csv json environments module keys types}; do
    found=$(mktemp -d)
    cargo +nightly fuzz run "${flags[@]}" "$target" "$found" "corpus/$target" -- -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1
    cargo +nightly fuzz run "${flags[@]}" "$target" "corpus/$target" "$found" -- -merge=1
    rm -rf "$found"
done
