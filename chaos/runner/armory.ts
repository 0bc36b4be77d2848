/** The faults of one trial that are in, each with its undo on disk before it went in. */
import { randomUUID } from 'node:crypto';

import type { Fault, UndoAction } from './fault.ts';
import type { ChaosTarget } from './target.ts';
import type { Timeline } from './timeline.ts';
import { applyUndo, writeUndo } from './undo.ts';
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

  /** Writes the undo to disk, then injects. */
  async inject(fault: Fault): Promise<void> {
    const armed: Armed = { id: randomUUID(), fault, undo: await fault.undo(this.#target), undone: false };
    this.#log(armed, 'armed');
    this.#armed.push(armed);
    this.#timeline.note(fault.name, 'undo armed');
    await fault.inject(this.#target);
    this.#timeline.note(fault.name, 'injected');
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
