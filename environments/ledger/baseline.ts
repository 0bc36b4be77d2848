/** Known deviations and waivers: what the gate lets pass, each for a stated reason. Written by hand. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Story, VariantName } from '../../reports/record/types.ts';
import { closest } from './closest.ts';
import { readDataFile, shownPath } from './data-file.ts';
import { DataError } from './errors.ts';
import type { DataFault } from './errors.ts';
import type { Ledger } from './ledger.ts';

/** A deviation that is known, why it happens and what would mend it. */
export interface BaselineEntry {
  readonly claim: string;
  readonly variant: VariantName;
  readonly verdict: 'deviates';
  readonly mechanism: string;
  readonly remedy: string;
  /** On the deviation that a report tells first. */
  readonly story?: Story;
}

/** The known deviations of an environment. */
export interface Baseline {
  readonly entries: readonly BaselineEntry[];
}

/** A deviation that somebody answers for; it still runs and is still shown. */
export interface WaiverEntry {
  readonly claim: string;
  /** Absent: in every variant. */
  readonly variant?: VariantName;
  readonly reason: string;
  readonly owner: string;
  /** Last day on which it holds, `YYYY-MM-DD`. */
  readonly expires: string;
}

/** The waivers of an environment. */
export interface Waivers {
  readonly entries: readonly WaiverEntry[];
}

type Written = Omit<BaselineEntry, 'variant' | 'verdict'> & Partial<Pick<BaselineEntry, 'variant' | 'verdict'>>;

/**
 * Loads `baseline.yaml` beside the claims; no file means no known deviation.
 *
 * @throws {DataError} when it breaks its schema, names an unknown claim, or one twice
 */
export function loadBaseline(ledger: Ledger): Baseline {
  const entries = load<Written>(ledger, 'baseline').map((entry) => ({
    ...entry,
    variant: entry.variant ?? 'documented',
    verdict: entry.verdict ?? 'deviates',
  }));
  return { entries };
}

/**
 * Loads `waivers.yaml` beside the claims; no file means no waiver.
 *
 * @throws {DataError} when it breaks its schema, names an unknown claim, or one twice
 */
export function loadWaivers(ledger: Ledger): Waivers {
  return { entries: load<WaiverEntry>(ledger, 'waivers') };
}

function load<T extends { readonly claim: string; readonly variant?: VariantName }>(
  ledger: Ledger,
  name: 'baseline' | 'waivers',
): readonly T[] {
  const path = join(ledger.dir, `${name}.yaml`);
  if (!existsSync(path)) return [];
  const { data, place } = readDataFile<readonly T[]>(path, join(import.meta.dirname, `${name}.schema.json`));
  const ids = ledger.claims.map(({ id }) => id);
  const faults: DataFault[] = [];
  for (const [index, { claim, variant }] of data.entries()) {
    const at = place([index, 'claim']);
    if (!ids.includes(claim)) {
      const near = closest(claim, ids);
      const remedy =
        near === undefined ? `Claims are in ${shownPath(ledger.dir)}/claims.yaml.` : `Did you mean '${near}'?`;
      faults.push({ place: at, expected: 'the id of a claim', seen: `'${claim}'`, remedy });
    }
    if (data.findIndex((entry) => entry.claim === claim && entry.variant === variant) < index) {
      faults.push({
        place: at,
        expected: 'one entry a claim',
        seen: `'${claim}' again`,
        remedy: 'Join the two entries.',
      });
    }
  }
  if (faults.length > 0) throw new DataError(faults);
  return data;
}
