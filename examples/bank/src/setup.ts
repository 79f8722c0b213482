// The tables of the talk and its accounts.
import type pg from 'pg';

/** Rows in one transaction: DSQL takes at most 3,000. */
const BATCH = 2500;

const isMissing = (err: unknown) => (err as { code?: string }).code === '42P01';

/** Makes the tables and accounts 1 to accounts, with 100 each; what is there already stays. */
export async function setup(pool: pg.Pool, accounts: number): Promise<void> {
  const exists = await pool.query('SELECT count(*)::int AS n FROM accounts').catch((err) => {
    if (isMissing(err)) return undefined;
    throw err;
  });
  if (!exists) {
    await pool.query('CREATE TABLE IF NOT EXISTS accounts (id int PRIMARY KEY, balance int NOT NULL)');
    await pool.query(`CREATE TABLE IF NOT EXISTS transactions (
      id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
      payer_id int NOT NULL,
      payee_id int NOT NULL,
      amount int NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now())`);
  }
  const have: number = exists?.rows[0].n ?? 0;
  for (let first = have + 1; first <= accounts; first += BATCH) {
    const last = Math.min(first + BATCH - 1, accounts);
    await pool.query('INSERT INTO accounts (id, balance) SELECT id, 100 FROM generate_series($1::int, $2::int) AS id', [
      first,
      last,
    ]);
  }
}

/** The sum of all balances: no transfer may change it. */
export async function totalBalance(pool: pg.Pool): Promise<bigint> {
  const { rows } = await pool.query<{ sum: string }>('SELECT sum(balance) AS sum FROM accounts');
  return BigInt(rows[0]!.sum);
}
