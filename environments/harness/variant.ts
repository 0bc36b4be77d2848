import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Adaptation, Remedy, VariantName } from '../../reports/record/types.ts';
import { configTexts } from './config.ts';
import { HarnessError } from './errors.ts';
import { givenUpWithout, lacking, leftOutOf } from './capabilities.ts';
import type { CapabilityUse } from './capabilities.ts';

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
  /** Patterns of directives that no gateway gets; see left-out.ts. */
  readonly leftOut: readonly string[];
}

/**
 * Loads what a variant says of itself: adaptations, remedies and the claims it gives up.
 * What it cannot have on replaced images is among them.
 *
 * @param missing what a replaced image lacks: capability → reason
 */
export async function loadVariant(
  environmentDir: string,
  name: VariantName,
  missing: Readonly<Record<string, string>> = {},
): Promise<Variant> {
  const dir = join(environmentDir, name);
  const [adaptations, remedies, contradictions, notApplicable, uses] = await Promise.all([
    list<Adaptation>(join(environmentDir, 'documented', 'adaptations.yaml')),
    list<Remedy>(join(dir, 'remedies.yaml')),
    list<GivenUp>(join(dir, 'contradictions.yaml')),
    list<GivenUp>(join(dir, 'not-applicable.yaml')),
    list<CapabilityUse>(join(dir, 'capabilities.yaml')),
  ]);
  const without = lacking(uses, missing);
  const texts = without.length === 0 ? new Map<string, string>() : await configTexts(dir);
  return {
    name,
    dir,
    adaptations: [...adaptations, ...leftOutOf(texts, without)],
    remedies,
    // The last entry of a claim counts: what no image could mend stays the reason.
    givenUp: [...givenUpWithout(without), ...contradictions, ...notApplicable],
    leftOut: without.flatMap(({ directives }) => directives),
  };
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
