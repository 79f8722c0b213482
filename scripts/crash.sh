#!/usr/bin/env bash
# Kills the server with SIGKILL in the middle of transfers, again and again. After
# each restart every transfer that the client saw acknowledged must be there, no
# half of any other, and the sum of balances must be right. The client keeps its
# own list.
#
#   ROUNDS=20 CONNECTIONS=32 ACCOUNTS=1000 scripts/crash.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/server.sh

rounds=${ROUNDS:-20} connections=${CONNECTIONS:-32} accounts=${ACCOUNTS:-1000}
work=$(mktemp -d "${TMPDIR:-/tmp}/zorya-crash.XXXXXX")
driver=
trap 'kill $driver 2>/dev/null || true; stop_zorya KILL; rm -rf "$work"' EXIT

bank() { "$ZORYA" workload bank "$1" --data "$work/data" --address "localhost:$ZPORT" "${@:2}"; }

start_zorya "$work/data"
bank setup --accounts "$accounts"
slowest=0
for round in $(seq "$rounds"); do
  # Not through the function: then $! would be a shell's, and killing it would leave
  # the client running.
  "$ZORYA" workload bank drive --data "$work/data" --address "localhost:$ZPORT" --accounts "$accounts" \
    --connections "$connections" --duration 10m --journal "$work/journal" >/dev/null 2>&1 &
  driver=$!
  sleep "$((RANDOM % 2)).$((RANDOM % 9 + 1))"
  stop_zorya KILL
  kill $driver 2>/dev/null || true
  wait $driver || true
  start_zorya "$work/data"
  [ "$ZSTART" -le "$slowest" ] || slowest=$ZSTART
  echo "round $round: up again after $ZSTART ms"
  bank check --journal "$work/journal" | sed 's/^/  /'
done
if [ "$(wc -l <"$work/journal")" -lt "$rounds" ]; then
  echo "too few transfers to mean anything" >&2
  exit 1
fi
stop_zorya
echo "killed $rounds times; $(wc -l <"$work/journal") acknowledged transfers are there; slowest start $slowest ms"
