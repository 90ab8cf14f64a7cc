#!/usr/bin/env bash
# Fuzzes every way in for so many seconds each, then keeps a small set of inputs that reaches as many branches.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:?how many seconds for each}
shift
export CARGO_TARGET_DIR="${FUZZ_TARGET_DIR:-$HOME/.cache/adg/fuzz-target}"
export RUSTC_WRAPPER="$PWD/only-ours.sh"
# There is no unsafe code to watch: a panic is what counts.
flags=(--sanitizer none --codegen-units 16 --fuzz-dir .)
for target in ${*:-csv dialects json environments module keys types}; do
    found=$(mktemp -d)
    kept=$(mktemp -d)
    cargo +nightly fuzz run "${flags[@]}" "$target" "$found" "corpus/$target" -- -max_total_time="$seconds" -max_len=4096 -timeout=10 -print_final_stats=1
    # By branches, not by how often each was taken: a tenth of the files.
    cargo +nightly fuzz run "${flags[@]}" "$target" "$kept" "corpus/$target" "$found" -- -merge=1 -use_counters=0
    rm -rf "$found" "corpus/$target"
    mv "$kept" "corpus/$target"
    chmod 755 "corpus/$target"
done
