/** Undoing what a dead or hanging runner left in, from its undo log. */
import type { FaultHost } from './target.ts';
import { applyUndo, pendingUndos, writeUndo } from './undo.ts';
import type { UndoRecord } from './undo.ts';
import { pause } from './wait.ts';

/** One fault may keep the others waiting for so long, ms. */
const UNDO_LIMIT_MS = 10_000;
/**
 * Requests of the dead runner may still be under way in the engine: a pause that is
 * carried out after it was undone would stay. So everything is undone twice.
 */
const SETTLE_MS = 1_500;
/** Times that an undo which fails is tried. */
const PASSES_MOST = 5;

export interface ReplayOptions {
  readonly runDir: string;
  readonly host: FaultHost;
  readonly say: (text: string) => void;
  readonly settle_ms?: number;
}

export class Replay {
  readonly #options: ReplayOptions;
  /** What was tried while the runner may live, by id: not again each half second. */
  readonly #tried = new Set<string>();

  constructor(options: ReplayOptions) {
    this.#options = options;
  }

  /** Faults that are in and that nobody has tried to undo from here, oldest first. */
  get untried(): readonly UndoRecord[] {
    return pendingUndos(this.#options.runDir).filter(({ id }) => !this.#tried.has(id));
  }

  /** Undoes once what is in, newest first. What the runner undoes meanwhile is harmless to undo again. */
  async once(why: string): Promise<void> {
    const records = this.untried.toReversed();
    if (records.length === 0) return;
    this.#options.say(`${why}: undoing ${names(records)}`);
    for (const record of records) {
      this.#tried.add(record.id);
      await this.#undo(record);
    }
  }

  /** For a runner that is gone: undoes what is in, and looks again until it stays undone. */
  async toTheEnd(why: string): Promise<void> {
    const { runDir, say, settle_ms = SETTLE_MS } = this.#options;
    const records = pendingUndos(runDir).toReversed();
    if (records.length === 0) return;
    say(`${why}: undoing ${names(records)}`);
    let failed: readonly UndoRecord[] = await this.#undoAll(records);
    for (let pass = 2; pass === 2 || (failed.length > 0 && pass <= PASSES_MOST); pass += 1) {
      await pause(settle_ms);
      failed = await this.#undoAll(pass === 2 ? records : failed);
    }
  }

  /** @returns those that could not be undone */
  async #undoAll(records: readonly UndoRecord[]): Promise<UndoRecord[]> {
    const failed: UndoRecord[] = [];
    for (const record of records) if (!(await this.#undo(record))) failed.push(record);
    return failed;
  }

  async #undo(record: UndoRecord): Promise<boolean> {
    const { runDir, host, say } = this.#options;
    const { problem: _, ...rest } = record;
    const told = (state: UndoRecord['state'], problem?: string): void => {
      const at = new Date().toISOString();
      writeUndo(runDir, { ...rest, at, state, by: 'watchdog', ...(problem === undefined ? {} : { problem }) });
    };
    try {
      await bounded(applyUndo(host, record.undo));
      // The second pass says nothing new.
      if (pendingUndos(runDir).some(({ id }) => id === record.id)) {
        told('undone');
        say(`undone: ${record.fault}`);
      }
      return true;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      told('failed', problem);
      say(`could not undo ${record.fault}: ${problem}`);
      return false;
    }
  }
}

const names = (records: readonly UndoRecord[]): string => records.map(({ fault }) => fault).join(', ');

/** @throws Error when it takes too long */
async function bounded(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${UNDO_LIMIT_MS} ms`)), UNDO_LIMIT_MS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
