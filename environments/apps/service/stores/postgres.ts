import pg from 'pg';
import type { Metrics } from '../metrics.ts';
import type { RecordStore, Stored } from './records.ts';

/** Longest wait for a connection, and for a statement, ms. On a busy machine a second is no sign of a failure. */
const LIMIT_MS = 3000;

/** Any number that is ours alone: serialises the creation of the table among workers that start together. */
const SCHEMA_LOCK = 7_034_211;

const SCHEMA = `
  create table if not exists business_record (
    kind text not null,
    idempotency_key text not null,
    id text not null,
    payload jsonb not null,
    created_at timestamptz not null default now(),
    primary key (kind, idempotency_key)
  )`;

/** PostgreSQL through a pool of each process. */
export class Postgres implements RecordStore {
  readonly #pool: pg.Pool;
  readonly #metrics: Metrics;
  #schema: Promise<void> | null = null;

  constructor(url: string, metrics: Metrics, onError: (error: Error) => void) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: 4,
      connectionTimeoutMillis: LIMIT_MS,
      query_timeout: LIMIT_MS,
    });
    this.#pool.on('error', onError);
    this.#metrics = metrics;
  }

  /** @throws Error when the database does not answer in time. */
  async ping(): Promise<void> {
    await this.#timed('ping', () => this.#pool.query('select 1'));
  }

  async insert(
    kind: string,
    key: string,
    id: string,
    payload: unknown,
  ): Promise<{ stored: Stored; replayed: boolean }> {
    await this.#ensureSchema();
    const inserted = await this.#timed('insert', () =>
      this.#pool.query<Stored>(
        `insert into business_record (kind, idempotency_key, id, payload) values ($1, $2, $3, $4)
         on conflict (kind, idempotency_key) do nothing returning id, payload`,
        [kind, key, id, JSON.stringify(payload)],
      ),
    );
    const [fresh] = inserted.rows;
    if (fresh) return { stored: fresh, replayed: false };
    const found = await this.#timed('select', () =>
      this.#pool.query<Stored>('select id, payload from business_record where kind = $1 and idempotency_key = $2', [
        kind,
        key,
      ]),
    );
    const [first] = found.rows;
    if (!first) throw new Error(`${kind} with this idempotency key vanished`);
    return { stored: first, replayed: true };
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  /** Created on first use, and tried again when that failed: the database may start later than this service. */
  async #ensureSchema(): Promise<void> {
    this.#schema ??= this.#createSchema().catch((error: unknown) => {
      this.#schema = null;
      throw error;
    });
    await this.#schema;
  }

  async #createSchema(): Promise<void> {
    // Several statements in one query are one transaction, which the lock lasts for.
    await this.#pool.query(`select pg_advisory_xact_lock(${String(SCHEMA_LOCK)}); ${SCHEMA}`);
  }

  async #timed<T>(operation: string, run: () => Promise<T>): Promise<T> {
    const stop = this.#metrics.queryDuration.startTimer({ operation });
    try {
      return await run();
    } finally {
      stop();
    }
  }
}
