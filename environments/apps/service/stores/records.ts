/** A business record as it was first accepted. */
export interface Stored {
  readonly id: string;
  readonly payload: unknown;
}

/** Keeps business records so that the same idempotency key never makes a second one. */
export interface RecordStore {
  /** Stores the record, or finds the earlier one with this key. */
  insert(kind: string, key: string, id: string, payload: unknown): Promise<{ stored: Stored; replayed: boolean }>;
}

/** Records of this process alone: for instances that run without a database. */
export class MemoryRecords implements RecordStore {
  readonly #records = new Map<string, Stored>();

  insert(kind: string, key: string, id: string, payload: unknown): Promise<{ stored: Stored; replayed: boolean }> {
    const name = JSON.stringify([kind, key]);
    const earlier = this.#records.get(name);
    const stored = earlier ?? { id, payload };
    this.#records.set(name, stored);
    return Promise.resolve({ stored, replayed: earlier !== undefined });
  }
}

/** Who is logged in. */
export interface User {
  readonly name: string;
  readonly role: string;
}

/** Sessions by the value of the cookie `sid`. */
export interface SessionStore {
  put(id: string, user: User): Promise<void>;
  get(id: string): Promise<User | null>;
}

/** Sessions of this process alone: for instances that run without Redis. */
export class MemorySessions implements SessionStore {
  readonly #sessions = new Map<string, User>();

  put(id: string, user: User): Promise<void> {
    this.#sessions.set(id, user);
    return Promise.resolve();
  }

  get(id: string): Promise<User | null> {
    return Promise.resolve(this.#sessions.get(id) ?? null);
  }
}
