/** Section 5: what clients saw of a fault, trial by trial. */
import { duration, figure, number, plural, seconds } from '../format.ts';
import { markup } from '../markup.ts';
import { experimentFinding, failedRequests, trialsInTime } from '../sentences.ts';
import { VERDICT_WORD } from '../words.ts';
import { BOARD_FROM, experimentBoard } from './experiment-board.ts';
import { chart, figures, glyph, section } from './parts.ts';
import type { ExperimentResult, Trial } from '../../record/types.ts';
import type { Markup, Part } from '../markup.ts';
import type { Model } from '../model.ts';

interface Run {
  readonly variant: string;
  readonly experiment: ExperimentResult;
}

/** More probes than this in a shown trial, and in all of them, are thinned; failed ones never. */
const MAX_PROBES = 6_000;
const MAX_PROBES_OF_ALL = 90_000;

/** One experiment in every variant that ran it. */
export interface ExperimentGroup {
  /** Of its section. */
  readonly id: string;
  readonly runs: readonly Run[];
}

/** All experiments of a record, the same experiment of both variants together. */
export function experimentRuns(model: Model): readonly ExperimentGroup[] {
  const all = model.record.variants.flatMap((variant) =>
    variant.experiments.map((experiment) => ({ variant: variant.name, experiment })),
  );
  return [...Map.groupBy(all, (run) => run.experiment.name)].map(([, runs], index) => ({
    id: `experiment-${index + 1}`,
    runs,
  }));
}

/** One section for each experiment; many of them folded away below a table. */
export function experiments(model: Model): readonly Markup[] {
  const groups = experimentRuns(model);
  if (groups.length < BOARD_FROM) return groups.map(({ id, runs }) => experimentSection(model, id, runs));
  return [experimentBoard(model, groups), ...groups.map((group) => folded(model, group))];
}

function folded(model: Model, { id, runs }: ExperimentGroup): Markup {
  return markup`<details class="folded" id="${id}">
    <summary>${runs.map(({ experiment }) => glyph(experiment.verdict))} ${runs[0]?.experiment.title ?? ''}</summary>
    ${experimentSection(model, `${id}-detail`, runs)}
  </details>`;
}

function experimentSection(model: Model, id: string, runs: readonly Run[]): Markup {
  const first = runs[0]?.experiment;
  if (first === undefined) throw new Error('An experiment without a run.');
  const claims = [...new Set(runs.flatMap((run) => run.experiment.verifies))];
  const say = markup`Verifies
  ${claims.length === 0 ? 'no claim of the document' : claims.map((claim) => markup`<a class="cid" href="#${encodeURIComponent(claim)}">${claim.split('.').slice(1).join('.')}</a> `)}`;
  const trials = runs.flatMap((run) => run.experiment.trials);
  return section(
    id,
    `Experiment: ${first.title}`,
    experimentFinding(runs),
    say,
    [
      setup(first),
      trials.length === 0
        ? markup`<p class="dim">No trial was recorded.</p>`
        : [timelines(runs, probesAtMost(model)), strips(runs)],
      markup`<div class="words">${runs.map(words)}</div>`,
      figures(
        ['Variant', 'Trial', 'Phase', 'Outage', 'Failed', 'Requests', 'Errors', 'Prober late', 'Counts'],
        runs.flatMap(trialRows),
        'Every trial',
      ),
    ],
    model.record.run.partial,
  );
}

function setup(experiment: ExperimentResult): Markup {
  const items = [
    { name: 'Hypothesis', text: experiment.hypothesis },
    ...(experiment.setup ?? []),
    ...(experiment.limit_s === null ? [] : [{ name: 'Recovered', text: `within ${seconds(experiment.limit_s)}` }]),
    ...(experiment.predicted === undefined
      ? []
      : [
          {
            name: 'Predicted',
            text: `${experiment.predicted.quantity === undefined ? '' : `${experiment.predicted.quantity}: `}${seconds(experiment.predicted.range_s[0])} to ${seconds(experiment.predicted.range_s[1])}: ${experiment.predicted.formula}, from ${experiment.predicted.settings}`,
          },
        ]),
  ];
  return markup`<dl class="hyp">
    ${items.map(
      (item) =>
        markup`<div>
          <dt>${item.name}</dt>
          <dd>${item.text}</dd>
        </div>`,
    )}
  </dl>`;
}

