/** Promised figures of single stages of a load, which no other stage may flatter. */
import { ClusteredHistogram } from '../measurement/clustered-histogram.ts';
import type { LatencyHistogram } from '../measurement/histogram.ts';
import type { Curve, ScenarioStage } from '../reports/record/types.ts';
import { generatorUse, systemUse, usedUp, useInWords } from './cores.ts';
import type { StageMeasurement } from './engines/engine.ts';
import { worthOfAnswered } from './engines/seconds.ts';
import { countHeldUp, heldUpIn, slowed } from './engines/validity.ts';
import { counted, percentileOf, shareOf } from './figures.ts';
import type { Estimate, FigurePromise, LoadSeen } from './figures.ts';
import { areaUnder } from './gateways.ts';

type Declared = Pick<FigurePromise, 'claim' | 'limit'>;

/** Share of the requests due in a stage that were answered without an error. */
export const answeredIn = (stage: string, declared: Declared): FigurePromise => ({
  ...declared,
  what: `requests answered, ${stage}`,
  unit: '%',
  better: 'higher',
  of: (seen) =>
    inStage(seen, stage, ({ outcomes, offered, achieved, seconds }) =>
      shareOf(outcomes.answered, Math.max(Math.round(offered), achieved), worthOfAnswered(seconds)),
    ),
});

/** Latencies of a stage from the intended start; requests that the gateway held up never ended. */
function latencyOf(stage: StageMeasurement): LatencyHistogram {
  const latency = new ClusteredHistogram().add(stage.corrected);
  countHeldUp(latency, [stage]);
  return latency;
}

/** A percentile of the latency in a stage, from the intended start. */
export const latencyIn = (stage: string, percentile: number, declared: Declared): FigurePromise => ({
  ...declared,
  what: `P${String(percentile)}, ${stage}`,
  unit: 'ms',
  better: 'lower',
  of: (seen) => inStage(seen, stage, (measured) => percentileOf(latencyOf(measured), percentile)),
});

/** What must not grow while a load stays the same. */
const GROWING = { worker_mib: 'the largest worker', descriptors: 'open files' } as const;

/** How much something of the gateway grew in a stage: the mean of the last third against that of the first, by time. */
export const growthIn = (
  stage: string,
  gateway: string,
  of: keyof typeof GROWING,
  declared: Declared,
): FigurePromise => ({
  ...declared,
  what: `growth of ${GROWING[of]}, ${stage}`,
  unit: '%',
  better: 'lower',
  of: ({ measured, resources }) => {
    const { start_s, duration_s } = stageOf(measured, stage);
    const readings = resources.find(({ container }) => container === gateway)?.[of] ?? [];
    const third = (n: number): number | null =>
      meanOver(readings, start_s + (n * duration_s) / 3, start_s + ((n + 1) * duration_s) / 3);
    const [first, last] = [third(0), third(2)];
    if (first === null || last === null)
      return {
        value: 0,
        interval: { lower: null, upper: null },
        excuse: `nobody could read ${GROWING[of]}`,
      };
    return counted(100 * (last / first - 1));
  },
});

/**
 * Mean of a curve by time between two instants, null when nothing is known there. Points inside even
 * stretches may be missing, so what holds on both sides of an edge holds at it.
 */
function meanOver(curve: Curve, from_s: number, to_s: number): number | null {
  const atEdge = (at_s: number): Curve => {
    const next = curve.findIndex(([second]) => second > at_s);
    const [value, after] = [curve[next - 1]?.[1], curve[next]?.[1]];
    return value !== undefined && value === after ? [[at_s, value]] : [];
  };
  const inside = curve.filter(([at_s]) => at_s > from_s && at_s < to_s);
  const known = [...atEdge(from_s), ...inside, ...atEdge(to_s)];
  const [first, last] = [known[0], known.at(-1)];
  if (!first || !last) return null;
  const span_s = last[0] - first[0];
  return span_s > 0 ? areaUnder(known, first[0], last[0]) / span_s : first[1];
}

function stageOf({ stages }: LoadSeen['measured'], name: string): StageMeasurement {
  const stage = stages.find((one) => one.name === name);
  if (!stage) throw new RangeError(`the load has no stage "${name}"`);
  return stage;
}

/** A machine that others used, a generator or a system without processor time left broke no promise: documents that name no hardware promise nothing for this one. */
function inStage(
  seen: LoadSeen,
  name: string,
  estimate: (stage: StageMeasurement) => Pick<Estimate, 'value' | 'interval'>,
): Estimate {
  const { measured } = seen;
  const stage = stageOf(measured, name);
  const span = { from_s: stage.start_s, to_s: stage.start_s + stage.duration_s };
  const use = systemUse(seen, span);
  return {
    ...estimate(stage),
    excuse: null,
    worsened: usedUp(use)
      ? `in the stage "${name}" the cores of the system were used up, ${useInWords(use)}, and the document names no hardware`
      : (slowed(measured, generatorUse(seen, span))?.why ?? null),
  };
}

/** @param timeout_s on paper a failed request took as long as a client waits */
export function stageRows(stages: readonly StageMeasurement[], timeout_s: number): ScenarioStage[] {
  return stages.map((stage) => {
    const latency = latencyOf(stage);
    const at_ms = (percentile: number): number => Math.min(latency.percentile_ms(percentile), timeout_s * 1000);
    const { name, start_s, duration_s, offered, outcomes } = stage;
    return {
      name,
      start_s,
      duration_s,
      rate_perS: offered / duration_s,
      ...outcomes,
      failed: outcomes.failed + heldUpIn(stage),
      p50_ms: at_ms(50),
      p95_ms: at_ms(95),
      p99_ms: at_ms(99),
    };
  });
}
