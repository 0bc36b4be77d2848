/**
 * Processor use while a load counted, and the one rule by which a side counts as out of it.
 *
 * What a container used is not all that was done for it: the kernel's work in interrupts, most of it
 * for the network, is in nobody's account, and other programs run on the same cores. So the evidence
 * is how busy the cores of a side were. Where they could not be read, or where system and generator
 * have none of their own, the use of the system's containers stands in for it; that is less than the
 * whole, so it can show that the processor ran out, and never that it did not.
 */
import type { CoreUse, Curve, ScenarioResult } from '../reports/record/types.ts';

/**
 * The cores of a side count as used up from this share of the time on that the host gave them.
 * Programs that wait for their processor leave no time idle; the rest is for clocks that tick a
 * hundred times a second, and for the half second within which the beginning of a load is known.
 */
const USED_UP = 0.95;

/** What use is told from. */
export interface CoresSeen {
  readonly resources: ScenarioResult['resources'];
  readonly cores?: ScenarioResult['cores'];
}

/** A stretch of a load, from its beginning on. */
export interface Span {
  readonly from_s: number;
  readonly to_s: number;
}

/** How long a load warms up, and how long it counts then. */
interface Timed {
  readonly warmup_s: number;
  readonly measured_s: number;
}

/** The part of a load that counts. */
export const countedSpan = ({ warmup_s, measured_s }: Timed): Span => ({
  from_s: warmup_s,
  to_s: warmup_s + measured_s,
});

/** Whether nothing was left of the cores but what other guests of the host took. */
export function usedUp({ busy, cores, stolen = 0 }: CoreUse): boolean {
  return cores > 0 && busy >= USED_UP * (cores - stolen);
}

/** From here on work waits for a core at least four times as long as it takes, on average. */
const BUSY = 0.8;

/**
 * How many times its own duration work waits for a core that is so busy: ρ ÷ (1 − ρ), the mean of a
 * queue with one server whose arrivals nobody plans (M/M/1; Kleinrock, Queueing Systems, 1975). Null
 * while that is short. Latency breaks in such waits long before a core is used up on average.
 */
export function waitsFor({ busy, cores, stolen = 0 }: CoreUse): number | null {
  const share = cores > stolen ? busy / (cores - stolen) : 0;
  return share < BUSY || share >= 1 ? null : Math.round(share / (1 - share));
}

/** Mean use of the system's cores. @param sutCores that its containers may use, which counts where the cores were not read */
export function systemUse(seen: CoresSeen & { readonly sutCores: number }, span: Span): CoreUse {
  const containers = containersOf(seen, 'sut', span);
  return busyCores(seen, 'system', span) ?? { cores: seen.sutCores, busy: containers, containers };
}

/** Mean use of the generator's cores; null when it has none of its own, or nobody could read them. */
export const generatorUse = (seen: CoresSeen, span: Span): CoreUse | null => busyCores(seen, 'generator', span);

function busyCores(seen: CoresSeen, side: 'system' | 'generator', span: Span): CoreUse | null {
  const read = seen.cores?.find((one) => one.side === side);
  const busy = read && meanRate(read.busy_cores, span);
  if (busy === undefined || busy === null) return null;
  return {
    cores: read?.cores.length ?? 0,
    busy: two(busy),
    containers: containersOf(seen, side === 'system' ? 'sut' : 'instrument', span),
    interrupts: two(meanRate(read?.interrupts_cores ?? [], span) ?? 0),
    stolen: two(meanRate(read?.stolen_cores ?? [], span) ?? 0),
  };
}

function containersOf({ resources }: CoresSeen, of: 'sut' | 'instrument', span: Span): number {
  const used = resources.filter(({ role }) => role === of).map(({ cpu_cores }) => meanRate(cpu_cores, span) ?? 0);
  return two(used.reduce((sum, cores) => sum + cores, 0));
}

/** `busy 0.98 of 1 core (0.36 of that in no watched container, 0.21 in interrupts)` */
export function useInWords({ busy, cores, containers, interrupts, stolen = 0 }: CoreUse): string {
  const of = `${String(busy)} of ${String(cores)} ${cores === 1 ? 'core' : 'cores'}`;
  if (interrupts === undefined) return `busy at least ${of} (containers alone; what else the cores did is unknown)`;
  const outside = String(two(Math.max(0, busy - containers)));
  const others = stolen > 0 ? `; other guests of the host took ${String(stolen)}` : '';
  return `busy ${of} (${outside} of that in no watched container, ${String(interrupts)} in interrupts${others})`;
}

/** Mean processor use of a container while the load counted, in cores; 0 when nobody looked. */
export function meanCores(resources: ScenarioResult['resources'], container: string, shape: Timed): number {
  const points = resources.find((one) => one.container === container)?.cpu_cores ?? [];
  return meanRate(points, countedSpan(shape)) ?? 0;
}

/** Mean of what was used within a span. A reading is of the second before it, so the first one in the span is of another. */
const meanRate = (points: Curve, { from_s, to_s }: Span): number | null => meanBetween(points, from_s + 1, to_s);

/** Mean of a curve between two instants; null without a reading there. */
function meanBetween(points: Curve, from_s: number, to_s: number): number | null {
  const counted = points.filter(([at]) => at >= from_s && at <= to_s);
  return counted.length === 0 ? null : counted.reduce((sum, [, value]) => sum + value, 0) / counted.length;
}

const two = (value: number): number => Math.round(100 * value) / 100;
