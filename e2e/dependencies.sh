#!/usr/bin/env bash
# What adg is built of: licences, sources and known holes of every crate, and the list of them all as an SBOM.
#
# `e2e/dependencies.sh TOOLS OUT`: cargo-deny and cargo-cyclonedx are installed in the folder TOOLS; the SBOM, CycloneDX in JSON, is
# written to OUT. Known holes are looked up in RustSec's database, which is a repository of GitHub: where that can't be reached, this
# is said, and fails only with ADVISORIES=required.
set -euo pipefail
cd "$(dirname "$0")/.."
tools=$1
out=$2
export PATH="$tools/bin:$PATH"
install() {
    # Does nothing where that very version is there.
    cargo install --quiet --locked --root "$tools" --target-dir "$tools/target" "$1@$2"
}
install cargo-deny 0.20.2
install cargo-cyclonedx 0.5.9

cargo deny --log-level error check bans licenses sources
if database=$(cargo deny --log-level error fetch db 2>&1); then
    cargo deny --log-level error check advisories
elif [ "${ADVISORIES:-}" = required ]; then
    echo "RustSec's database can't be reached: $database" >&2
    exit 1
else
    echo "known holes were not looked up: RustSec's database can't be reached" >&2
fi

cargo cyclonedx --quiet --format json --override-filename adg.cdx
mv adg.cdx.json "$out"
python3 - "$out" <<'SBOM'
import json, sys

sbom = json.load(open(sys.argv[1]))
missing = [one["name"] for one in sbom["components"] if not one.get("licenses") or not one.get("purl")]
if missing:
    sys.exit(f"without licence or address: {missing}")
print(f"{len(sbom['components'])} crates in {sys.argv[1]}")
SBOM
