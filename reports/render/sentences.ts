/**
 * The findings: full sentences made from the record alone. Each is a pure
 * function so that its wording can be tested for one, many, none and partial.
 */
import { capacityInWords, isCapacityRun } from '../record/capacity.ts';
import { isControlRun } from '../record/controls.ts';
import { replicasInWords } from '../record/scaling.ts';
import { deviations, withVerdict } from './model.ts';
import { enumerate, latency, number, plural, seconds } from './format.ts';
import type { Model } from './model.ts';
import type {
  CapacityResult,
  Counts,
  ExperimentResult,
  RunRecord,
  ScalingResult,
  ScenarioResult,
  Trial,
  VariantResult,
} from '../record/types.ts';

/** How the gate ended, for colours and outlines. */
export type Outcome = 'holds' | 'breaks' | 'open' | 'failed';

/** The outcome that an exit code stands for. */
export function outcome(record: RunRecord): Outcome {
  return ({ 0: 'holds', 1: 'breaks', 2: 'open', 3: 'failed' } as const)[record.summary.gate.exitCode];
}

function all(record: RunRecord, of: keyof Counts): number {
  return Object.values(record.summary.byVariant).reduce((sum, counts) => sum + counts[of], 0);
}

/** The first line of the report: does the gate hold? */
export function headline(record: RunRecord): string {
  const { gate } = record.summary;
  if (isControlRun(record.variants) || isCapacityRun(record)) return gate.sentence;
  switch (outcome(record)) {
    case 'holds':
      return `The gate holds: ${plural(gate.newDeviations.length, 'new deviation')}.`;
    case 'breaks':
      return `The gate breaks: ${plural(gate.newDeviations.length, 'new deviation')}.`;
    case 'open':
      if (record.run.partial) return 'The gate cannot say: partial run.';
      return `The gate cannot say: ${plural(all(record, 'inconclusive'), 'result')} inconclusive.`;
    case 'failed':
      return all(record, 'conforms') + all(record, 'deviates') === 0
        ? 'No verdict: nothing was measured.'
        : 'The harness failed: no verdict.';
  }
}

/** Short form for the bar at the top and for the window's title. */
export function shortAnswer(record: RunRecord): string {
  if (isCapacityRun(record)) return outcome(record) === 'holds' ? 'Capacity found' : 'Capacity unknown';
  return { holds: 'Gate holds', breaks: 'Gate breaks', open: 'Gate undecided', failed: 'Harness failed' }[
    outcome(record)
  ];
}

function kept(variant: VariantResult, counts: Counts | undefined): string {
  const judged = (counts?.conforms ?? 0) + (counts?.deviates ?? 0);
  if (judged === 0) return `The ${variant.name} configuration was not judged.`;
  return `The ${variant.name} configuration keeps ${counts?.conforms ?? 0} of ${judged} judged promises.`;
}

/** What the headline means, variant by variant. */
export function lede(model: Model): string {
  const { record } = model;
  if (record.variants.length === 0) return 'The run ended before any variant was started.';
  if (isCapacityRun(record)) return 'A search for capacity, which judges no claim.';
  const lines = record.variants.map((variant) => kept(variant, record.summary.byVariant[variant.name]));
  const hardened = model.variants.indexOf('hardened');
  const plus = withVerdict(model.rows, hardened, 'deviates').filter((row) => row.results[hardened]?.needsPlus).length;
  if (plus > 0) lines.push(`${plus} cannot be kept with open-source nginx.`);
  return lines.join(' ');
}

/** Where every claim of the document went; the parts add up to the whole. */
export function scope(model: Model): {
  readonly judged: number;
  readonly notApplicable: number;
  readonly open: number;
  readonly outside: number;
  readonly total: number;
} {
  const verdicts = model.rows.map((row) => row.results.map((result) => result?.verdict ?? 'not-run'));
  const judged = verdicts.filter((own) =>
    own.every((verdict) => verdict === 'conforms' || verdict === 'deviates'),
  ).length;
  const notApplicable = verdicts.filter(
    (own) =>
      own.some((verdict) => verdict === 'not-applicable') &&
      own.every((verdict) => ['conforms', 'deviates', 'not-applicable'].includes(verdict)),
  ).length;
  const outside = model.record.outside.length;
  return {
    judged,
    notApplicable,
    open: model.rows.length - judged - notApplicable,
    outside,
    total: model.rows.length + outside,
  };
}

