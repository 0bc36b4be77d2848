import { Redis } from 'ioredis';
import type { Metrics } from '../metrics.ts';
import type { SessionStore, User } from './records.ts';

/** Longest wait for a connection, and for a command, ms. On a busy machine a second is no sign of a failure. */
const LIMIT_MS = 3000;
const SESSION_TTL_S = 24 * 3600;

/** Redis: sessions that every instance accepts, and the connections of the Socket.IO adapter. */
export class RedisStore implements SessionStore {
  readonly client: Redis;
  readonly #metrics: Metrics;

  constructor(url: string, metrics: Metrics, onError: (error: Error) => void) {
    this.client = new Redis(url, {
      connectTimeout: LIMIT_MS,
      commandTimeout: LIMIT_MS,
      maxRetriesPerRequest: 1,
      retryStrategy: (attempt) => Math.min(50 * attempt, 500),
    });
    this.client.on('error', onError);
    this.#metrics = metrics;
  }

  /** @throws Error when Redis does not answer in time. */
  async ping(): Promise<void> {
    this.#count('ping');
    await this.client.ping();
  }

  async put(id: string, user: User): Promise<void> {
    this.#count('set');
    await this.client.set(`session:${id}`, JSON.stringify(user), 'EX', SESSION_TTL_S);
  }

  async get(id: string): Promise<User | null> {
    this.#count('get');
    const found = await this.client.get(`session:${id}`);
    return found === null ? null : (JSON.parse(found) as User);
  }

  /** A further connection with the same settings: a subscriber can do nothing else. */
  subscriber(onError: (error: Error) => void): Redis {
    // A subscription waits for messages as long as it must.
    const subscriber = this.client.duplicate({ commandTimeout: undefined, maxRetriesPerRequest: null });
    subscriber.on('error', onError);
    return subscriber;
  }

  close(): void {
    this.client.disconnect();
  }

  #count(operation: string): void {
    this.#metrics.redisOperations.inc({ operation });
  }
}
