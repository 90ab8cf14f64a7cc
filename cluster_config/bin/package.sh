#!/usr/bin/env bash
# Packs the bundle that all platforms install below /opt/adg: the binary, adg-retry, adg.yaml and the modules. Prints its SHA-256.
#
# Usage: package.sh ADG [CONFIG] > adg.tar.gz.sha256
#   ADG     the binary, built on the oldest target system: it needs that glibc or a newer one
#   CONFIG  a folder with adg.yaml and modules/; default: this folder's adg.yaml and the built-in modules
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
adg=$1
config=${2:-$here}
bundle=$(mktemp -d)
trap 'rm -rf "$bundle"' EXIT

mkdir -p "$bundle/bin" "$bundle/modules"
install -m 755 "$adg" "$bundle/bin/adg"
install -m 755 "$here/bin/adg-retry" "$bundle/bin/adg-retry"
install -m 644 "$config/adg.yaml" "$bundle/adg.yaml"
if [ -d "$config/modules" ]; then
  install -m 644 "$config"/modules/*.yaml "$bundle/modules/"
fi
# Reproducible: the same content gives the same checksum.
tar --create --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=u=rwX,go=rX --directory "$bundle" bin adg.yaml modules |
  gzip -n >adg.tar.gz
sha256sum adg.tar.gz
