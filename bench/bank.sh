#!/usr/bin/env bash
# Transfers per second against PostgreSQL: one client, both servers on this machine,
# both durable, both with TLS, PostgreSQL at REPEATABLE READ with the same retries.
# Rounds are interleaved and each figure is the median of them, so that what else
# the machine does hits both sides alike. Prints a table in Markdown.
#
#   ROUNDS=3 SECONDS_EACH=8 CONNECTIONS="1 8 32 200" ACCOUNTS="1000000 1000" bench/bank.sh
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/server.sh

rounds=${ROUNDS:-3} each=${SECONDS_EACH:-8} levels=${CONNECTIONS:-1 8 32 200} sizes=${ACCOUNTS:-1000000 1000}
work=$(mktemp -d "${TMPDIR:-/tmp}/zorya-bench.XXXXXX")
pgport=${PGPORT_BENCH:-54398}
balance=1000000

# as runs a command as a user that PostgreSQL accepts: never root.
as() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }

newest_postgres() { find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1; }

find_postgres() {
  pgbin=$(newest_postgres || true)
  [ -z "$pgbin" ] || return 0
  echo "installing Debian's postgresql" >&2
  apt-get update -q >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -q -y postgresql openssl >&2
  pgbin=$(newest_postgres)
}

start_postgres() {
  mkdir -p "$work/pg"
  openssl req -new -x509 -days 2 -nodes -subj /CN=localhost -addext subjectAltName=DNS:localhost \
    -keyout "$work/pg/server.key" -out "$work/pg/server.crt" 2>/dev/null
  chmod 755 "$work" && chmod 600 "$work/pg/server.key"
  [ "$(id -u)" != 0 ] || chown -R postgres "$work/pg"
  as "$pgbin/initdb" -D "$work/pg/data" -U postgres --auth=trust -E UTF8 --locale=C >/dev/null
  cat >>"$work/pg/data/postgresql.conf" <<CONF
port = $pgport
listen_addresses = 'localhost'
unix_socket_directories = '$work/pg'
max_connections = 300
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 1GB
max_wal_size = 4GB
ssl = on
ssl_cert_file = '$work/pg/server.crt'
ssl_key_file = '$work/pg/server.key'
CONF
  as "$pgbin/pg_ctl" -D "$work/pg/data" -l "$work/pg/log" -w start >/dev/null
}

stop_all() {
  stop_zorya
  [ ! -d "$work/pg/data" ] || as "$pgbin/pg_ctl" -D "$work/pg/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap stop_all EXIT

# bank SIDE COMMAND [flags] runs the client against one side.
bank() {
  local side=$1 command=$2
  shift 2
  if [ "$side" = postgres ]; then
    "$ZORYA" workload bank "$command" --isolation repeatable-read \
      --dsn "host=localhost port=$pgport user=postgres dbname=postgres sslmode=verify-full sslrootcert=$work/pg/server.crt" "$@"
  else
    "$ZORYA" workload bank "$command" --data "$work/zorya" --address "localhost:$ZPORT" "$@"
  fi
}

# field NAME reads a number out of a line of JSON.
field() { sed -n "s/.*\"$1\":\([0-9.e+-]*\).*/\1/p"; }

# median of the numbers on standard input.
median() { sort -g | awk '{ v[NR] = $1 } END { print (NR % 2) ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# of SIZE LEVEL SIDE COLUMN is the median of one column of the results.
of() { awk -v s="$1" -v l="$2" -v d="$3" -v c="$4" '$1 == s && $2 == l && $3 == d { print $c }' "$work/results" | median; }

find_postgres
start_postgres
start_zorya "$work/zorya"
for size in $sizes; do
  for side in postgres zorya; do
    echo "setting up $size accounts in $side" >&2
    bank "$side" setup --drop --accounts "$size" --balance $balance >&2
  done
  as "$pgbin/psql" -h "$work/pg" -p "$pgport" -U postgres -qc 'VACUUM ANALYZE' -c CHECKPOINT
  for round in $(seq "$rounds"); do
    for level in $levels; do
      sides="postgres zorya"
      [ $((round % 2)) = 1 ] || sides="zorya postgres"
      for side in $sides; do
        line=$(bank "$side" drive --accounts "$size" --connections "$level" --warmup 1s --duration "${each}s" --json)
        echo "$size $level $side $(field per_second <<<"$line") $(field p50 <<<"$line") $(field p99 <<<"$line") $(field avg <<<"${line#*\"retries\"}")" |
          tee -a "$work/results" >&2
      done
    done
  done
  for side in postgres zorya; do bank "$side" check --balance $balance >&2; done
done

echo "$(date +%F), $(nproc) cores, $(as "$pgbin/postgres" --version), medians of $rounds rounds of $each s"
for size in $sizes; do
  echo
  echo "$size accounts:"
  echo
  echo "| connections | PostgreSQL, transfers/s | Zorya, transfers/s | ratio | PostgreSQL p50 / p99 ms | Zorya p50 / p99 ms | retries per transfer, PostgreSQL / Zorya |"
  echo "|---|---|---|---|---|---|---|"
  for level in $levels; do
    p=$(of "$size" "$level" postgres 4) z=$(of "$size" "$level" zorya 4)
    LC_ALL=C printf '| %d | %.0f | %.0f | %.2f | %.1f / %.1f | %.1f / %.1f | %.2f / %.2f |\n' "$level" "$p" "$z" "$(awk -v z="$z" -v p="$p" 'BEGIN { print z / p }')" \
      "$(of "$size" "$level" postgres 5)" "$(of "$size" "$level" postgres 6)" "$(of "$size" "$level" zorya 5)" "$(of "$size" "$level" zorya 6)" \
      "$(of "$size" "$level" postgres 7)" "$(of "$size" "$level" zorya 7)"
  done
done
