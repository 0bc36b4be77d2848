/** How much each variant carries within an objective, and what ran out. */
import { capacityInWords } from '../../record/capacity.ts';
import { duration, figure, latency, number, plural } from '../format.ts';
import { markup } from '../markup.ts';
import { replicasInWords } from '../../record/scaling.ts';
import { capacityFinding, scalingFinding } from '../sentences.ts';
import { scalingFigure } from './scaling.ts';
import { chart, figures, section } from './parts.ts';
import type { CapacityResult, CapacityStep, ScalingResult } from '../../record/types.ts';
import type { Markup, Part } from '../markup.ts';
import type { Model } from '../model.ts';

interface Run {
  readonly variant: string;
  readonly capacity: CapacityResult;
}

interface Searches {
  readonly id: string;
  readonly runs: readonly Run[];
  readonly scalings: readonly { readonly variant: string; readonly scaling: ScalingResult }[];
}

/** Searches of one scenario, those of both variants together, and what they say of replicas. */
export function capacityRuns(model: Model): readonly Searches[] {
  const { variants } = model.record;
  const all = variants.flatMap(({ name, capacities = [] }) =>
    capacities.map((capacity) => ({ variant: name, capacity })),
  );
  return [...Map.groupBy(all, ({ capacity }) => capacity.scenario)].map(([scenario, runs], index) => ({
    id: `capacity-${index + 1}`,
    runs,
    scalings: variants.flatMap(({ name, scalings = [] }) =>
      scalings.filter((one) => one.scenario === scenario).map((scaling) => ({ variant: name, scaling })),
    ),
  }));
}

/** One section for each scenario whose capacity was searched. */
export function capacities(model: Model): readonly Markup[] {
  return capacityRuns(model).map(({ id, runs, scalings }) => {
    const [first] = runs;
    if (first === undefined) throw new Error('A capacity without a run.');
    const say = markup`The mix of <span class="mono">${first.capacity.scenario}</span> within ${first.capacity.objective},
      at constant arrival rates from up to ${plural(first.capacity.clientAddresses, 'address', 'addresses')}. A rate
      holds when the whole 95 % interval of every limit does; both ends of a result were seen more than once, unless its budget was spent before. The document
      names no hardware: compare the figures for each core, not the totals.`;
    return section(
      id,
      `Capacity: ${first.capacity.title}`,
      scalings.length === 0 ? capacityFinding(runs) : scalingFinding(scalings),
      say,
      [scalings.map(({ variant, scaling }) => scalingFigure(variant, scaling)), runs.map(oneSearch)],
      model.record.run.partial,
    );
  });
}

function oneSearch({ variant, capacity }: Run): Markup {
  const data = { steps: capacity.steps, lower: capacity.lower_perS, upper: capacity.upper_perS };
  return markup`<div class="h3row">
      <h3>${variant}${replicasInWords(capacity)}: ${capacityInWords(capacity)}</h3>
      <span class="dim">What ran out: ${capacity.ranOut}.${idleInstances(capacity)}</span>
    </div>
    <figure>
      <figcaption>
        <b>Latency against load.</b> One mark for each load step at each percentile, from the intended start; where the
        curve bends is the knee. Shaded: the interval that holds the capacity.
      </figcaption>
      ${chart('knee', data, `Latency against offered requests a second, ${variant}${replicasInWords(capacity)}`)}${figures(
        ['Phase', 'Offered/s', 'Achieved/s', 'Says', 'P50', 'P95', 'P99', 'Failed', 'CPU, cores', 'All work on cores'],
        capacity.steps.map(stepRow),
      )}
    </figure>
    ${perCore(capacity)}
    <div class="cmd after">
      <code>${capacity.reproduce}</code><button class="btn" data-copy="${capacity.reproduce}">Copy</button>
    </div>`;
}

function idleInstances({ replicas }: CapacityResult): string {
  if (replicas === undefined || replicas.idle.length === 0) return '';
  return ` Running, but idle: ${replicas.idle.join(', ')}.`;
}

function stepRow(step: CapacityStep): readonly Part[] {
  const busiest = Object.entries(step.cpu_cores)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 4)
    .map(([name, cores]) => `${name} ${cores}`);
  return [
    step.phase,
    number(step.rate_perS),
    number(step.achieved_perS),
    step.reason === undefined ? step.verdict : `${step.verdict}: ${step.reason}`,
    latency(step.p50_ms),
    latency(step.p95_ms),
    latency(step.p99_ms),
    `${number(step.errorShare * 100, 2)} %`,
    busiest.join(', '),
    allWork(step),
  ];
}

/** Where nobody could read the cores, containers alone tell less than the whole. */
function allWork({ cores }: CapacityStep): string {
  const sides = [
    ['system', cores?.system],
    ['generator', cores?.generator],
  ] as const;
  return sides
    .flatMap(([side, use]) =>
      use?.interrupts === undefined ? [] : [`${side} ${figure(use.busy)} of ${String(use.cores)}`],
    )
    .join(', ');
}

function perCore({ perGatewayCore, perUpstreamCore, duration_ms, steps }: CapacityResult): Markup {
  const parts = [
    ...(perGatewayCore === null ? [] : [`${number(perGatewayCore)} requests/s for each core that the gateway used`]),
    ...(perUpstreamCore === null ? [] : [`${number(perUpstreamCore)} for each core that the applications used`]),
  ];
  return markup`<p class="dim small">
    ${parts.length === 0 ? '' : `${parts.join(', ')}. `}${plural(steps.length, 'load step')}, ${duration(duration_ms)}.
  </p>`;
}
