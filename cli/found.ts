/** Finds experiments and scenarios by their files, and says which exist when one does not. */
import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { closest } from '../environments/ledger/closest.ts';
import { UsageError } from '../environments/ledger/errors.ts';

const ROOT = join(import.meta.dirname, '..');

/** Names of an environment's experiments. */
export function experimentsOf(environment: string, root = ROOT): readonly string[] {
  return names(root, `chaos/experiments/${environment}/*.ts`);
}

/** Names of an environment's load scenarios. */
export function scenariosOf(environment: string, root = ROOT): readonly string[] {
  return names(root, `scenarios/definitions/${environment}/*.ts`);
}

function names(root: string, glob: string): readonly string[] {
  return globSync(glob, { cwd: root })
    .map((path) => basename(path, '.ts'))
    .sort();
}

/**
 * Returns the name when it is among the known ones.
 *
 * @param what for the message: `experiment` or `scenario`
 * @throws {UsageError} that lists the known ones and the one that was probably meant
 */
export function requireName(what: string, name: string, known: readonly string[]): string {
  if (known.includes(name)) return name;
  const near = closest(name, known);
  throw new UsageError(
    `There is no ${what} '${name}'.`,
    `${near === undefined ? '' : `Did you mean '${near}'? `}${known.length === 0 ? `There is no ${what} yet.` : `Known: ${known.join(', ')}.`}`,
  );
}
