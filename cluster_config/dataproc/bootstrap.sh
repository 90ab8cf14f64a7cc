#!/usr/bin/env bash
# Initialization action: installs adg below /opt/adg on each machine of a cluster, before its jobs.
#
# Reads the cluster's metadata: adg-bundle (gs://BUCKET/adg.tar.gz), adg-sha256, and optionally adg-ledger, the secret in Secret
# Manager with the address of the ledger.
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
# Check now, not in the first job: a cluster does not start if its initialization fails.
"$root/bin/adg" --version || { echo "adg does not run here: build it on this image's system or an older one" >&2; exit 1; }

# Entry point of jobs. Two hyphens begin a comment in Pig, so name=value stands for --name=value. The script fetches the address of the
# ledger for each job and stores it in no file.
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
