#!/usr/bin/env bash
# Whether a room's tests notice when its code is changed: `e2e/mutants.sh schema`, or `catchup`.
#
# Each of some hundred changes is built and tested by itself. So that this takes seconds and not minutes, the room and what it
# needs are a crate of their own here, without Polars: the same files under the same names.
set -euo pipefail
cd "$(dirname "$0")/.."
room=${1:?which room: schema or catchup}
shift
case $room in
schema)
    rooms=(schema)
    libraries='fast-float2|indexmap|jiff|memchr|proptest|schemars|serde|serde_json|sha2|strsim|thiserror'
    ;;
catchup)
    rooms=(aws catchup embedded.rs identity private.rs runtime.rs secrets test_services.rs)
    libraries='aws-config|aws-credential-types|aws-sdk-(dynamodb|secretsmanager|sts)|aws-smithy-[a-z-]+|backon|base64|futures|http|indexmap|jiff|postgres|proptest|py_literal|quick-xml|rusqlite|rustix|rustls|rustls-native-certs|schemars|serde|serde_bytes|serde_dynamo|serde_json|strsim|tempfile|thiserror|tokio|tokio-postgres-rustls|tracing|uuid|zeroize|zstd'
    ;;
*)
    echo "no room $room: schema or catchup" >&2
    exit 2
    ;;
esac
crate=$(mktemp -d)
trap 'rm -rf "$crate"' EXIT
mkdir "$crate/src"
cp -r "${rooms[@]/#/src/}" "$crate/src/"
cp -r Cargo.lock e2e proptest-regressions "$crate/"
{
    printf '[package]\nname = "adg"\nversion = "0.1.0"\nedition = "2024"\n[dependencies]\n'
    grep -E "^($libraries) = " Cargo.toml
    printf '[profile.dev]\ndebug = false\n'
} > "$crate/Cargo.toml"
for each in "${rooms[@]}"; do
    [ "$each" = test_services.rs ] && echo '#[cfg(test)]'
    echo "pub mod ${each%.rs};"
done > "$crate/src/lib.rs"
# What is not tested by a value but by its look, or can't end: see docs/reliability.md.
cargo mutants --dir "$crate" --output "${OUT:-$crate}" --file "src/$room/**" --no-shuffle "$@" -- "$room::"
