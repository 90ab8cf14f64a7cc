#!/usr/bin/env bash
# Three days of vacancy files, run through adg: what a newcomer sees first. A second run has nothing to do.
set -euo pipefail
cd "$(dirname "$0")/.."
adg=$1

day() { date -u -d "$1 days ago" +%F; }
generate() { # generate DATE [FLAG...]: unless that day's files are there
  compgen -G "e2e/data/source/$1_*" >/dev/null && return
  "$adg" generate-test-data --module vacancy --date "$1" --rows 1000 --seed 7 --bad-values 0.005 "${@:2}" >/dev/null
  echo "generated four files for $1 in e2e/data/source"
}

generate "$(day 2)"
generate "$(day 1)" --add-column "vacancies.wage_currency=varchar(3)"
generate "$(day 0)" --add-column "vacancies.wage_currency=varchar(3)" --drop-column introductions.score

# Without history adg begins with yesterday; the first time, the demo asks for the day before it too.
first=()
[ -e warehouse/ledger.db ] || first=(--start-dt "$(day 2)")
echo "\$ adg --module vacancy ${first[*]}"
"$adg" --module vacancy "${first[@]}" --log-format human

sql="select date_uploaded, count(*) as vacancies, max(wage) as highest_wage, count(wage_currency) as with_currency, count(error_desc) as with_errors from vacancies group by date_uploaded order by date_uploaded"
echo
echo "\$ adg query \"$sql\""
"$adg" query "$sql"
