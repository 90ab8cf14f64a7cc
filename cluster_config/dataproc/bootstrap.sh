#!/usr/bin/env bash
# Installs adg below /opt/adg on each machine of a cluster, before its jobs: an initialization action.
#
# Reads the cluster's metadata: adg-bundle (gs://BUCKET/adg.tar.gz), adg-sha256, and adg-ledger, the secret in Secret Manager with the
# address of the ledger, where there is one.
set -euo pipefail
metadata() {
  /usr/share/google/get_metadata_value "attributes/$1" || true
}
bundle=${ADG_BUNDLE:-$(metadata adg-bundle)}
sha256=${ADG_SHA256:-$(metadata adg-sha256)}
ledger=${ADG_LEDGER_SECRET:-$(metadata adg-ledger)}
root=${ADG_ROOT:-/opt/adg}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcloud storage cp "$bundle" "$work/adg.tar.gz"
echo "$sha256  $work/adg.tar.gz" | sha256sum --check --quiet || { echo "$bundle is not what was to be installed" >&2; exit 1; }

mkdir -p "$root"
tar --extract --gzip --file "$work/adg.tar.gz" --directory "$root" --no-same-owner
# Now, not when the first job comes: a cluster whose initialization fails does not start.
"$root/bin/adg" --version || { echo "adg does not run here: build it on this image's system or an older one" >&2; exit 1; }

# What jobs call. To Pig two hyphens begin a comment, so that name=value stands for --name=value here. The ledger's address is asked for
# anew each time, and lies in no file.
cat >"$root/bin/adg-job" <<JOB
#!/bin/sh
ledger=$ledger
if [ -n "\$ledger" ]; then
  ADG_LEDGER=\$(gcloud secrets versions access latest --secret "\$ledger") || exit 21
  export ADG_LEDGER
fi
for word; do
  shift
  case \$word in
    *=*) set -- "\$@" "--\$word" ;;
    *) set -- "\$@" "\$word" ;;
  esac
done
exec $root/bin/adg-retry "\$@" --config $root/adg.yaml
JOB
chmod 755 "$root/bin/adg-job"
