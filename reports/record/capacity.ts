/** What a run that only searched for capacities ends with, and how a capacity is said. */
import type { CapacityResult } from './dynamics.ts';
import { replicasInWords } from './scaling.ts';
import type { Gate, RunInfo, VariantResult } from './types.ts';

/** A capacity in a few words. */
export function capacityInWords({ lower_perS, upper_perS, ended }: CapacityResult): string {
  const number = (value: number): string => value.toLocaleString('en-US');
  if (lower_perS === null)
    return upper_perS === null
      ? `nothing was found out (${ended})`
      : `less than ${number(upper_perS)} requests/s (${ended})`;
  if (upper_perS === null) return `at least ${number(lower_perS)} requests/s (${ended})`;
  return `${number(lower_perS)} to ${number(upper_perS)} requests/s${ended === 'narrow enough' ? '' : ` (${ended})`}`;
}

interface Measured {
  readonly run: RunInfo;
  readonly variants: readonly VariantResult[];
}

/** Whether the run judged no claim and searched capacities instead. */
export function isCapacityRun({ variants }: Pick<Measured, 'variants'>): boolean {
  return (
    variants.some(({ capacities = [] }) => capacities.length > 0) && variants.every(({ claims }) => claims.length === 0)
  );
}

/** The gate of a run without claims that searched for capacities; null for another run. */
export function capacityGate({ run, variants }: Measured): Gate | null {
  if (!isCapacityRun({ variants })) return null;
  const found = variants.flatMap(({ name, capacities = [] }) => capacities.map((one) => ({ name, one })));
  const open = run.partial || found.some(({ one }) => one.lower_perS === null);
  return {
    exitCode: open ? 2 : 0,
    holds: !open,
    sentence: `${found.map(({ name, one }) => `${name}${replicasInWords(one)}: ${capacityInWords(one)} within ${one.objective}`).join('; ')}.`,
    newDeviations: [],
    knownDeviations: [],
    waived: [],
    vanished: [],
    warnings: [],
  };
}
