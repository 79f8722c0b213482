// The pool of connections. Nothing here knows Zorya: it is what an application on
// Aurora DSQL has, and the same code runs there.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DsqlSigner } from '@aws-sdk/dsql-signer';
import pg from 'pg';

const env = process.env;

/** The data directory of a local server; used for what the environment does not say. */
const data = env.ZORYA_DATA ?? join(import.meta.dirname, '..', '..', '..', 'zorya-data');

const host = env.CLUSTER_ENDPOINT ?? env.PGHOST ?? 'localhost';
const port = Number(env.PGPORT ?? 5432);
const user = env.PGUSER ?? 'admin';
const region = env.AWS_REGION ?? 'us-east-1';
const ca = env.PGSSLROOTCERT ?? join(data, 'ca.pem');

if (!env.AWS_ACCESS_KEY_ID && existsSync(join(data, 'credentials'))) {
  env.AWS_SHARED_CREDENTIALS_FILE ??= join(data, 'credentials');
}

/** A pool of at most max connections, each with a token of its own. */
export function openPool(max: number): pg.Pool {
  const signer = new DsqlSigner({ hostname: host, region });
  const token = () => (user === 'admin' ? signer.getDbConnectAdminAuthToken() : signer.getDbConnectAuthToken());
  const plaintext = env.PGSSLMODE === 'disable';
  const pool = new pg.Pool({
    host,
    port,
    user,
    database: env.PGDATABASE ?? 'postgres',
    password: env.PGPASSWORD ?? token,
    ssl: plaintext ? false : { rejectUnauthorized: true, ca: existsSync(ca) ? readFileSync(ca) : undefined },
    max,
    idleTimeoutMillis: 30_000,
    connectionTimeoutMillis: 60_000,
    maxLifetimeSeconds: 3300, // DSQL ends a connection after an hour
  });
  // A connection that breaks while it is idle is dropped; the next call opens another.
  pool.on('error', (err) => console.error('idle connection lost:', err.message));
  return pool;
}
