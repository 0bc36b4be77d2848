import type { Config } from '../config.ts';
import type { Log } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Postgres } from './postgres.ts';
import { MemoryRecords, MemorySessions } from './records.ts';
import type { RecordStore, SessionStore } from './records.ts';
import type { RedisStore } from './redis.ts';

/** Where an instance keeps things; null for a store that it runs without. */
export interface Stores {
  readonly postgres: Postgres | null;
  readonly redis: RedisStore | null;
  readonly records: RecordStore;
  readonly sessions: SessionStore;
  readonly close: () => Promise<void>;
}

/** Opens the stores that are configured; their client libraries are loaded only then. */
export async function openStores(config: Config, metrics: Metrics, log: Log): Promise<Stores> {
  const report = (store: string) => onceEach((message) => log('error', { message: `${store}: ${message}` }));
  const postgres =
    config.pgUrl === null
      ? null
      : new (await import('./postgres.ts')).Postgres(config.pgUrl, metrics, report('postgres'));
  const redis =
    config.redisUrl === null
      ? null
      : new (await import('./redis.ts')).RedisStore(config.redisUrl, metrics, report('redis'));
  return {
    postgres,
    redis,
    records: postgres ?? new MemoryRecords(),
    sessions: redis ?? new MemorySessions(),
    close: async () => {
      redis?.close();
      await postgres?.close();
    },
  };
}

/** A client that reconnects reports the same trouble many times a second; once in a row is enough. */
function onceEach(write: (message: string) => void): (error: Error) => void {
  let last = '';
  return (error) => {
    const message = error.message || error.name;
    if (message !== last) write(message);
    last = message;
  };
}
