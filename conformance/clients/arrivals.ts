import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Arrival } from './protocol.ts';

/** Lines kept; the oldest go first. */
export const DEFAULT_MAX_LINES = 200_000;
const MAX_CHARS = 256 * 1024 * 1024;
const READ_BYTES = 256 * 1024;
/** Lines looked at before the event loop gets its turn: a search must not delay requests. */
const LINES_PER_TURN = 2000;
const LF = 0x0a;

interface Followed {
  offset: number;
  /** Bytes after the last line end: a line that is still being written. */
  partial: Buffer;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Follows the arrival logs of all backends: every `*.ndjson` in one folder. */
export class ArrivalLog {
  readonly #folder: string;
  readonly #maxLines: number;
  readonly #files = new Map<string, Followed>();
  /** Everything before `#first` was dropped; compacted now and then. */
  #lines: string[] = [];
  #first = 0;
  #chars = 0;
  #work: Promise<unknown> = Promise.resolve();

  constructor(folder: string, maxLines: number = DEFAULT_MAX_LINES) {
    this.#folder = folder;
    this.#maxLines = maxLines;
  }

  /**
   * All arrivals known by now whose line, as it stands in the file, contains the
   * marker; oldest first.
   * What was written before this call is included.
   *
   * @throws when the folder cannot be read, or the marker is empty.
   */
  find(marker: string): Promise<readonly Arrival[]> {
    if (marker === '') return Promise.reject(new TypeError('an empty marker would match every arrival'));
    const found = this.#work.then(async () => {
      await this.#refresh();
      return this.#search(marker);
    });
    this.#work = found.catch(() => undefined);
    return found;
  }

  /** Lines held in memory. */
  get size(): number {
    return this.#lines.length - this.#first;
  }

  async #search(marker: string): Promise<readonly Arrival[]> {
    const matches: Arrival[] = [];
    for (let i = this.#first; i < this.#lines.length; i += 1) {
      const line = this.#lines[i] ?? '';
      if (line.includes(marker)) {
        const arrival = parseArrival(line);
        if (arrival !== undefined) matches.push(arrival);
      }
      if ((i - this.#first) % LINES_PER_TURN === LINES_PER_TURN - 1) await nextTurn();
    }
    return matches.sort((a, b) => a.at - b.at);
  }

  async #refresh(): Promise<void> {
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.ndjson')).sort();
    for (const name of names) await this.#follow(join(this.#folder, name));
  }

  async #follow(path: string): Promise<void> {
    const followed = this.#files.get(path) ?? { offset: 0, partial: Buffer.alloc(0) };
    this.#files.set(path, followed);
    const { size } = await stat(path);
    if (size < followed.offset) Object.assign(followed, { offset: 0, partial: Buffer.alloc(0) });
    if (size === followed.offset) return;
    const file = await open(path, 'r');
    try {
      const buffer = Buffer.alloc(READ_BYTES);
      for (;;) {
        const { bytesRead } = await file.read(buffer, 0, READ_BYTES, followed.offset);
        if (bytesRead === 0) return;
        followed.offset += bytesRead;
        this.#take(followed, buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
  }

  #take(followed: Followed, piece: Buffer): void {
    const data = Buffer.concat([followed.partial, piece]);
    const end = data.lastIndexOf(LF);
    followed.partial = data.subarray(end + 1);
    if (end < 0) return;
    for (const line of data.toString('utf8', 0, end).split('\n')) {
      if (line === '') continue;
      this.#lines.push(line);
      this.#chars += line.length;
    }
    this.#dropOldest();
  }

  #dropOldest(): void {
    while (this.size > this.#maxLines || this.#chars > MAX_CHARS) {
      this.#chars -= this.#lines[this.#first]?.length ?? 0;
      this.#lines[this.#first] = '';
      this.#first += 1;
    }
    if (this.#first > this.#maxLines / 4 && this.#first > 1000) {
      this.#lines = this.#lines.slice(this.#first);
      this.#first = 0;
    }
  }
}

function parseArrival(line: string): Arrival | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isArrival = typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'number';
    return isArrival ? (value as Arrival) : undefined;
  } catch {
    // A backend that was killed in the middle of a line leaves half of one.
    return undefined;
  }
}
