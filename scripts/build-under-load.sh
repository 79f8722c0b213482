#!/usr/bin/env bash
# An index build over many rows during the bank load: the load before, during and after
# it, and afterwards index = table.
#
#   ACCOUNTS=1000000 SECONDS_EACH=15 scripts/build-under-load.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/server.sh

accounts=${ACCOUNTS:-1000000} each=${SECONDS_EACH:-15}
work=$(mktemp -d "${TMPDIR:-/tmp}/zorya-build.XXXXXX")
trap 'stop_zorya KILL; rm -rf "$work"' EXIT
start_zorya "$work/data"
bank() { "$ZORYA" workload bank "$@" --data "$work/data" --address "localhost:$ZPORT" --accounts "$accounts"; }
sql() {
  PGPASSWORD=$("$ZORYA" token --data "$work/data") psql -XAtq \
    "host=localhost port=$ZPORT user=admin dbname=postgres sslmode=verify-full sslrootcert=$work/data/ca.pem" -c "$1"
}
drive() { echo "$1: $(bank drive --duration "$2" --json)"; }

bank setup >/dev/null
drive before "${each}s"
(until [ -e "$work/built" ]; do drive during 5s; done) &
load=$!
sleep 1
began=$(date +%s)
job=$(sql "create index async by_balance on accounts (balance)")
sql "call sys.wait_for_job('$job')" >/dev/null
printf 'built in %s s: %s\n' "$(($(date +%s) - began))" "$(sql "select status from sys.jobs where job_id = '$job'")"
touch "$work/built"
wait "$load"
drive after "${each}s"
bank check
stop_zorya TERM
"$ZORYA" check "$work/data"
