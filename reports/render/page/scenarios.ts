/** Section 6: load, and whether it was a load that may be judged. */
import { duration, latency, number, plural } from '../format.ts';
import { markup } from '../markup.ts';
import { reduceSeries } from '../reduce.ts';
import { scenarioFinding } from '../sentences.ts';
import { VERDICT_WORD } from '../words.ts';
import { coreStrips, insideStrips, insideTable } from './load-inside.ts';
import { endOf, endingsFigure, heatFigure, invalidStretches, kindsTable, latencyOrigin } from './load-pictures.ts';
import { chart, figures, glyph, section } from './parts.ts';
import type { Interval, LoadBucket, ScenarioResult, Verdict } from '../../record/types.ts';
import type { Markup, Part } from '../markup.ts';
import type { Model } from '../model.ts';

interface Run {
  readonly variant: string;
  readonly scenario: ScenarioResult;
}

/** Points of a container's curve. */
const MAX_POINTS = 600;

const LATENCY_CAPTION = markup`<b>Latency spectrum.</b> Corrected counts from the intended start and decides; actual
  counts from the real send and shows what a closed loop would have hidden.`;
const SENT_CAPTION = markup`<b>Latency spectrum.</b> The tool does not tell when a request was due, so all latencies
  count from the real send: what a request waited before it is not in them.`;
const OVERHEAD_CAPTION = markup`<b>Overhead spectrum.</b> What the gateway adds to a request: the time through it minus
  the time of the same request past it, sent right before or after. Connections are warm; a difference below zero
  counts as zero.`;

/** All scenarios of a record, the same scenario of both variants together. */
export function scenarioRuns(model: Model): readonly { readonly id: string; readonly runs: readonly Run[] }[] {
  const all = model.record.variants.flatMap((variant) =>
    variant.scenarios.map((scenario) => ({ variant: variant.name, scenario })),
  );
  return [...Map.groupBy(all, (run) => run.scenario.name)].map(([, runs], index) => ({
    id: `load-${index + 1}`,
    runs,
  }));
}

/** One section for each scenario. */
export function scenarios(model: Model): readonly Markup[] {
  return scenarioRuns(model).map(({ id, runs }) => {
    const first = runs[0]?.scenario;
    if (first === undefined) throw new Error('A scenario without a run.');
    const say = markup`Scenario <span class="mono">${first.name}</span> by ${first.engine}, from
      ${plural(first.clientAddresses, 'client address', 'client addresses')}. Verifies
      ${first.verifies.map((claim) => markup`<a class="cid" href="#${encodeURIComponent(claim)}">${claim.split('.').slice(1).join('.')}</a> `)}`;
    return section(
      id,
      `Load: ${first.title}`,
      scenarioFinding(runs),
      say,
      runs.map(scenarioRun),
      model.record.run.partial,
    );
  });
}

function scenarioRun({ variant, scenario }: Run): Markup {
  const spectrum = {
    corrected: scenario.corrected,
    actual: scenario.actual,
    backend: scenario.backend ?? [],
    promises: scenario.promises,
  };
  return markup`<div class="h3row">
      <h3>${glyph(scenario.verdict)} ${variant}: ${VERDICT_WORD[scenario.verdict]}</h3>
      <span class="dim">${scenario.control === undefined ? '' : `Negative control (${scenario.control}), no measurement of the promises. `}${scenario.observed}${scenario.reason === undefined ? '' : ` ${scenario.reason}`}</span>
    </div>
    ${scenario.buckets.length === 0 ? markup`<p class="dim">No second of load was recorded.</p>` : overTime(variant, scenario)}
    ${endingsFigure(variant, scenario)} ${heatFigure(variant, scenario)}
    <div class="two">
      ${
        scenario.corrected.length === 0
          ? null
          : markup`<figure>
              <figcaption>
                ${scenario.measures === 'overhead' ? OVERHEAD_CAPTION : scenario.latencyFrom === 'send' ? SENT_CAPTION : LATENCY_CAPTION}${scenario.backend === undefined ? '' : ' Dotted: the part that backends asked for, by their own report.'}
              </figcaption>
              ${chart('spectrum', spectrum, `${scenario.measures === 'overhead' ? 'Overhead' : 'Latency'} spectrum, ${variant}`)}${figures(
                ['Percentile', scenario.measures === 'overhead' ? 'Overhead' : 'Corrected', 'Actual'],
                scenario.corrected.map((point) => [
                  `P${point.percentile}`,
                  latency(point.value_ms),
                  at(scenario, point.percentile),
                ]),
              )}
            </figure>`
      }
      <div>${stages(scenario)}${promises(scenario)}${promisedFigures(scenario)}${kindsTable(scenario)}${validity(scenario)}</div>
    </div>
    <div class="cmd after">
      <code>${scenario.reproduce}</code><button class="btn" data-copy="${scenario.reproduce}">Copy</button>
    </div>`;
}

