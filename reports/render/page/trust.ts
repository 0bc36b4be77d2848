/** The trust list: why the numbers below may be believed, or why not. */
import { figure, plural } from '../format.ts';
import { markup } from '../markup.ts';
import type { Markup } from '../markup.ts';
import type { Model } from '../model.ts';

interface Reason {
  readonly name: string;
  readonly text: string;
  /** `null`: this run had nothing of the kind. */
  readonly good: boolean | null;
}

/** The list. */
export function trust(model: Model): Markup {
  const reasons = [instruments(model), controls(model), load(model), prober(model), faults(model), recordState(model)];
  return markup`<ul class="ticks">
    ${reasons.map(
      ({ name, text, good }) =>
        markup`<li>
          ${mark(good)}<span><b>${name}</b> ${text}</span>
        </li>`,
    )}
  </ul>`;
}

function mark(good: boolean | null): Markup {
  const [token, label] = good === null ? ['na', 'none'] : good ? ['conforms', 'yes'] : ['inconclusive', 'not entirely'];
  return markup`<svg class="g ${token}" role="img" aria-label="${label}"><use href="#g-${token}" /></svg>`;
}

function instruments({ record }: Model): Reason {
  const good = record.calibration.filter((result) => result.holds).length;
  const total = record.calibration.length;
  if (total === 0) return { name: 'Instruments', text: 'were not calibrated in this run', good: null };
  return { name: 'Instruments', text: `${good} of ${total} within tolerance of known truth`, good: good === total };
}

function controls({ record }: Model): Reason {
  const claims = record.variants.flatMap((variant) => variant.claims);
  const controlled = claims.filter((claim) => (claim.controls?.length ?? 0) > 0);
  if (controlled.length === 0) return { name: 'Negative controls', text: 'are not named in this record', good: null };
  const turned = controlled.filter((claim) => claim.controls?.some((control) => control.verdict === 'deviates'));
  const text = `${turned.length} of ${plural(controlled.length, 'controlled result')} turned by a mutant`;
  return { name: 'Negative controls', text, good: turned.length === controlled.length };
}

function load({ record }: Model): Reason {
  const steps = record.variants.flatMap(({ capacities = [] }) => capacities.flatMap((search) => search.steps));
  if (steps.length > 0) {
    const thrown = steps.filter(({ verdict }) => verdict === 'invalid' || verdict === 'disturbed').length;
    return { name: 'Load', text: `${thrown} of ${plural(steps.length, 'load step')} thrown away`, good: thrown === 0 };
  }
  const rules = record.variants.flatMap((variant) => variant.scenarios.flatMap((scenario) => scenario.validity));
  if (rules.length === 0) return { name: 'Load', text: 'none in this run', good: null };
  const broken = rules.filter((rule) => !rule.holds);
  if (broken[0] === undefined)
    return { name: 'Load', text: `${rules.length} of ${rules.length} rules of a valid load hold`, good: true };
  return {
    name: 'Load',
    text: `${broken.length} of ${rules.length} rules broken: ${broken[0].rule}, ${broken[0].seen}`,
    good: false,
  };
}

function prober({ record }: Model): Reason {
  const trials = record.variants.flatMap((variant) => variant.experiments.flatMap((experiment) => experiment.trials));
  if (trials.length === 0) return { name: 'Prober', text: 'no experiment in this run', good: null };
  const late = Math.max(...trials.map((trial) => trial.proberLateness_ms_p99));
  const thrown = trials.filter((trial) => !trial.valid).length;
  const text = `late by at most ${figure(late)} ms (P99 of the worst trial); ${thrown} of ${plural(trials.length, 'trial')} thrown away`;
  return { name: 'Prober', text, good: thrown === 0 };
}

function faults({ record }: Model): Reason {
  const experiments = record.variants.flatMap((variant) => variant.experiments);
  if (experiments.length === 0) return { name: 'Faults', text: 'none in this run', good: null };
  const trials = experiments.flatMap((experiment) => experiment.trials).length;
  const done = experiments.reduce((sum, experiment) => sum + experiment.rollbacks.done, 0);
  const failed = experiments.reduce((sum, experiment) => sum + experiment.rollbacks.failed, 0);
  const text = `${plural(trials, 'trial')}, ${done} rolled back, ${failed} ${failed === 1 ? 'roll-back' : 'roll-backs'} failed`;
  return { name: 'Faults', text, good: failed === 0 };
}

function recordState({ record }: Model): Reason {
  const warnings = (record.notes ?? []).filter((note) => note.level !== 'info').length;
  const said = warnings === 0 ? 'no warning' : plural(warnings, 'warning');
  if (record.run.partial) return { name: 'Record', text: `partial; ${said}`, good: false };
  return { name: 'Record', text: `complete; ${said}`, good: warnings === 0 };
}
