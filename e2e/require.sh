#!/usr/bin/env bash
# Says plainly which tools are missing, and how to get them.
set -u
missing=0
for tool in "$@"; do
  command -v "$tool" >/dev/null 2>&1 && continue
  missing=1
  case "$tool" in
    cargo) echo "missing: cargo (Rust 1.95 or newer); install it by rustup, https://rustup.rs" >&2 ;;
    cc) echo "missing: a C compiler; on Debian: apt-get install build-essential" >&2 ;;
    protoc) echo "missing: protoc, for the Spark Connect client; on Debian: apt-get install protobuf-compiler libprotobuf-dev" >&2 ;;
    python3) echo "missing: python3 with venv; on Debian: apt-get install python3 python3-venv" >&2 ;;
    *) echo "missing: $tool" >&2 ;;
  esac
done
exit "$missing"
