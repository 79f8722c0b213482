#!/usr/bin/env bash
# Kills the server with SIGKILL under a bank and a list-append load, again and again;
# every third time it stands still before, as under SIGSTOP. After each restart every
# transfer that the client saw acknowledged must be there, no half of any other, and
# the sum of balances must be right; the client keeps its own list. At the end the
# history of the lists must be one of strong snapshot isolation.
#
#   ROUNDS=20 CONNECTIONS=16 CLIENTS=6 ACCOUNTS=1000 scripts/crash.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/server.sh

rounds=${ROUNDS:-20} connections=${CONNECTIONS:-16} clients=${CLIENTS:-6} accounts=${ACCOUNTS:-1000}
work=$(mktemp -d "${TMPDIR:-/tmp}/zorya-crash.XXXXXX")
driver='' lists=''
cleanup() {
  # shellcheck disable=SC2086 # either may be empty
  kill $driver $lists 2>/dev/null || true
  [ -z "$ZPID" ] || kill -CONT "$ZPID" 2>/dev/null || true
  stop_zorya KILL
  rm -rf "$work"
}
trap cleanup EXIT

at() { "$ZORYA" workload "${@:1:2}" --data "$work/data" --address "localhost:$ZPORT" "${@:3}"; }

start_zorya "$work/data"
at bank setup --accounts "$accounts" >/dev/null
# Not through the function: then $! would be a shell's. The lists' clients stay for all
# rounds and come back after each. SIGTERM ends their time.
"$ZORYA" workload history --data "$work/data" --address "localhost:$ZPORT" --clients "$clients" --rebuild --duration 10h \
  --out "$work/history" >"$work/history.out" 2>&1 &
lists=$!
: >"$work/starts"
for round in $(seq "$rounds"); do
  "$ZORYA" workload bank drive --data "$work/data" --address "localhost:$ZPORT" --accounts "$accounts" \
    --connections "$connections" --duration 10m --journal "$work/journal" >/dev/null 2>&1 &
  driver=$!
  sleep "$((RANDOM % 2)).$((RANDOM % 9 + 1))"
  if [ $((round % 3)) -eq 0 ]; then
    kill -STOP "$ZPID"
    sleep "0.$((RANDOM % 9 + 1))"
    kill -CONT "$ZPID"
    [ $((round % 2)) -eq 0 ] || sleep "0.$((RANDOM % 9 + 1))"
  fi
  stop_zorya KILL
  kill $driver 2>/dev/null || true
  wait $driver || true
  driver=''
  start_zorya "$work/data"
  echo "$ZSTART" >>"$work/starts"
  at bank check --journal "$work/journal" >"$work/check" 2>&1 || { cat "$work/check" "$work/data.log"; exit 1; }
  echo "round $round: up again after $ZSTART ms, $(wc -l <"$work/journal") acknowledged transfers are there"
done
kill -0 $lists || { cat "$work/history.out"; exit 1; }
kill $lists
wait $lists || { cat "$work/history.out"; exit 1; }
lists=''
cat "$work/history.out"
if [ "$(wc -l <"$work/journal")" -lt "$rounds" ]; then
  echo "too few transfers to mean anything" >&2
  exit 1
fi
stop_zorya
sort -n "$work/starts" >"$work/sorted"
echo "killed $rounds times; $(wc -l <"$work/journal") acknowledged transfers are there;" \
  "start p50 $(sed -n "$(((rounds + 1) / 2))p" "$work/sorted") ms, slowest $(tail -1 "$work/sorted") ms"
