# shellcheck shell=bash
# Sourced by the scripts that need a server of their own.
#
#   start_zorya DIR [flags]   starts bin/zorya on DIR and a free port, waits until it
#                             is ready and sets ZPID, ZPORT, ZBEGAN (ns) and ZSTART (ms)
#   stop_zorya [signal]       ends it

ZORYA=${ZORYA:-bin/zorya}
ZPID='' ZPORT='' ZBEGAN=''

start_zorya() {
  local dir=$1
  shift
  : >"$dir.log"
  ZBEGAN=$(date +%s%N)
  "$ZORYA" serve --data "$dir" --pg-addr "127.0.0.1:${ZPORT:-0}" --http-addr "" --json "$@" \
    >"$dir.out" 2>"$dir.log" &
  ZPID=$!
  until grep -qx ready "$dir.log" 2>/dev/null; do
    kill -0 "$ZPID" 2>/dev/null || { echo "the server did not start:" >&2; cat "$dir.log" >&2; return 1; }
    sleep 0.01
  done
  ZSTART=$((($(date +%s%N) - ZBEGAN) / 1000000))
  ZPORT=$(sed -n 's/.*"port":\([0-9]*\).*/\1/p' "$dir.out" | tail -1)
}

stop_zorya() {
  [ -n "$ZPID" ] || return 0
  kill "-${1:-TERM}" "$ZPID" 2>/dev/null || true
  wait "$ZPID" 2>/dev/null || true
  ZPID=
}
