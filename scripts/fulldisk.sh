#!/usr/bin/env bash
# Fills the server's disk under a bank and a list-append load, again and again: slowly,
# so that commits are refused before it is full, and at once. What was acknowledged
# must be there, the history must be one of strong snapshot isolation, and with space
# again the server goes on, if need be after a restart. Mounts a small file system in
# memory, for which it must be root.
#
#   ROUNDS=6 scripts/fulldisk.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/server.sh

rounds=${ROUNDS:-6}
work=$(mktemp -d "${TMPDIR:-/tmp}/zorya-fulldisk.XXXXXX")
disk=$work/disk ballast=$work/disk/ballast data=$work/disk/data
driver='' lists=''
cleanup() {
  # shellcheck disable=SC2086 # either may be empty
  kill $driver $lists 2>/dev/null || true
  stop_zorya KILL
  umount "$disk" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
mkdir "$disk"
mount -t tmpfs -o size=256m zorya-fulldisk "$disk"

at() { "$ZORYA" workload "${@:1:2}" --data "$data" --address "localhost:$ZPORT" "${@:3}"; }
check() { at bank check --journal "$work/journal" >"$work/check" 2>&1 || { cat "$work/check" "$data.log"; exit 1; }; }
transfers() { at bank burst --calls 20 --parallel 2 --accounts 200 >/dev/null 2>&1; }

start_zorya "$data"
at bank setup --accounts 200 >/dev/null
"$ZORYA" workload history --data "$data" --address "localhost:$ZPORT" --clients 4 --duration 10h >"$work/history.out" 2>&1 &
lists=$!
"$ZORYA" workload bank drive --data "$data" --address "localhost:$ZPORT" --accounts 200 --connections 4 --duration 10h \
  --journal "$work/journal" >"$work/bank.out" 2>&1 &
driver=$!
refused=0 restarts=0
for round in $(seq "$rounds"); do
  sleep "0.$((RANDOM % 9 + 1))"
  free=$(df --output=avail -k "$disk" | tail -1)
  leave=$((round % 2 * 40 * 1024)) # what is left: 40 MiB, or nothing
  fallocate -l "$((free - leave))K" "$ballast" || true
  [ "$leave" -gt 0 ] || dd if=/dev/zero of="$disk/rest" bs=4k 2>/dev/null || true
  sleep 2
  if transfers; then echo "round $round: it committed on a full disk"; else refused=$((refused + 1)); fi
  if kill -0 "$ZPID" 2>/dev/null; then check; fi
  rm -f "$ballast" "$disk/rest"
  sleep 2
  how="went on by itself"
  if ! transfers; then
    how="was started again" restarts=$((restarts + 1))
    stop_zorya
    start_zorya "$data"
    transfers || { cat "$data.log"; exit 1; }
  fi
  check
  echo "round $round: $((leave / 1024)) MiB left, then the server $how; $(wc -l <"$work/journal") acknowledged transfers are there"
done
kill $driver && wait $driver || true
driver=''
kill $lists
wait $lists || { cat "$work/history.out"; exit 1; }
lists=''
cat "$work/history.out"
stop_zorya
echo "the disk was full $rounds times; $refused times transfers were refused meanwhile, $restarts restarts"
