/** What ran out at the upper end of a search, with the figures that show it. */
import type { CapacityStep } from '../../reports/record/types.ts';
import { usedUp, useInWords, waitsFor } from '../cores.ts';
import type { Capacity } from './search.ts';

/** What {@link ranOut} begins with when the cores of the system were used up. */
export const PROCESSOR = 'processor time of the system';
/** What it begins with when those of the generator were, so that nobody knows what the system carries. */
const GENERATOR_PROCESSOR = 'processor time of the generator';
/** Kinds of failures that are named; the rarer ones are in the record. */
const MAX_KINDS = 3;

/** Names of containers that are spoken of. */
export interface Spoken {
  readonly gatewayName: string;
  readonly applications: readonly string[];
  /** All containers of the system under test that were watched. */
  readonly tested: ReadonlySet<string>;
}

/** Says what ran out in one sentence without its full stop; the record's {@link CapacityStep.cores} are its evidence. */
export function ranOut(
  steps: readonly CapacityStep[],
  found: Pick<Capacity, 'lower_perS' | 'upper_perS' | 'ended'>,
  spoken: Spoken,
): string {
  const atTop = steps.filter(({ rate_perS, verdict }) => rate_perS === found.upper_perS && verdict !== 'holds');
  const step = atTop.find(({ verdict }) => verdict === 'breaks') ?? atTop[0];
  if (!step) return withoutEnd(steps, found);
  const { system, generator } = step.cores ?? {};
  const at = `at ${String(step.rate_perS)}/s`;
  const too = generator && usedUp(generator) ? 'used up too, ' : '';
  const beside = generator ? `; the generator's were ${too}${useInWords(generator)}` : '';
  if (system && usedUp(system))
    return `${PROCESSOR}: ${at} its cores were ${useInWords(system)}, ${shares(step, spoken)}${beside}`;
  const broke = `${failures(step)}, P95 ${String(step.p95_ms)} ms`;
  // Containers alone are less than the whole: that they had time left says nothing about their cores.
  if (system?.interrupts === undefined)
    return `unknown, since nobody could read the cores: ${at} ${shares(step, spoken)}; ${broke}`;
  const waits = waitsFor(system);
  if (waits !== null)
    return `${PROCESSOR}, nearly: ${at} its cores were ${useInWords(system)}, so that work waits some ${String(waits)} times its own duration for one, ${shares(step, spoken)}${beside}; ${broke}`;
  return `no processor: ${at} the cores of the system were ${useInWords(system)}, ${shares(step, spoken)}${beside}; ${broke}`;
}

/** No rate was seen to break: the last one that told nothing says why. */
function withoutEnd(
  steps: readonly CapacityStep[],
  { lower_perS, ended }: Pick<Capacity, 'lower_perS' | 'ended'>,
): string {
  const untold = steps.filter(({ rate_perS }) => rate_perS > (lower_perS ?? 0));
  const last = untold.findLast(({ verdict }) => verdict === 'invalid' || verdict === 'disturbed');
  if (last?.reason === undefined) return `nothing that was seen (${ended})`;
  const { system, generator } = last.cores ?? {};
  const beside = system ? `; at ${String(last.rate_perS)}/s the cores of the system were ${useInWords(system)}` : '';
  if (last.verdict === 'disturbed') return `nobody knows: ${last.reason}${beside}`;
  const what = generator && usedUp(generator) ? GENERATOR_PROCESSOR : 'the generator';
  return `${what}: ${last.reason}${beside}`;
}

/** Who used most of the system's processor time, and what gateway and applications used. */
function shares({ cpu_cores }: CapacityStep, { gatewayName, applications, tested }: Spoken): string {
  const [most] = Object.entries(cpu_cores)
    .filter(([name]) => tested.has(name))
    .toSorted(([, a], [, b]) => b - a);
  const upstream = applications.reduce((sum, name) => sum + (cpu_cores[name] ?? 0), 0);
  const both = `the gateway used ${two(cpu_cores[gatewayName] ?? 0)} and the applications ${two(upstream)}`;
  return most ? `most by ${most[0]} (${two(most[1])}); ${both}` : both;
}

/** `2 % failed (time-out 40, status 503 12)` */
function failures({ errorShare, failures: kinds = {} }: CapacityStep): string {
  const all = Object.entries(kinds).toSorted(([, a], [, b]) => b - a);
  const named = all.slice(0, MAX_KINDS).map(([kind, requests]) => `${kind} ${String(requests)}`);
  const rest = all.length > MAX_KINDS ? ['and others'] : [];
  return `${two(100 * errorShare)} % failed${named.length > 0 ? ` (${[...named, ...rest].join(', ')})` : ''}`;
}

const two = (value: number): string => String(Math.round(value * 100) / 100);
