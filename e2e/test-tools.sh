#!/usr/bin/env bash
# Installs what the tests need: readers and services in a virtual environment, Java and PostgreSQL from Debian. Before it installs
# anything it prints what that is, and why.
set -euo pipefail
venv=$1
requirements=$(dirname "$0")/python/requirements.txt

# Prints what is going to be installed, and why.
say() { echo "test-tools: installing $1: $2" >&2; }

if [ ! -x "$venv/bin/python" ]; then
  say "a virtual environment in $venv" "the tests' Python packages go there, and not into the system"
  python3 -m venv "$venv" || { echo "missing: Python's venv; on Debian: apt-get install python3-venv" >&2; exit 1; }
fi
if ! cmp -s "$requirements" "$venv/installed.txt"; then
  say "the packages of $requirements in $venv" "each line that is new here says what for"
  diff --changed-group-format='%>' --unchanged-group-format='' <(cat "$venv/installed.txt" 2>/dev/null) "$requirements" | sed 's/^/  /' >&2 || true
  "$venv/bin/python" -m pip install --quiet --requirement "$requirements" \
    || { echo "the Python packages of $requirements could not be installed: is the package index reachable?" >&2; exit 1; }
  rm -f "$venv/hive-metastore.jsa"
  cp "$requirements" "$venv/installed.txt"
fi

# Sail looks which client of Spark is installed beside it, and takes none of 4.3.
sail=(pysail==0.7.2 pyspark-client==4.1.1)
if [ "$(cat "$venv/sail/installed.txt" 2>/dev/null)" != "${sail[*]}" ]; then
  say "${sail[*]} in $venv/sail" "Sail is the second engine that the tests compare adg with, and needs a client of its own"
  "$venv/bin/python" -m venv "$venv/sail"
  "$venv/sail/bin/python" -m pip install --quiet "${sail[@]}" \
    || { echo "the Python packages ${sail[*]} could not be installed: is the package index reachable?" >&2; exit 1; }
  echo "${sail[*]}" >"$venv/sail/installed.txt"
fi

# Installs a Debian package: its name, and what it is for.
debian() {
  say "the Debian package $1, with all that it depends on" "the tests need $2"
  { [ "$(id -u)" = 0 ] && apt-get update -q && apt-get install -y -q "$1"; } \
    || { echo "missing: $2; on Debian: apt-get install $1" >&2; exit 1; }
}

command -v java >/dev/null 2>&1 || debian openjdk-17-jre-headless "Java 17, for Spark and the Hive Metastore"
command -v protoc >/dev/null 2>&1 || debian protobuf-compiler "protoc, with which the client of Spark Connect is built"
[ -e /usr/include/google/protobuf/any.proto ] || debian libprotobuf-dev "protoc's own types"
# Debian does not have the server's programs on the path.
command -v initdb >/dev/null 2>&1 || compgen -G "/usr/lib/postgresql/*/bin/initdb" >/dev/null \
  || debian postgresql "PostgreSQL's server"
command -v mariadbd >/dev/null 2>&1 || [ -x /usr/sbin/mariadbd ] || debian mariadb-server "MariaDB, whose files adg reads"
command -v valgrind >/dev/null 2>&1 || debian valgrind "valgrind, which counts instructions"
command -v chromium >/dev/null 2>&1 || debian chromium "Chromium, which opens the page of \`adg report\`"
[ -e /usr/share/java/postgresql.jar ] || debian libpostgresql-jdbc-java "PostgreSQL's driver, for the Hive Metastore"

# So that each start of the Hive Metastore takes three quarters of the time.
if [ ! -e "$venv/hive-metastore.jsa" ]; then
  echo "test-tools: noting the classes of the Hive Metastore in $venv, so that it starts in three quarters of the time" >&2
  PYTHONPATH=$(dirname "$0")/python "$venv/bin/python" -m world.hive
fi
