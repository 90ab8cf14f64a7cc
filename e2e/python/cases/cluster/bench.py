"""A folder in which the scripts of `cluster_config` run: with a stand-in for adg and for the clouds' own commands, which write down
what they are asked.
"""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ADG = """\
#!/bin/sh
printf '%s|' "$START_DT" "$END_DT" "${ADG_CERTIFICATE_PEM:-}" "$@" >>"$0.asked"
echo >>"$0.asked"
read -r code <"$0.codes"
sed -i 1d "$0.codes"
case $code in wait) sleep 60 & trap 'kill $!; exit 143' TERM; touch "$0.waits"; wait ;; esac
exit "$code"
"""
"""Ends with each of the listed codes in turn."""
AWS = """\
#!/bin/sh
for word in "$@"; do printf '%s\\n' "$word" >>"$0.asked"; done
echo --- >>"$0.asked"
case "$*" in
  "s3 cp"*) cp "$(dirname "$0")/adg.tar.gz" "$5" ;;
  "secretsmanager get-secret-value"*) echo '{"certificate": "CERT", "key": "KEY", "ca": "CA"}' ;;
  "emr list-clusters"*) echo "j-1 j-2" ;;
  "emr list-steps --cluster-id j-1"*) echo "s-1 s-2" ;;
esac
"""
GCLOUD = """\
#!/bin/sh
case "$*" in
  "storage cp"*) cp "$(dirname "$0")/adg.tar.gz" "$4" ;;
  "secrets versions access latest --secret adg-ledger") echo '{"url": "postgresql://ledger"}' ;;
  *) exit 1 ;;
esac
"""
DYING = "#!/bin/sh\necho \"version 'GLIBC_2.99' not found\" >&2\nexit 1\n"


@contextmanager
def bench(**programs: str) -> Iterator[Path]:
    """A folder with programs, until its block ends."""
    with tempfile.TemporaryDirectory(prefix="adg-scripts-") as temporary:
        folder = Path(temporary)
        for each, text in programs.items():
            program(folder / each, text)
        yield folder


def program(path: Path, text: str) -> None:
    """Writes a script that can be run."""
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text)
    path.chmod(0o755)


def run(script: Path, *arguments: str | Path, at: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs one, with a folder's programs before all others."""
    environment = {"PATH": f"{at}:{os.environ['PATH']}", "HOME": str(at), "TMPDIR": str(at)} | variables
    return subprocess.run([script, *arguments], env=environment, cwd=at, capture_output=True, text=True, timeout=60, check=False)
