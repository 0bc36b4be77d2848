import type { Evidence } from '../../reports/record/types.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { listed } from './exchange.ts';

/** A node that got or lost the virtual address. */
export interface AddressMove {
  readonly node: string;
  /** As the kernel's monitor prints it. */
  readonly at: string;
  readonly holds: boolean;
}

/** Reads what `ip -ts -o monitor address` printed on a node: the moves of one address. */
export function addressMoves(node: string, address: string, printed: string): AddressMove[] {
  return printed.split('\n').flatMap((line) => {
    const [, at, deleted, inet] = /^\[([^\]]+)\]\s*(Deleted )?.*\sinet ([\d.]+)\//.exec(line) ?? [];
    return at !== undefined && inet === address ? [{ node, at, holds: deleted === undefined }] : [];
  });
}

/** Who held the address while it was watched, and nobody broke anything. */
export interface WatchedHolder {
  readonly start: readonly string[];
  readonly end: readonly string[];
  readonly moves: readonly AddressMove[];
  /** The node that normally holds it. */
  readonly preferred: string;
  /** Whether the preferred node has held it since the start. */
  readonly hasHeld: boolean;
}

/**
 * Judges who held the address. Adverts that a busy machine sent late move it, and nothing
 * tells such a move from a wrong configuration; a state that lasts does.
 */
export function judgeHolder(expected: string, seen: WatchedHolder, evidence: readonly Evidence[]): Outcome {
  const { start, end, moves, preferred, hasHeld } = seen;
  const held = `held by ${listed(end) || 'nobody'}`;
  if (moves.length > 0 || listed(start) !== listed(end))
    return inconclusive(
      expected,
      `${held} at the end, after ${String(moves.length)} moves`,
      'the address moved while nothing was broken: adverts may have come late on a busy machine',
      evidence,
    );
  if (start.length === 1 && start[0] !== preferred && hasHeld)
    return inconclusive(expected, `${held} throughout`, `${preferred} has lost it before it was watched`, evidence);
  return judge(start.length === 1 && start[0] === preferred, expected, `${held} throughout`, evidence);
}