/** The trial that says most: the longest outage, then the most failed requests. */
export function toldTrial(experiment: ExperimentResult): number {
  const weight = (trial: Trial): number => (trial.valid ? 1e12 : 0) + trial.upper_s * 1e6 + trial.failedRequests;
  return experiment.trials.reduce((best, trial, index, all) => {
    const leader = all[best];
    return leader === undefined || weight(trial) > weight(leader) ? index : best;
  }, 0);
}

function probesAtMost({ record }: Model): number {
  const shown = record.variants.reduce((sum, { experiments: own }) => sum + own.length, 0);
  return Math.min(MAX_PROBES, Math.floor(MAX_PROBES_OF_ALL / Math.max(1, shown)));
}

function timelines(runs: readonly Run[], most: number): readonly Part[] {
  return runs.map((run) => {
    const index = toldTrial(run.experiment);
    const trial = run.experiment.trials[index];
    return trial === undefined ? null : timeline(run, trial, { place: index + 1, most });
  });
}

function timeline(
  { variant, experiment }: Run,
  trial: Trial,
  { place, most }: { readonly place: number; readonly most: number },
): Markup {
  const zero = trial.fault.injected_ms;
  const data = {
    probes: thin(trial, most).map((probe) => [Math.round(probe.intended_ms - zero), probe.ok ? 1 : 0, probe.kind]),
    fault: {
      proved: trial.fault.proved_ms - zero,
      reverted: trial.fault.reverted_ms - zero,
      healed: trial.fault.healed_ms - zero,
    },
    limit_ms: experiment.limit_s === null ? null : experiment.limit_s * 1000,
    lanes: (trial.lanes ?? []).map((lane) => ({
      name: lane.name,
      spans: lane.spans.map((span) => ({
        from: span.from_ms - zero,
        to: span.to_ms - zero,
        state: span.state,
        kind: span.kind,
      })),
    })),
    events: trial.timeline.map((event) => event.at_ms - zero),
  };
  const outage =
    trial.upper_s === 0 ? 'no outage' : `an outage of ${seconds(trial.lower_s)} to ${seconds(trial.upper_s)}`;
  const errors = Object.entries(trial.errorsByKind)
    .map(([kind, count]) => `${count} × ${kind}`)
    .join(', ');
  const label = `Trial ${place}, ${variant}: ${outage}, ${trial.failedRequests} of ${trial.totalRequests} requests failed`;
  return markup`<figure class="tl">
    <figcaption>
      <b
        >Trial ${place} of ${experiment.trials.length}, ${variant}: ${outage}, ${number(trial.failedRequests)} of
        ${number(trial.totalRequests)} requests failed.</b
      >
      Answered probes stand above the line, failed ones hang below it. The fault is
      shaded.${errors === '' ? '' : ` Failures: ${errors}.`}
    </figcaption>
    ${chart('timeline', data, label)}
    <ol class="events">
      ${trial.timeline.map(
        (event, index) =>
          markup`<li>
            <i>${index + 1}</i><span class="mono">${sign(event.at_ms - zero)}</span
            ><span>${event.what} <span class="dim">${event.source}</span></span>
          </li>`,
      )}
    </ol>
  </figure>`;
}

function thin(trial: Trial, most: number): readonly Trial['probes'][number][] {
  const step = Math.ceil(trial.probes.length / most);
  return trial.probes.filter((probe, index) => !probe.ok || index % step === 0);
}

