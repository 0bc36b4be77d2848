/** The set-up of an experiment in words, for its report. */
import type { ExperimentResult, Trial } from '../../reports/record/types.ts';
import type { SeriesConfig } from '../prober/protocol.ts';
import type { Experiment } from './experiment.ts';
import { inSeconds, trialsOf } from './words.ts';

/**
 * @param series as the trials used them; empty when none was run
 * @param trials what was run
 */
export function setupInWords(
  { steadyState, method, stage = [], blastRadius, phasePeriod_s = 1 }: Experiment,
  series: readonly SeriesConfig[],
  trials: readonly Trial[],
): NonNullable<ExperimentResult['setup']> {
  const { availability_min, latency_ms_p95_max } = steadyState;
  const worst = trials.some((trial) => trial.phase === 'worst');
  const phase = worst ? 'at the worst phase' : `at a random phase of ${inSeconds(phasePeriod_s)}`;
  const faults = method.map(({ name }) => name).join(', then ');
  return [
    {
      name: 'Steady state',
      text: `at least ${Number((availability_min * 100).toFixed(2))} % answered, P95 below ${latency_ms_p95_max} ms, before and after`,
    },
    ...(stage.length === 0 ? [] : [{ name: 'Stage', text: stage.map(({ name }) => name).join(', ') }]),
    { name: 'Fault', text: `${faults || 'injected while it is observed'}, ${phase}` },
    { name: 'Blast radius', text: blastRadius.join(', ') },
    ...(series.length === 0 ? [] : [{ name: 'Probes', text: series.map(probesInWords).join('; ') }]),
    { name: 'Trials', text: trialsOf(trials.length) },
  ];
}

function probesInWords({ name, interval_ms, timeout_ms }: SeriesConfig, index: number): string {
  return `${name}, one each ${interval_ms} ms, given up after ${inSeconds(timeout_ms / 1000)}${index === 0 ? '; these decide' : ''}`;
}