function at(scenario: ScenarioResult, percentile: number): string {
  const point = scenario.actual.find((candidate) => candidate.percentile === percentile);
  return point === undefined ? '' : latency(point.value_ms);
}

/** Points of the chart over time; an hour has six times as many seconds. */
const MAX_BUCKETS = 600;

/** Means of so many seconds in a row that a chart can hold them; of percentiles and counts of failures the worst second. */
function coarse(buckets: readonly LoadBucket[]): {
  readonly seconds: number;
  readonly rows: readonly (readonly number[])[];
} {
  const seconds = Math.ceil(buckets.length / MAX_BUCKETS);
  const groups = [...Map.groupBy(buckets, ({ at_s }) => Math.floor(at_s / seconds)).values()];
  const round = (value: number): number => Math.round(value * 10) / 10;
  const mean = (values: readonly number[]): number =>
    round(values.reduce((sum, value) => sum + value, 0) / values.length);
  const most = (values: readonly number[]): number => round(Math.max(...values));
  return {
    seconds,
    rows: groups.map((group) => [
      Math.floor((group[0]?.at_s ?? 0) / seconds) * seconds,
      mean(group.map(({ offered }) => offered)),
      mean(group.map(({ achieved }) => achieved)),
      most(group.map(({ dropped }) => dropped)),
      most(group.map(({ errors }) => errors)),
      most(group.map(({ p50_ms = 0 }) => p50_ms)),
      most(group.map(({ p95_ms = 0 }) => p95_ms)),
      most(group.map(({ p99_ms = 0 }) => p99_ms)),
    ]),
  };
}

function overTime(variant: string, scenario: ScenarioResult): Markup {
  const { seconds, rows } = coarse(scenario.buckets);
  const invalid = invalidStretches(scenario.buckets, scenario.warmup_s, seconds);
  const data = {
    end: endOf(scenario.buckets),
    warmup_s: scenario.warmup_s,
    seconds,
    invalid,
    buckets: rows,
    limits_ms: scenario.measures === 'overhead' ? [] : scenario.promises.map(({ limit_ms }) => limit_ms),
    resources: scenario.resources.map((resource) => ({
      name: resource.container,
      role: resource.role,
      cpu: reduceSeries(resource.cpu_cores, MAX_POINTS),
      memory_mib: Math.max(0, ...resource.memory_mib.map(([, mib]) => mib)),
    })),
    cores: coreStrips(scenario.cores ?? []),
    inside: insideStrips(scenario.resources),
  };
  return markup`<figure>
    <figcaption>
      <b>Offered and achieved over time.</b> The warm-up is hatched and not counted. A valid load needs 99 % of what was
      offered${invalid.length > 0 ? '; shaded seconds had less, or dropped requests' : ''}. Below on the same axis: latency from the ${latencyOrigin(scenario)} (median, P95, P99 of each second),${scenario.cores ? ' all work on the cores of system and generator, the kernel’s included,' : ''} every
      container, and of what is read inside them the container that has most; pointer or arrow keys move the reading line.${seconds > 1 ? ` One point is ${String(seconds)} s.` : ''}
    </figcaption>
    ${chart('load', data, `Offered and achieved requests a second, ${variant}, with CPU of ${plural(scenario.resources.length, 'container')}; arrow keys move the reading line`)}${figures(['Second', 'Offered', 'Achieved', 'Dropped', 'Errors', 'P50, ms', 'P95, ms', 'P99, ms'], rows)}${insideTable(scenario.resources, scenario.cores)}
  </figure>`;
}

