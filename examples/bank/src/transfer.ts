// The function of the talk: one call moves money from a payer to a payee.
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

export interface Request {
  payer_id: number;
  payee_id: number;
  amount: number;
}

/** The answer, with the telemetry of the call. */
export interface Response {
  balance?: number; // of the payer, after the transfer
  error?: string;
  errorCode?: string; // SQLSTATE
  retries: number;
  duration: number; // ms, retries included
  attempts: number[]; // ms of each attempt
}

/** A conflict: the transaction did nothing and may be run again. */
const isConflict = (err: unknown) => (err as { code?: string }).code === '40001';

/** Exponential backoff with jitter: 1 ms, doubled up to 100 ms. */
const backoff = (retry: number) => sleep(Math.min(100, 2 ** retry) * (0.5 + Math.random() / 2));

async function transfer(client: pg.PoolClient, { payer_id, payee_id, amount }: Request): Promise<number> {
  await client.query('BEGIN');
  const payer = await client.query<{ balance: number }>(
    'UPDATE accounts SET balance = balance - $1 WHERE id = $2 RETURNING balance',
    [amount, payer_id],
  );
  const balance = payer.rows[0]?.balance;
  if (balance === undefined) throw new Error('Payer account not found');
  if (balance < 0) throw new Error('Insufficient balance');
  const payee = await client.query('UPDATE accounts SET balance = balance + $1 WHERE id = $2', [amount, payee_id]);
  if (payee.rowCount === 0) throw new Error('Payee account not found');
  await client.query('INSERT INTO transactions (payer_id, payee_id, amount) VALUES ($1, $2, $3)', [
    payer_id,
    payee_id,
    amount,
  ]);
  await client.query('COMMIT');
  return balance;
}

/**
 * A handler in the manner of Lambda. Each attempt takes a connection from the pool
 * anew, so that a call that waits to retry keeps none from the others.
 */
export function makeHandler(pool: pg.Pool, retry: boolean) {
  return async (event: Request): Promise<Response> => {
    const start = performance.now();
    const attempts: number[] = [];
    for (let retries = 0; ; retries++) {
      const client = await pool.connect();
      const began = performance.now();
      let broken: Error | undefined;
      try {
        const balance = await transfer(client, event);
        attempts.push(performance.now() - began);
        return { balance, retries, duration: performance.now() - start, attempts };
      } catch (err) {
        attempts.push(performance.now() - began);
        await client.query('ROLLBACK').catch((e: Error) => (broken = e));
        if (!retry || !isConflict(err)) {
          const { message, code } = err as { message: string; code?: string };
          return { error: message, errorCode: code, retries, duration: performance.now() - start, attempts };
        }
      } finally {
        client.release(broken);
      }
      await backoff(retries);
    }
  };
}
