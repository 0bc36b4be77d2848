/** Section 6: load, and whether it was a load that may be judged. */
import { duration, latency, plural } from '../format.ts';
import { markup } from '../markup.ts';
import { reduceSeries } from '../reduce.ts';
import { scenarioFinding } from '../sentences.ts';
import { VERDICT_WORD } from '../words.ts';
import { chart, figures, glyph, section } from './parts.ts';
import type { Interval, ScenarioResult } from '../../record/types.ts';
import type { Markup, Part } from '../markup.ts';
import type { Model } from '../model.ts';

interface Run {
  readonly variant: string;
  readonly scenario: ScenarioResult;
}

const MAX_POINTS = 2000;

const LATENCY_CAPTION = markup`<b>Latency spectrum.</b> Corrected counts from the intended start and decides; actual
  counts from the real send and shows what a closed loop would have hidden.`;
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
      <span class="dim">${scenario.observed}${scenario.reason === undefined ? '' : ` ${scenario.reason}`}</span>
    </div>
    ${scenario.buckets.length === 0 ? markup`<p class="dim">No second of load was recorded.</p>` : overTime(variant, scenario)}
    <div class="two">
      ${
        scenario.corrected.length === 0
          ? null
          : markup`<figure>
              <figcaption>
                ${scenario.measures === 'overhead' ? OVERHEAD_CAPTION : LATENCY_CAPTION}${scenario.backend === undefined ? '' : ' Dotted: the part that backends asked for, by their own report.'}
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
      <div>${promises(scenario)}${validity(scenario)}</div>
    </div>
    <div class="cmd after">
      <code>${scenario.reproduce}</code><button class="btn" data-copy="${scenario.reproduce}">Copy</button>
    </div>`;
}

function at(scenario: ScenarioResult, percentile: number): string {
  const point = scenario.actual.find((candidate) => candidate.percentile === percentile);
  return point === undefined ? '' : latency(point.value_ms);
}

function overTime(variant: string, scenario: ScenarioResult): Markup {
  const data = {
    warmup_s: scenario.warmup_s,
    buckets: scenario.buckets.map((bucket) => [
      bucket.at_s,
      bucket.offered,
      bucket.achieved,
      bucket.dropped,
      bucket.errors,
    ]),
    resources: scenario.resources.map((resource) => ({
      name: resource.container,
      role: resource.role,
      cpu: reduceSeries(resource.cpu_cores, MAX_POINTS),
      memory: reduceSeries(resource.memory_mib, MAX_POINTS),
    })),
  };
  const rows = scenario.buckets.map((bucket) => [
    bucket.at_s,
    bucket.offered,
    bucket.achieved,
    bucket.dropped,
    bucket.errors,
  ]);
  return markup`<figure>
    <figcaption>
      <b>Offered and achieved over time.</b> The warm-up is hatched and not counted. A valid load needs 99 % of what was
      offered. Below: every container on the same axis; pointer or arrow keys move the reading line.
    </figcaption>
    ${chart('load', data, `Offered and achieved requests a second, ${variant}, with CPU of ${plural(scenario.resources.length, 'container')}; arrow keys move the reading line`)}${figures(['Second', 'Offered', 'Achieved', 'Dropped', 'Errors'], rows)}
  </figure>`;
}

function interval({ lower, upper }: Interval): string {
  if (lower === null && upper === null) return 'open';
  if (lower === null) return `up to ${latency(upper ?? 0)}`;
  return upper === null ? `from ${latency(lower)}` : `${latency(lower)} to ${latency(upper)}`;
}

function promises(scenario: ScenarioResult): Part {
  if (scenario.promises.length === 0) return null;
  return markup`<p class="lab">Promises, with 95 % confidence</p>
    <table class="tbl">
      <thead>
        <tr>
          <th scope="col">Percentile</th>
          <th scope="col" class="num">Promise</th>
          <th scope="col" class="num">Measured</th>
          <th scope="col" class="num">Interval</th>
        </tr>
      </thead>
      <tbody>
        ${scenario.promises.map(
          (promise) =>
            markup`<tr>
              <th scope="row">
                ${glyph(promise.verdict)} <a href="#${encodeURIComponent(promise.claim)}">P${promise.percentile}</a>
              </th>
              <td class="num nw">&lt; ${latency(promise.limit_ms)}</td>
              <td class="num nw"><b>${latency(promise.measured_ms)}</b></td>
              <td class="num nw">${interval(promise.interval_ms)}</td>
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