function sign(ms: number): string {
  return `${ms < 0 ? '−' : '+'}${Math.abs(ms / 1000).toFixed(3)}`;
}

function strips(runs: readonly Run[]): Part {
  const data = runs.map(({ variant, experiment }) => ({
    variant,
    limit: experiment.limit_s,
    // A range of something else has no place on the scale of outages.
    predicted: experiment.predicted?.quantity === undefined ? (experiment.predicted?.range_s ?? null) : null,
    trials: experiment.trials.map((trial) => ({
      phase: trial.phase_s,
      lower: trial.lower_s,
      upper: trial.upper_s,
      valid: trial.valid,
      failed: trial.failedRequests,
    })),
  }));
  const count = Math.max(...runs.map((run) => run.experiment.trials.length));
  const strip = markup`<figure>
    <figcaption>
      <b>${plural(count, 'trial')} in each variant.</b> One stroke a trial, from the last probe known to fail to the
      first known to succeed; first trial on
      top.${runs.some(({ experiment: { predicted } }) => predicted !== undefined && predicted.quantity === undefined) ? ' Shaded: the range predicted from the configuration before the run.' : ''}
    </figcaption>
    ${chart('strip', data, `Outage of each of ${count} trials in ${runs.map((run) => run.variant).join(' and ')}`)}
  </figure>`;
  if (count < 5) return strip;
  return markup`<div class="two w">
    ${strip}
    <figure>
      <figcaption>
        <b>Outage against the phase of the fault.</b> Points on a line mean that one timer is the mechanism.
      </figcaption>
      ${chart('phase', data, 'Outage against phase of the fault')}
    </figure>
  </div>`;
}

function words({ variant, experiment }: Run): Markup {
  const { within, valid } = trialsInTime(experiment);
  const thrown = experiment.trials.length - valid.length;
  const reason = experiment.reason === undefined ? '' : ` ${experiment.reason}`;
  const limit =
    experiment.limit_s === null
      ? ''
      : `${within} of ${plural(valid.length, 'valid trial')} ended within ${seconds(experiment.limit_s)}. `;
  return markup`<p>
    ${glyph(experiment.verdict)}<span
      ><b>${variant}: ${VERDICT_WORD[experiment.verdict]}.</b> ${limit}${experiment.observed}${reason} ${shown(experiment)}${failedRequests(experiment)} ${thrown} of
      ${plural(experiment.trials.length, 'trial')} thrown away; ${experiment.rollbacks.done} rolled back,
      ${experiment.rollbacks.failed} failed. Took ${duration(experiment.duration_ms)}.
      <code>${experiment.reproduce}</code></span
    >
  </p>`;
}

/** What the trials show together, and whether the prediction agrees. */
function shown({ statistics, predicted, control }: ExperimentResult): string {
  const parts = [
    ...(control === undefined ? [] : [`Negative control (${control}), no measurement of the promise.`]),
    ...(statistics === undefined ? [] : [`Shown: ${statistics.statement}.`]),
    ...(predicted?.comparison === undefined ? [] : [predicted.comparison]),
  ];
  return parts.length === 0 ? '' : `${parts.join(' ')} `;
}

function trialRows({ variant, experiment }: Run): readonly (readonly Part[])[] {
  return experiment.trials.map((trial, index) => [
    variant,
    index + 1,
    seconds(trial.phase_s),
    trial.upper_s === 0 ? 'none' : `${seconds(trial.lower_s)} to ${seconds(trial.upper_s)}`,
    number(trial.failedRequests),
    number(trial.totalRequests),
    Object.entries(trial.errorsByKind)
      .map(([kind, count]) => `${kind} ${count}`)
      .join(', ') || 'none',
    `${figure(trial.proberLateness_ms_p99)} ms`,
    trial.valid ? 'yes' : `no: ${trial.invalidReason ?? 'not said'}`,
  ]);
}
