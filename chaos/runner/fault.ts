/** Faults: how they are injected, proved, undone and proved undone. */
import type { ChaosTarget } from './target.ts';

/** What undoes a fault, as data that survives the runner's death. */
export type UndoAction = { readonly action: 'start-container'; readonly service: string; readonly containerId: string };

export interface Fault {
  /** What is done, to whom: `container-kill customer-2`. */
  readonly name: string;
  readonly services: readonly string[];
  /** Computed, and written to disk, before `inject`. @throws NotOurs */
  undo(target: ChaosTarget): Promise<UndoAction>;
  inject(target: ChaosTarget): Promise<void>;
  /** What shows that the fault is in. @throws when it is not in within the fault's own time limit */
  proveEffect(target: ChaosTarget): Promise<string>;
  /** What shows that it is gone again. @throws likewise */
  proveRemoval(target: ChaosTarget): Promise<string>;
}
