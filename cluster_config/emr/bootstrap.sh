#!/usr/bin/env bash
# Bootstrap action: installs adg below /opt/adg on each machine of a cluster, before its steps.
#
# Usage: bootstrap.sh s3://BUCKET/adg.tar.gz SHA256 [CERTIFICATE-SECRET]
# The secret is JSON with the PEM texts `certificate`, `key` and `ca`.
set -euo pipefail
bundle=$1
sha256=$2
certificate=${3:-}
root=${ADG_ROOT:-/opt/adg}
# Bootstrap actions run as the user hadoop, with sudo; steps also run as hadoop.
as_root=$([ -w "$(dirname "$root")" ] || echo sudo)

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
aws s3 cp --only-show-errors "$bundle" "$work/adg.tar.gz"
echo "$sha256  $work/adg.tar.gz" | sha256sum --check --quiet || { echo "$bundle is not what was to be installed" >&2; exit 1; }

$as_root mkdir -p "$root/certs"
$as_root tar --extract --gzip --file "$work/adg.tar.gz" --directory "$root" --no-same-owner
# Check now, not in the first step: a cluster does not start if its bootstrap fails.
"$root/bin/adg" --version || { echo "adg does not run here: build it on this release's system or an older one" >&2; exit 1; }

if [ -n "$certificate" ]; then
  aws secretsmanager get-secret-value --secret-id "$certificate" --query SecretString --output text >"$work/secret.json"
  for part in certificate:adg.pem key:adg.key ca:ca.pem; do
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$work/secret.json" "${part%%:*}" >"$work/part"
    $as_root install -m 600 -o "$(id -u)" -g "$(id -g)" "$work/part" "$root/certs/${part##*:}"
  done
fi