function interval({ lower, upper }: Interval): string {
  if (lower === null && upper === null) return 'open';
  if (lower === null) return `up to ${latency(upper ?? 0)}`;
  return upper === null ? `from ${latency(lower)}` : `${latency(lower)} to ${latency(upper)}`;
}

/** One promise beside what was measured of it. */
interface PromiseRow {
  readonly verdict: Verdict;
  readonly claim: string;
  readonly what: string;
  readonly promise: string;
  readonly measured: string;
  readonly interval: string;
}

function promises({ promises: promised }: ScenarioResult): Part {
  const rows = promised.map(({ verdict, claim, percentile, limit_ms, measured_ms, interval_ms }) => ({
    verdict,
    claim,
    what: `P${percentile}`,
    promise: `< ${latency(limit_ms)}`,
    measured: latency(measured_ms),
    interval: interval(interval_ms),
  }));
  return promiseTable(markup`<p class="lab">Promises, with 95 % confidence</p>`, 'Percentile', rows);
}

function promisedFigures({ figures: promised = [] }: ScenarioResult): Part {
  const sign = { higher: '≥', lower: '≤' };
  const bound = (value: number | null): string => (value === null ? 'open' : number(value));
  const rows = promised.map(({ verdict, claim, what, unit, better, limit, measured, interval: { lower, upper } }) => ({
    verdict,
    claim,
    what: `${what}, ${unit}`,
    promise: `${sign[better]} ${number(limit)}`,
    measured: number(measured),
    interval: `${bound(lower)} to ${bound(upper)}`,
  }));
  return promiseTable(markup`<p class="lab gap">Promised figures, with 95 % confidence</p>`, 'Figure', rows);
}

function stages({ stages: rows = [] }: ScenarioResult): Part {
  if (rows.length === 0) return null;
  return markup`<p class="lab">Stages, each counted for itself</p>
    <table class="tbl">
      <thead>
        <tr>
          <th scope="col">Stage</th>
          <th scope="col" class="num">Requests/s</th>
          <th scope="col" class="num">Failed</th>
          <th scope="col" class="num">P50, P95, P99</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ name, rate_perS, duration_s, answered, refused, failed, p50_ms, p95_ms, p99_ms }) =>
            markup`<tr>
              <th scope="row">${name}, ${number(duration_s)} s</th>
              <td class="num nw">${number(rate_perS)}</td>
              <td class="num">${failed + refused} of ${answered + refused + failed}</td>
              <td class="num">${latency(p50_ms)}, <b>${latency(p95_ms)}</b>, ${latency(p99_ms)}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

function promiseTable(title: Markup, first: string, rows: readonly PromiseRow[]): Part {
  if (rows.length === 0) return null;
  return markup`${title}
    <table class="tbl">
      <thead>
        <tr>
          <th scope="col">${first}</th>
          <th scope="col" class="num">Promise</th>
          <th scope="col" class="num">Measured</th>
          <th scope="col" class="num">Interval</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          ({ verdict, claim, what, promise, measured, interval: range }) =>
            markup`<tr>
              <th scope="row">${glyph(verdict)} <a href="#${encodeURIComponent(claim)}">${what}</a></th>
              <td class="num nw">${promise}</td>
              <td class="num nw"><b>${measured}</b></td>
              <td class="num">${range}</td>
            </tr>`,
        )}
      </tbody>
    </table>`;
}

function validity(scenario: ScenarioResult): Part {
  if (scenario.validity.length === 0) return null;
  return markup`<p class="lab gap">Was this load valid?</p>
    <ul class="ticks">
      ${scenario.validity.map(
        (rule) =>
          markup`<li>
            ${glyph(rule.holds ? 'conforms' : 'inconclusive', rule.holds ? 'holds' : 'broken')}<span
              ><b>${rule.rule}</b> ${rule.seen}</span
            >
          </li>`,
      )}
    </ul>
    <p class="dim small">Took ${duration(scenario.duration_ms)}, of which ${scenario.warmup_s} s warm-up.</p>`;
}
