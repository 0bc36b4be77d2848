/** All experiments at a glance: a row each, the variants side by side, the detail one click away. */
import { number, plural, seconds } from '../format.ts';
import { markup } from '../markup.ts';
import { boardFinding, trialsInTime } from '../sentences.ts';
import { VERDICT_WORD } from '../words.ts';
import { glyph, section } from './parts.ts';
import type { ExperimentResult, Verdict } from '../../record/types.ts';
import type { ExperimentGroup } from './experiments.ts';
import type { Markup, Part } from '../markup.ts';
import type { Model } from '../model.ts';

/** From this many on, each experiment is folded away below a table of all. */
export const BOARD_FROM = 4;

const WIDTH = 132;
const HEIGHT = 14;

/** The table, and what its marks mean. */
export function experimentBoard(model: Model, groups: readonly ExperimentGroup[]): Markup {
  const variants = model.record.variants.filter(({ experiments }) => experiments.length > 0).map(({ name }) => name);
  const longest = Math.max(
    0.1,
    ...groups.flatMap(({ runs }) => runs.map(({ experiment }) => longestOutage_s(experiment))),
  );
  return section(
    'experiments',
    'Experiments',
    boardFinding(model.record.variants),
    markup`A bar reaches from the shortest outage to the longest that the trials allow, on one scale of 0 to ${seconds(longest)}. The line is the promised limit, the shaded part what the configuration lets expect.`,
    markup`<div class="scroll" tabindex="0" role="group" aria-label="All experiments">
      <table class="tbl board">
        <thead>
          <tr>
            <th scope="col">Experiment</th>
            ${variants.map((name) => markup`<th scope="col">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${groups.toSorted((a, b) => urgency(a) - urgency(b)).map(({ id, runs }) => row(id, runs, variants, longest))}
        </tbody>
      </table>
    </div>`,
    model.record.run.partial,
  );
}

function row(id: string, runs: ExperimentGroup['runs'], variants: readonly string[], longest: number): Markup {
  const first = runs[0]?.experiment;
  const of = (variant: string): ExperimentResult | undefined => runs.find((run) => run.variant === variant)?.experiment;
  return markup`<tr>
    <th scope="row">
      <a href="#${id}">${first?.title ?? ''}</a>
      <small class="mono">${first?.name ?? ''}</small>
    </th>
    ${variants.map((variant) => markup`<td>${cell(of(variant), longest)}</td>`)}
  </tr>`;
}

function cell(experiment: ExperimentResult | undefined, longest: number): Part {
  if (experiment === undefined) return markup`<span class="dim">not run</span>`;
  return [
    markup`<span class="verdict">${glyph(experiment.verdict)} ${VERDICT_WORD[experiment.verdict]}</span>`,
    outageRange(experiment) === null ? null : mark(experiment, longest),
    markup`<small>${told(experiment)}</small>`,
  ];
}

/** The figure that the mark shows, for those who do not see it. */
function told(experiment: ExperimentResult): string {
  const { valid } = trialsInTime(experiment);
  if (experiment.trials.length === 0) return experiment.reason ?? 'no trial';
  if (valid.length === 0) return 'no valid trial';
  const outage = outageRange(experiment);
  const failed = valid.reduce((sum, trial) => sum + trial.failedRequests, 0);
  const what = outage === null ? 'no outage' : `${seconds(outage[0])} to ${seconds(outage[1])}`;
  return `${what}, ${number(failed)} failed in ${plural(valid.length, 'trial')}`;
}

/** Shortest lower and longest upper bound of the valid trials, s; null without an outage. */
function outageRange(experiment: ExperimentResult): readonly [number, number] | null {
  const { valid } = trialsInTime(experiment);
  const most = Math.max(0, ...valid.map((trial) => trial.upper_s));
  return most === 0 ? null : [Math.min(...valid.map((trial) => trial.lower_s)), most];
}

const longestOutage_s = (experiment: ExperimentResult): number => outageRange(experiment)?.[1] ?? 0;

/** What needs a reader first: open results, then deviations. */
const URGENCY: readonly Verdict[] = ['error', 'inconclusive', 'not-run', 'deviates'];

function urgency({ runs }: ExperimentGroup): number {
  const ranks = runs.map(({ experiment }) => URGENCY.indexOf(experiment.verdict));
  return Math.min(...ranks.map((rank) => (rank < 0 ? URGENCY.length : rank)));
}

/** Drawn here, without script: the page has one for each experiment and variant. */
function mark(experiment: ExperimentResult, longest: number): Markup {
  // What is predicted or promised may lie beyond the scale: it ends at the edge.
  const x = (value_s: number): number => Math.round(Math.min(1, value_s / longest) * (WIDTH - 4) * 10) / 10 + 2;
  const { limit_s, predicted, verdict } = experiment;
  const outage = outageRange(experiment);
  const band =
    predicted === undefined || predicted.quantity !== undefined || predicted.range_s[1] === 0
      ? null
      : predicted.range_s;
  return markup`<svg class="mark" width="${WIDTH}" height="${HEIGHT}" viewBox="0 0 ${WIDTH} ${HEIGHT}" aria-hidden="true">
    <path class="axis" d="M2 ${HEIGHT - 1.5}H${WIDTH - 2}" />
    ${band === null ? null : markup`<rect class="predict" x="${x(band[0])}" y="1" width="${Math.max(2, x(band[1]) - x(band[0]))}" height="${HEIGHT - 3}" />`}
    ${outage === null ? null : markup`<rect class="bar ${verdict === 'deviates' ? 'bad' : 'good'}" x="${x(outage[0])}" y="4" width="${Math.max(2, x(outage[1]) - x(outage[0]))}" height="5" />`}
    ${limit_s === null || limit_s === 0 || limit_s > longest ? null : markup`<path class="limit" d="M${x(limit_s)} 0V${HEIGHT - 1}" />`}
  </svg>`;
}
