#!/usr/bin/env bash
# The session of the talk "Amazon Aurora DSQL: A developer's perspective", from an
# empty directory: schema, roles, transfers, indexes, and the load with and without
# retries. Everything is removed at the end; KEEP=1 keeps the directory.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/server.sh

work=$(mktemp -d "${TMPDIR:-/tmp}/zorya-demo.XXXXXX")
finish() {
  stop_zorya
  if [ -n "${KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT
export PAGER='' PSQL_PAGER=''

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }

if ! command -v psql >/dev/null; then
  [ "$(id -u)" = 0 ] || { echo "the demo needs psql: install postgresql-client" >&2; exit 1; }
  apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y postgresql-client
fi

# sql USER runs the statements on standard input as an application's role or admin,
# and shows statement and answer.
sql() {
  PGPASSWORD=$("$ZORYA" token --data "$work/data" --role "$1" ${2:+--access-key "$2"}) psql -X -a -P null=NULL \
    "host=localhost port=$ZPORT user=$1 dbname=postgres sslmode=verify-full sslrootcert=$work/data/ca.pem"
}
bank() { "$ZORYA" workload bank "$1" --data "$work/data" --address "localhost:$ZPORT" "${@:2}"; }

step "An empty directory becomes a database"
start_zorya "$work/data"
echo "ready after $ZSTART ms: $work/data"
sql admin <<'SQL'
SELECT 1;
SELECT version();
SQL
echo "first answers $((($(date +%s%N) - ZBEGAN) / 1000000)) ms after the start"

step "Schema and a transfer"
sql admin <<'SQL'
CREATE TABLE accounts (id int PRIMARY KEY, balance int NOT NULL);
CREATE TABLE transactions (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  payer_id int NOT NULL,
  payee_id int NOT NULL,
  amount int NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now());
INSERT INTO accounts (id, balance) SELECT id, 100 FROM generate_series(1, 1000) AS id;
SELECT count(*), sum(balance) FROM accounts;
BEGIN;
UPDATE accounts SET balance = balance - 10 WHERE id = 1 RETURNING balance;
UPDATE accounts SET balance = balance + 10 WHERE id = 2;
INSERT INTO transactions (payer_id, payee_id, amount) VALUES (1, 2, 10);
COMMIT;
SELECT * FROM accounts WHERE id IN (1, 2) ORDER BY id;
SQL

step "Too many rows for one transaction; one DDL statement in each; a recursive query"
sql admin <<'SQL'
INSERT INTO accounts (id, balance) SELECT id, 100 FROM generate_series(10001, 20000) AS id;
BEGIN;
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY);
ROLLBACK;
WITH RECURSIVE fib (n, a, b) AS (
  SELECT 1, 0::bigint, 1::bigint UNION ALL SELECT n + 1, b, a + b FROM fib WHERE n < 10)
SELECT n, a FROM fib;
SQL

step "A role for the application, and who may connect as it"
arn=$("$ZORYA" iam create-role lambda --data "$work/data" | awk '/^Arn/ { print $2 }')
"$ZORYA" iam create-user app --data "$work/data"
user=$("$ZORYA" iam list --data "$work/data" | awk '$1 == "user" && $2 == "app" { print $3 }')
key=$("$ZORYA" iam create-access-key app --data "$work/data" | awk '/^AccessKeyId/ { print $2 }')
sql admin <<SQL
CREATE ROLE myapp WITH LOGIN;
GRANT ALL ON ALL TABLES IN SCHEMA public TO myapp;
AWS IAM GRANT myapp TO '$arn';
AWS IAM GRANT myapp TO '$user';
SELECT * FROM sys.iam_pg_role_mappings;
\du
SQL
sql myapp "$key" <<'SQL'
SELECT current_user, (SELECT balance FROM accounts WHERE id = 1);
CREATE TABLE not_mine (id int PRIMARY KEY);
SQL

step "10,000 transfers, 1,000 at a time, 1,000 accounts: without retries"
bank burst --calls 10000 --parallel 1000 --accounts 1000 --retries off
step "The same with retries"
bank burst --calls 10000 --parallel 1000 --accounts 1000 --retries on
sql admin <<'SQL'
SELECT sum(balance) FROM accounts;
SQL

step "An index"
sql admin <<'SQL'
EXPLAIN SELECT * FROM transactions WHERE payer_id = 1 ORDER BY created_at DESC LIMIT 5;
CREATE INDEX transactions_payer ON transactions (payer_id, created_at);
CREATE INDEX ASYNC transactions_payer ON transactions (payer_id, created_at) \gset
CALL sys.wait_for_job(:'job_id');
SELECT job_id, status, job_type, object_name FROM sys.jobs ORDER BY start_time DESC LIMIT 5;
ANALYZE transactions;
EXPLAIN SELECT * FROM transactions WHERE payer_id = 1 ORDER BY created_at DESC LIMIT 5;
EXPLAIN ANALYZE SELECT * FROM transactions WHERE payer_id = 1 ORDER BY created_at DESC LIMIT 5;
\d transactions
SQL

step "A steady load"
bank sustain --tps 500 --accounts 1000 --duration 5s

if command -v node >/dev/null && [ "${NODE:-1}" = 1 ]; then
  step "The same burst from Node.js, on unmodified pg and @aws-sdk/dsql-signer"
  (cd examples/bank && npm ci --no-audit --no-fund --silent &&
    ZORYA_DATA="$work/data" PGPORT=$ZPORT npm run --silent burst)
fi
