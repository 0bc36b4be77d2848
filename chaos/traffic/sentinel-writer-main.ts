/**
 * A client that finds Redis through its Sentinels and writes on schedule, whatever the answers do. It runs in a
 * container of the application's image, with the client library of the services, and writes a line for each attempt.
 *
 * Usage: node sentinel-writer-main.ts '<JSON of WriterPlan>'
 */
import { appendFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import type { WriterPlan, WriteSeen } from './sentinel-writer.ts';

/** A connection, or a command, that takes longer is given up, ms: the next attempt looks for the master again. */
const LIMIT_MS = 1_000;
const AGAIN_MS = 100;

const plan = JSON.parse(process.argv[2] ?? '{}') as WriterPlan;
const redis = new Redis({
  sentinels: plan.sentinels.map(({ host, port }) => ({ host, port })),
  name: plan.name,
  connectTimeout: LIMIT_MS,
  commandTimeout: LIMIT_MS,
  socketTimeout: 2 * LIMIT_MS,
  // Each attempt stands for itself: nothing is kept for later, nothing is sent twice.
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  retryStrategy: () => AGAIN_MS,
  sentinelRetryStrategy: () => AGAIN_MS,
});
// Told by the attempt that failed.
redis.on('error', () => undefined);
redis.once('ready', () => setInterval(attempt, plan.interval_ms));

function attempt(): void {
  const sent_ms = Date.now();
  const tell = (result: Pick<WriteSeen, 'ok' | 'what'>): void => {
    appendFileSync(plan.file, `${JSON.stringify({ sent_ms, done_ms: Date.now(), ...result } satisfies WriteSeen)}\n`);
  };
  redis.incr(plan.key).then(
    (value) => tell({ ok: true, what: String(value) }),
    (error: unknown) => tell({ ok: false, what: error instanceof Error ? error.message : String(error) }),
  );
}
