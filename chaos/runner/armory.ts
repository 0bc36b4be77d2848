/** The faults of one trial that are in, each with its undo on disk before it went in. */
import { randomUUID } from 'node:crypto';

import type { Fault, UndoAction } from './fault.ts';
import type { ChaosTarget } from './target.ts';
import type { Timeline } from './timeline.ts';
import { applyUndo, undoRecords, writeUndo } from './undo.ts';
import type { UndoRecord } from './undo.ts';

interface Armed {
  readonly id: string;
  readonly fault: Fault;
  readonly undo: readonly UndoAction[];
  undone: boolean;
}

export interface Rollbacks {
  readonly done: number;
  readonly failed: number;
}

export class Armory {
  readonly #target: ChaosTarget;
  readonly #runDir: string;
  readonly #timeline: Timeline;
  readonly #armed: Armed[] = [];
  readonly #injecting = new Set<Promise<void>>();
  #closed = false;

  constructor(target: ChaosTarget, runDir: string, timeline: Timeline) {
    this.#target = target;
    this.#runDir = runDir;
    this.#timeline = timeline;
  }

  get rollbacks(): Rollbacks {
    const done = this.#armed.filter((armed) => armed.undone).length;
    return { done, failed: this.#armed.length - done };
  }

  /** Faults that are in, in the order of their injection. */
  get inForce(): readonly Fault[] {
    return this.#armed.filter((armed) => !armed.undone).map(({ fault }) => fault);
  }

  /** Why the trial cannot count: the watchdog undid a fault of it while it ran; null when it did not. */
  get undoneByOthers(): string | null {
    const own = new Map(this.#armed.map(({ id, fault }) => [id, fault.name]));
    const other = undoRecords(this.#runDir).find(({ id, by }) => by === 'watchdog' && own.has(id));
    return other ? `the watchdog undid ${other.fault} at ${other.at}` : null;
  }

  /** Writes the undo to disk, then injects. @throws Error when the trial has ended meanwhile */
  async inject(fault: Fault): Promise<void> {
    const injecting = this.#inject(fault);
    const settled = injecting.catch(() => undefined).then(() => void this.#injecting.delete(settled));
    this.#injecting.add(settled);
    await injecting;
  }

  async #inject(fault: Fault): Promise<void> {
    const armed: Armed = { id: randomUUID(), fault, undo: await fault.undo(this.#target), undone: false };
    if (this.#closed) throw new Error(`${fault.name} is not injected: the trial has ended`);
    this.#log(armed, 'armed');
    this.#armed.push(armed);
    this.#timeline.note(fault.name, 'undo armed');
    await fault.inject(this.#target);
    this.#timeline.note(fault.name, 'injected');
  }

  /**
   * Nothing goes in any more, and what is in is undone. An injection that is under way
   * is waited for: undone before it happened, it would stay in.
   */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#injecting);
    await this.revertAll();
  }

  async prove(fault: Fault): Promise<void> {
    this.#timeline.note(fault.name, `effect proved: ${await fault.proveEffect(this.#target)}`);
  }

  async proveRemoval(fault: Fault): Promise<void> {
    this.#timeline.note(fault.name, `removal proved: ${await fault.proveRemoval(this.#target)}`);
  }

  /** Undoes one fault that is in. @throws Error when it cannot be undone */
  async revert(fault: Fault): Promise<void> {
    const armed = this.#armed.findLast((one) => one.fault === fault && !one.undone);
    if (armed && !(await this.#undo(armed))) throw new Error(`${fault.name} could not be undone`);
  }

  /** Undoes what is in, newest first; failures are kept and told, never thrown. */
  async revertAll(except: readonly Fault[] = []): Promise<void> {
    for (const armed of this.#armed.toReversed()) {
      if (!armed.undone && !except.includes(armed.fault)) await this.#undo(armed);
    }
  }

  async #undo(armed: Armed): Promise<boolean> {
    try {
      await applyUndo(this.#target.host, armed.undo);
      armed.undone = true;
      this.#log(armed, 'undone');
      this.#timeline.note(armed.fault.name, 'undone');
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      this.#log(armed, 'failed', problem);
      this.#timeline.note(armed.fault.name, `could not be undone: ${problem}`);
    }
    return armed.undone;
  }

  #log(armed: Armed, state: UndoRecord['state'], problem?: string): void {
    writeUndo(this.#runDir, {
      id: armed.id,
      at: new Date().toISOString(),
      runId: this.#target.runId,
      fault: armed.fault.name,
      undo: armed.undo,
      state,
      by: 'runner',
      ...(problem === undefined ? {} : { problem }),
    });
  }
}
