#!/usr/bin/env bash
# What is given to users: the binary, its manual, completions, modules, licence, the list of what it is built of, and checksums.
#
# `e2e/package.sh BINARY TARGET SBOM OUT` makes OUT/adg-VERSION-TARGET.tar.gz and OUT/adg-VERSION-TARGET.cdx.json, and adds them to
# OUT/SHA256SUMS.
set -euo pipefail
cd "$(dirname "$0")/.."
binary=$1 target=$2 sbom=$3 out=$4
version=$("$binary" --version | cut -d' ' -f2)
name=adg-$version-$target
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

mkdir -p "$out" "$work/$name/completions"
cp "$binary" "$work/$name/adg"
cp -r README.md CHANGELOG.md LICENSE modules "$work/$name/"
"$binary" man "$work/$name/man"
for shell in bash zsh fish; do
  "$binary" completions "$shell" > "$work/$name/completions/adg.$shell"
done
# The same files give the same archive.
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 --create --directory "$work" "$name" | gzip --no-name > "$out/$name.tar.gz"
cp "$sbom" "$out/$name.cdx.json"
(cd "$out" && sha256sum "$name.tar.gz" "$name.cdx.json" >> SHA256SUMS && sort --unique --key=2 --output SHA256SUMS SHA256SUMS)
echo "$out/$name.tar.gz"
