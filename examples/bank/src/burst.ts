// The load of the talk: 10,000 calls, 1,000 at a time, and what became of them.
//
//   npm run burst -- [--calls N] [--parallel N] [--accounts N] [--no-retries] [--json]
import { parseArgs } from 'node:util';
import { openPool } from './db.js';
import { setup, totalBalance } from './setup.js';
import { makeHandler, type Request, type Response } from './transfer.js';

const { values: flags } = parseArgs({
  options: {
    calls: { type: 'string', default: '10000' },
    parallel: { type: 'string', default: '1000' },
    accounts: { type: 'string', default: '1000' },
    'no-retries': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const [calls, parallel, accounts] = [flags.calls, flags.parallel, flags.accounts].map(Number) as [number, number, number];
if (!(calls >= 1 && parallel >= 1 && accounts >= 2)) {
  console.error('--calls and --parallel must be at least 1, --accounts at least 2');
  process.exit(2);
}

function randomRequest(): Request {
  const payer = Math.floor(Math.random() * accounts);
  const payee = (payer + 1 + Math.floor(Math.random() * (accounts - 1))) % accounts;
  return { payer_id: payer + 1, payee_id: payee + 1, amount: 1 };
}

/** Runs work n times, at most width of them at once. */
async function inParallel(n: number, width: number, work: () => Promise<void>): Promise<void> {
  let left = n;
  const worker = async () => {
    while (left-- > 0) await work();
  };
  await Promise.all(Array.from({ length: Math.min(width, n) }, worker));
}

function summary(responses: Response[], seconds: number) {
  const times = responses.map((r) => r.duration).sort((a, b) => a - b);
  const retries = responses.map((r) => r.retries);
  const errors: Record<string, number> = {};
  for (const r of responses) {
    if (r.error !== undefined) {
      const kind = `${r.error} (${r.errorCode ?? 'no SQLSTATE'})`;
      errors[kind] = (errors[kind] ?? 0) + 1;
    }
  }
  const failed = responses.filter((r) => r.error !== undefined);
  const sum = (a: number[]) => a.reduce((x, y) => x + y, 0);
  const at = (q: number) => times[Math.max(0, Math.ceil(q * times.length) - 1)]!;
  return {
    calls: responses.length,
    successful: responses.length - failed.length,
    failed: failed.length,
    conflicts: failed.filter((r) => r.errorCode === '40001').length,
    errors,
    seconds,
    perSecond: responses.length / seconds,
    ms: { min: times[0]!, avg: sum(times) / times.length, p50: at(0.5), p99: at(0.99), max: times.at(-1)! },
    retries: {
      total: sum(retries),
      max: retries.reduce((a, b) => Math.max(a, b), 0),
      avg: sum(retries) / responses.length,
      transactions: retries.filter((n) => n > 0).length,
    },
  };
}

function print(s: ReturnType<typeof summary>): void {
  const n = (x: number) => x.toLocaleString('en-US');
  const percent = (x: number) => `${((100 * x) / s.calls).toFixed(2)} %`;
  console.log(`Total calls         ${n(s.calls)}`);
  console.log(`Successful          ${n(s.successful)} (${percent(s.successful)})`);
  console.log(`Errors              ${n(s.failed)} (${percent(s.failed)})`);
  for (const [kind, count] of Object.entries(s.errors)) console.log(`  ${n(count)} × ${kind}`);
  console.log(`Total time          ${s.seconds.toFixed(2)} s`);
  console.log(`Throughput          ${n(Math.round(s.perSecond))} calls/s`);
  const t = Object.entries(s.ms).map(([name, ms]) => `${name} ${ms.toFixed(2)}`);
  console.log(`Time of a call      ${t.join('  ')} ms`);
  console.log(`Retries             ${n(s.retries.total)}, at most ${s.retries.max}, ${s.retries.avg.toFixed(2)} a call`);
  console.log(`Calls with retries  ${n(s.retries.transactions)} (${percent(s.retries.transactions)})`);
}

const pool = openPool(parallel);
let failed = false;
try {
  await setup(pool, accounts);
  const before = await totalBalance(pool);
  // Connections are opened before the clock starts, as a warm function has them.
  const clients = await Promise.all(Array.from({ length: Math.min(parallel, calls) }, () => pool.connect()));
  for (const client of clients) client.release();

  const handler = makeHandler(pool, !flags['no-retries']);
  const responses: Response[] = [];
  const start = performance.now();
  await inParallel(calls, parallel, async () => {
    responses.push(await handler(randomRequest()));
  });
  const s = summary(responses, (performance.now() - start) / 1000);
  const after = await totalBalance(pool);

  if (flags.json) console.log(JSON.stringify({ ...s, balanceBefore: String(before), balanceAfter: String(after) }));
  else print(s);
  if (!flags.json) console.log(`Sum of balances     ${before} before, ${after} after`);
  failed = before !== after || s.failed > s.conflicts;
} catch (err) {
  console.error(err instanceof AggregateError ? err.errors.map(String).join('\n') : String(err));
  failed = true;
} finally {
  await pool.end();
}
process.exitCode = failed ? 1 : 0;
