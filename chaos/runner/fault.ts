/** Faults: how they are injected, proved, undone and proved undone. */
import type { Limits } from '../../environments/harness/fault-actions.ts';
import type { ChaosTarget } from './target.ts';

/**
 * One step that undoes a fault, as data that survives the runner's death. It must be
 * harmless when it has been done already: the runner and the watchdog may both do it.
 */
export type UndoAction = {
  readonly service: string;
  readonly containerId: string;
} & (
  | { readonly action: 'start' }
  | { readonly action: 'unpause' }
  /** A command in the container, as root. */
  | { readonly action: 'exec'; readonly argv: readonly string[] }
  /** A command in the container's network namespace, from outside. */
  | { readonly action: 'network-exec'; readonly argv: readonly string[] }
  | { readonly action: 'connect'; readonly network: string; readonly address: string }
  | { readonly action: 'limit'; readonly limits: Limits }
  | { readonly action: 'put'; readonly path: string; readonly content: string; readonly mode?: number }
);

export interface Fault {
  /** What is done, to whom: `container-kill customer-2`. */
  readonly name: string;
  readonly services: readonly string[];
  /** Computed, and written to disk, before `inject`; done in this order. @throws NotOurs */
  undo(target: ChaosTarget): Promise<readonly UndoAction[]>;
  inject(target: ChaosTarget): Promise<void>;
  /** What shows that the fault is in. @throws when it is not in within the fault's own time limit */
  proveEffect(target: ChaosTarget): Promise<string>;
  /** What shows that it is gone again. @throws likewise */
  proveRemoval(target: ChaosTarget): Promise<string>;
}
