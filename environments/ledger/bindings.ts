/**
 * What verifies a claim: found by reading the source files, so that the ledger
 * can be shown and checked without importing (and thereby starting) any of them.
 */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { Claim } from './ledger.ts';

/** A case, experiment or scenario that names a claim. */
export interface Binding {
  readonly claim: string;
  readonly by: 'case' | 'experiment' | 'scenario';
  /** Path from the project's root, with forward slashes. */
  readonly file: string;
  readonly line: number;
}

/** Why nothing verifies a claim yet: an operator's procedure, or nobody has bound it. */
export type UnboundReason = 'drill' | 'not-run yet';

const ROOT = join(import.meta.dirname, '../..');

/**
 * All bindings of an environment's claims, by file and line.
 *
 * - a case binds with `verify('<claim id>', …)` or `verifyLong(…)` in `conformance/cases/<environment>/*.test.ts`
 * - an experiment and a scenario bind every claim id that their file names in quotes,
 *   in `chaos/experiments/<environment>/` and `scenarios/definitions/<environment>/`
 */
export function bindings(environment: string, root = ROOT): readonly Binding[] {
  const id = `${environment.replaceAll(/[^a-z0-9-]/gi, '')}\\.[a-z0-9-]+\\.[a-z0-9._-]+`;
  const call = new RegExp(`\\bverify(?:Long)?\\(\\s*['"\`](${id})['"\`]`, 'g');
  const quoted = new RegExp(`['"\`](${id})['"\`]`, 'g');
  return [
    ...scan(root, `conformance/cases/${environment}/**/*.test.ts`, 'case', call),
    ...scan(root, `chaos/experiments/${environment}/**/*.ts`, 'experiment', quoted),
    ...scan(root, `scenarios/definitions/${environment}/**/*.ts`, 'scenario', quoted),
  ];
}

function scan(root: string, glob: string, by: Binding['by'], pattern: RegExp): Binding[] {
  const found: Binding[] = [];
  for (const path of globSync(glob, { cwd: root }).sort()) {
    const full = join(root, path);
    if (!existsSync(full)) continue;
    const text = readFileSync(full, 'utf8');
    const file = relative(root, full).split(sep).join('/');
    const seen = new Set<string>();
    for (const match of text.matchAll(pattern)) {
      const claim = match[1]!;
      if (by !== 'case' && seen.has(claim)) continue;
      seen.add(claim);
      found.push({ claim, by, file, line: text.slice(0, match.index).split('\n').length });
    }
  }
  return found;
}

/** Claims that nothing verifies, by reason. */
export function unbound(
  claims: readonly Claim[],
  bound: readonly Pick<Binding, 'claim'>[],
): Readonly<Record<UnboundReason, readonly string[]>> {
  const ids = new Set(bound.map(({ claim }) => claim));
  const rest = claims.filter(({ id }) => !ids.has(id));
  return {
    drill: rest.filter(({ kind }) => kind === 'drill').map(({ id }) => id),
    'not-run yet': rest.filter(({ kind }) => kind !== 'drill').map(({ id }) => id),
  };
}
