import { readFileSync, statSync } from 'node:fs';
import { parseInstanceBehaviour } from './behaviour.ts';
import type { InstanceBehaviour } from './behaviour.ts';

/**
 * The behaviour file of one instance, read again whenever it changed. Writers
 * should rename a finished file into place: a half-written one is an error
 * until it is whole.
 */
export class InstanceFile {
  readonly #path: string;
  #stamp = '';
  #behaviour: InstanceBehaviour = {};

  constructor(path: string) {
    this.#path = path;
  }

  /**
   * What the file says now; nothing when there is none.
   * @throws BehaviourError while its content cannot be understood.
   */
  current(): InstanceBehaviour {
    const stat = statSync(this.#path, { bigint: true, throwIfNoEntry: false });
    const stamp = stat ? `${String(stat.ino)} ${String(stat.mtimeNs)} ${String(stat.size)}` : '';
    if (stamp === this.#stamp) return this.#behaviour;
    this.#behaviour = stat ? parseInstanceBehaviour(readFileSync(this.#path, 'utf8')) : {};
    // Remembered only once it was understood, so that an error lasts as long as its cause.
    this.#stamp = stamp;
    return this.#behaviour;
  }
}
