#!/usr/bin/env bash
# Shows that the history checker can find something: PostgreSQL at READ COMMITTED is
# reported, at REPEATABLE READ it is not, and neither is Zorya.
#
#   ZORYA_TEST_PG=postgres://… RUNS=5 DURATION=10s scripts/sensitivity.sh
#
# With PLANTED, a binary that has a bug planted, it must be reported instead:
#
#   PLANTED=/tmp/zorya-forgets scripts/sensitivity.sh
#
# PLANTED=all plants each bug of sim/bugs.go in turn (ONLY="fsync" chooses by name) and runs
# the load that shows it.
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
    if "$ZORYA" workload history --duration "$duration" "$@" --seed "$run" --json >"$work/report" 2>"$work/error"; then
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

# planted_all builds each bug of sim/bugs.go in turn and runs what shows it (sim/wire.go).
planted_all() {
  local name kind how failed=0
  go run ./cmd/zorya-sim -loads >"$work/loads"
  while IFS=$'\t' read -r name kind how <&3; do
    case $name in *"${ONLY:-}"*) ;; *) continue ;; esac
    if [ "$kind" = else ]; then
      echo "not shown: $name: $how"
      continue
    fi
    go run ./cmd/zorya-sim -plant "$name" -build ./cmd/zorya >/dev/null || failed=1
    if [ "$kind" = history ]; then
      # shellcheck disable=SC2086 # flags
      (good=$ZORYA ZPORT='' ZORYA=planted/zorya
        trap 'stop_zorya KILL; rm -rf "$work/data"' EXIT
        start_zorya "$work/data" && ZORYA=$good runs=1 && judge "$name" reported --data "$work/data" --address "localhost:$ZPORT" $how) || failed=1
    else
      # shellcheck disable=SC2086 # a test and its arguments
      set -- $how
      if go test -overlay planted/overlay.json ./e2e -count=1 -timeout 30m -run "$1" -args "${@:2}" >"$work/report" 2>&1; then
        echo "$name: NOT REPORTED by $how" && failed=1
      else
        echo "$name: reported by $1: $(grep -m1 -A1 '_test.go' "$work/report" | tail -1 | cut -c1-160)"
      fi
    fi
    rm -rf planted
  done 3<"$work/loads"
  return $failed
}

if [ "${PLANTED:-}" = all ]; then
  planted_all
  exit
fi
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
