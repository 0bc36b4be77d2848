/**
 * Typed access to what a claim's `value` holds. A case reads its numbers through
 * these, so that a missing or mistyped one is an error in the data, with its
 * place, and never a wrong verdict.
 */
import { DataError } from './errors.ts';
import type { Claim } from './ledger.ts';

/** The parts of a claim that readers need. */
type Valued = Pick<Claim, 'id' | 'value' | 'at'>;

/** A finite number. Throws a DataError when there is none. */
export function num(claim: Valued, ...path: string[]): number {
  return read(claim, path, 'a number', (value) => typeof value === 'number' && Number.isFinite(value)) as number;
}

/** A text. Throws a DataError when there is none. */
export function str(claim: Valued, ...path: string[]): string {
  return read(claim, path, 'a text', (value) => typeof value === 'string') as string;
}

/** True or false. Throws a DataError when there is neither. */
export function bool(claim: Valued, ...path: string[]): boolean {
  return read(claim, path, 'true or false', (value) => typeof value === 'boolean') as boolean;
}

/** A list of texts that is not empty. Throws a DataError when there is none. */
export function strings(claim: Valued, ...path: string[]): readonly string[] {
  return read(claim, path, 'a list of texts', (value) => isListOf(value, 'string')) as readonly string[];
}

/** A list of numbers that is not empty. Throws a DataError when there is none. */
export function numbers(claim: Valued, ...path: string[]): readonly number[] {
  return read(claim, path, 'a list of numbers', (value) => isListOf(value, 'number')) as readonly number[];
}

function isListOf(value: unknown, type: 'string' | 'number'): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === type);
}

function read(claim: Valued, path: readonly string[], expected: string, fits: (value: unknown) => boolean): unknown {
  let value: unknown = claim.value;
  for (const step of path) {
    value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[step] : undefined;
  }
  if (fits(value)) return value;
  throw new DataError([
    {
      place: claim.at,
      expected: `${expected} at value.${path.join('.')} of ${claim.id}`,
      seen: JSON.stringify(value) ?? 'nothing',
      remedy: 'Write the documented value there, or read the one that the claim has.',
    },
  ]);
}