/** The denominators, zeros included. */
export function scopeSentence(model: Model): string {
  const { judged, notApplicable, open, outside, total } = scope(model);
  const every = model.variants.length > 1 ? ' in every variant' : '';
  return `The document makes ${plural(total, 'claim')}: ${judged} judged${every}, ${notApplicable} not applicable here in at least one, ${open} without a verdict, ${outside} outside this profile.`.replace(
    model.variants.length > 1 ? '' : ' in at least one',
    '',
  );
}

/** What hardening changes. */
export function variantsFinding(model: Model): string {
  const broken = withVerdict(model.rows, 0, 'deviates');
  const name = model.variants[0] ?? 'documented';
  if (model.rows.length === 0) return 'No claim was measured in this run.';
  if (broken.length === 0) return `No measured promise is broken in the ${name} variant.`;
  if (model.variants.length < 2) return `The ${name} variant breaks ${plural(broken.length, 'promise')}.`;
  const mended = broken.filter((row) => row.fate === 'mended').length;
  const remedies = model.remedies.filter((remedy) => remedy.mends.some((id) => broken.some((row) => row.id === id)));
  const who = remedies.length > 0 ? plural(remedies.length, 'named remedy', 'named remedies') : 'The hardened variant';
  const verb = remedies.length > 1 ? 'mend' : 'mends';
  return `${who} ${verb} ${mended} of the ${plural(broken.length, 'broken promise')}.`;
}

/** What breaks, in which topics. */
export function breaksFinding(model: Model): string {
  const broken = deviations(model);
  if (broken.length === 0) return 'Nothing that was measured deviates from the document.';
  const fresh = broken.filter((row) =>
    row.results.some((result) => result?.verdict === 'deviates' && result.disposition === 'new'),
  );
  const topics = [...Map.groupBy(broken, (row) => row.claim.topic)]
    .toSorted(([, a], [, b]) => b.length - a.length)
    .map(([topic, rows]) => `${topic.replaceAll('-', ' ')} (${rows.length})`);
  const where =
    topics.length > 3
      ? `${topics.slice(0, 3).join(', ')} and ${plural(topics.length - 3, 'other topic')}`
      : enumerate(topics);
  const lead = fresh.length > 0 ? `${plural(fresh.length, 'deviation')} nobody knew. ` : '';
  return `${lead}${plural(broken.length, 'promise')} ${broken.length === 1 ? 'is' : 'are'} broken: ${where}.`;
}

/** What the ledger holds. */
export function ledgerFinding(model: Model): string {
  if (model.rows.length === 0) return 'This run measured no claim.';
  const variants = model.variants.length > 1 ? 'its verdict in both variants' : 'its verdict';
  return `${plural(model.rows.length, 'promise')}, each with ${variants} and the evidence for it.`;
}

/** Trials whose outage stayed within the limit for certain. */
export function trialsInTime(experiment: ExperimentResult): {
  readonly within: number;
  readonly valid: readonly Trial[];
} {
  const valid = experiment.trials.filter((trial) => trial.valid);
  const limit = experiment.limit_s;
  return { within: limit === null ? valid.length : valid.filter((trial) => trial.upper_s <= limit).length, valid };
}

function capital(text: string): string {
  return text.replace(/^./, (first) => first.toUpperCase());
}

function trialSentence(name: string, experiment: ExperimentResult): string {
  const { within, valid } = trialsInTime(experiment);
  if (valid.length === 0) return `${name}: no valid trial.`;
  const longest = Math.max(...valid.map((trial) => trial.upper_s));
  const outage = longest === 0 ? 'no outage' : `an outage of at most ${seconds(longest)}`;
  if (experiment.limit_s === null) return `${name}: ${outage} in ${plural(valid.length, 'trial')}.`;
  return `${name}: ${outage}, within ${seconds(experiment.limit_s)} in ${within} of ${plural(valid.length, 'trial')}.`;
}

/** How many requests failed in the valid trials of an experiment. */
export function failedRequests(experiment: ExperimentResult): string {
  const { valid } = trialsInTime(experiment);
  const failed = valid.reduce((sum, trial) => sum + trial.failedRequests, 0);
  const requests = valid.reduce((sum, trial) => sum + trial.totalRequests, 0);
  return `${number(failed)} of ${number(requests)} requests failed.`;
}

