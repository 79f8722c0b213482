#!/usr/bin/env bash
# Shows that the history checker can find something: PostgreSQL at READ COMMITTED is
# reported, at REPEATABLE READ it is not, and neither is Zorya.
#
#   ZORYA_TEST_PG=postgres://… RUNS=5 DURATION=10s scripts/sensitivity.sh
#
# With PLANTED, a binary that has a bug planted, it must be reported instead:
#
#   PLANTED=/tmp/zorya-forgets scripts/sensitivity.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/server.sh

runs=${RUNS:-3} duration=${DURATION:-10s}
work=$(mktemp -d "${TMPDIR:-/tmp}/zorya-sensitivity.XXXXXX")
trap 'stop_zorya KILL; rm -rf "$work"' EXIT

# judge WHAT WANT command…: runs the command RUNS times. WANT is what must come of it:
# valid, every time, or reported, at least once.
judge() {
  local what=$1 want=$2 reported=0 run
  shift 2
  for run in $(seq "$runs"); do
    if "$ZORYA" workload history "$@" --duration "$duration" --seed "$run" --json >"$work/report" 2>"$work/error"; then
      continue
    fi
    grep -q "violates strong snapshot isolation" "$work/error" || { cat "$work/error" >&2; return 1; }
    reported=$((reported + 1))
    sed 's/.*"found":{\([^}]*\)}.*/    \1/' "$work/report"
  done
  echo "$what: reported in $reported of $runs runs"
  case $want in
    valid) [ "$reported" -eq 0 ] ;;
    reported) [ "$reported" -gt 0 ] ;;
  esac || { echo "$what should be $want" >&2; return 1; }
}

local_server() { judge "$1" "$2" --data "$work/data" --address "localhost:$ZPORT"; }

if [ -n "${PLANTED:-}" ]; then
  ZORYA=$PLANTED start_zorya "$work/data"
  local_server "$PLANTED" reported
  exit
fi
: "${ZORYA_TEST_PG:?names a PostgreSQL server to compare with, as postgres://user@host:port/database}"
postgres() { judge "PostgreSQL at $1" "$2" --dsn "$ZORYA_TEST_PG" --isolation "$1" --locks wait; }
postgres "read committed" reported
postgres "repeatable read" valid
start_zorya "$work/data"
local_server "Zorya" valid
