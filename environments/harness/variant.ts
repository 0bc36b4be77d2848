import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Adaptation, Remedy, VariantName } from '../../reports/record/types.ts';
import { HarnessError } from './errors.ts';

/** A claim given up in a variant, and why. */
export interface GivenUp {
  readonly claim: string;
  readonly why: string;
  /** The claim that it contradicts, when that is the reason. */
  readonly contradicts?: string;
  /** `plus` when only the commercial edition can keep it. */
  readonly needs?: string;
}

export interface Variant {
  readonly name: VariantName;
  readonly dir: string;
  readonly adaptations: readonly Adaptation[];
  readonly remedies: readonly Remedy[];
  readonly givenUp: readonly GivenUp[];
}

/** Loads what a variant says of itself: adaptations, remedies and the claims it gives up. */
export async function loadVariant(environmentDir: string, name: VariantName): Promise<Variant> {
  const dir = join(environmentDir, name);
  const [adaptations, remedies, contradictions, notApplicable] = await Promise.all([
    list<Adaptation>(join(environmentDir, 'documented', 'adaptations.yaml')),
    list<Remedy>(join(dir, 'remedies.yaml')),
    list<GivenUp>(join(dir, 'contradictions.yaml')),
    list<GivenUp>(join(dir, 'not-applicable.yaml')),
  ]);
  return { name, dir, adaptations, remedies, givenUp: [...contradictions, ...notApplicable] };
}

async function list<T>(path: string): Promise<readonly T[]> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return [];
  const data: unknown = parse(text);
  if (!Array.isArray(data)) throw new HarnessError(`${path}: expected a list`, 'write one entry a list item');
  return data as readonly T[];
}