/** How the experiments of each variant ended. */
export function boardFinding(variants: RunRecord['variants']): string {
  const lines = variants
    .filter(({ experiments }) => experiments.length > 0)
    .map(({ name, experiments }) => {
      const of = (verdict: string): number => experiments.filter((one) => one.verdict === verdict).length;
      const open = experiments.length - of('conforms') - of('deviates') - of('not-applicable');
      const parts = [
        `${of('conforms')} of ${plural(experiments.length, 'experiment')} ${of('conforms') === 1 ? 'conforms' : 'conform'}`,
        ...(of('deviates') > 0 ? [`${of('deviates')} ${of('deviates') === 1 ? 'deviates' : 'deviate'}`] : []),
        ...(of('not-applicable') > 0 ? [`${of('not-applicable')} not applicable`] : []),
        ...(open > 0 ? [`${open} open`] : []),
      ];
      return `${capital(name)}: ${parts.join(', ')}.`;
    });
  return lines.join(' ');
}

/** What clients saw of a fault, in each variant. */
export function experimentFinding(
  runs: readonly { readonly variant: string; readonly experiment: ExperimentResult }[],
): string {
  return runs.map(({ variant, experiment }) => capital(trialSentence(variant, experiment))).join(' ');
}

/** Whether the latency promises of a scenario hold. */
export function scenarioFinding(
  runs: readonly { readonly variant: string; readonly scenario: ScenarioResult }[],
): string {
  const lines = runs.map(({ variant: name, scenario }) => {
    const variant = capital(name);
    const held = scenario.promises.filter((promise) => promise.verdict === 'conforms').length;
    const tail = scenario.corrected.find((point) => point.percentile >= 99);
    const p99 = tail === undefined ? '' : ` (P${tail.percentile} ${latency(tail.value_ms)})`;
    if (scenario.verdict === 'inconclusive')
      return `${variant}: inconclusive${scenario.reason === undefined ? '' : `, ${scenario.reason}`}`;
    if (scenario.promises.length === 0) return `${variant}: ${scenario.observed}`;
    return `${variant}: ${held} of ${plural(scenario.promises.length, 'latency promise')} ${scenario.promises.length === 1 ? 'holds' : 'hold'}${p99}`;
  });
  const sentence = lines.map((line) => line.replace(/\.$/, '')).join('. ');
  return sentence === '' ? 'No load in this run.' : `${sentence}.`;
}

/** How much each variant carries. */
export function capacityFinding(
  runs: readonly { readonly variant: string; readonly capacity: CapacityResult }[],
): string {
  return runs
    .map(({ variant, capacity }) => `${capital(variant)}${replicasInWords(capacity)}: ${capacityInWords(capacity)}.`)
    .join(' ');
}

/** What more instances do to the capacity, in each variant. */
export function scalingFinding(
  scalings: readonly { readonly variant: string; readonly scaling: ScalingResult }[],
): string {
  return scalings
    .map(({ variant, scaling: { pool, shows, law } }) => {
      const replicas = `${capital(variant)}: replicas of the ${pool} pool`;
      if (shows === 'no difference') return `${replicas} made no difference that could be told.`;
      if (law === undefined) return `${replicas}: what they do could not be told.`;
      const peak = law.peak_replicas.value;
      const one = law.lambda_perS.value ?? 0;
      return `${replicas} carry ${number(one)} requests/s alone, and ${peak === null ? 'show no peak' : `most when there are ${number(peak, 1)}`}.`;
    })
    .join(' ');
}

/** Whether the instruments can be believed. */
export function instrumentsFinding(record: RunRecord): string {
  const { calibration } = record;
  const good = calibration.filter((result) => result.holds).length;
  if (calibration.length === 0) return 'This run calibrated no instrument; npm test does, against known truths.';
  if (good === calibration.length)
    return `${calibration.length === 1 ? 'The instrument reads' : `All ${calibration.length} instruments read`} known truths within tolerance.`;
  return `${plural(calibration.length - good, 'instrument')} of ${calibration.length} read outside ${calibration.length - good === 1 ? 'its' : 'their'} tolerance: what they measured cannot be believed.`;
}
