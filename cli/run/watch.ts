/** `--watch`: what an experiment does at this moment, in a few lines below the progress. */
import type { Phase } from '../../chaos/runner/trial.ts';
import type { SteadyStateHypothesis } from '../../chaos/runner/experiment.ts';
import { steadyFigures } from '../../chaos/runner/steady-state.ts';
import type { SteadyFigures } from '../../chaos/runner/steady-state.ts';
import type { SessionProbe } from '../../chaos/prober/session.ts';
import type { Progress } from './progress.ts';

/** The experiment that is under way. */
export interface Watched {
  readonly title: string;
  readonly trials: number;
  readonly hypothesis: SteadyStateHypothesis;
  /** Time after which the watchdog undoes a fault, s. */
  readonly faultLimit_s: number;
}

export interface WatchState extends Watched {
  readonly trial: number;
  readonly phase: Phase;
  readonly phaseFrom_ms: number;
  /** When the fault went in; null while none is in. */
  readonly faultFrom_ms: number | null;
  /** Of the last second; null before the first probe. */
  readonly figures: SteadyFigures | null;
}

/** Phases after whose beginning nothing of the fault is left. */
const UNDONE: ReadonlySet<Phase> = new Set(['recover', 'steady state after', 'set the stage', 'steady state before']);

/** The lines of a state. @param now_ms on the clock of the state's instants */
export function watchLines(state: WatchState, now_ms: number): readonly string[] {
  const { title, trial, trials, phase, phaseFrom_ms, faultFrom_ms, figures, hypothesis, faultLimit_s } = state;
  const for_s = (from_ms: number): number => Math.max(0, (now_ms - from_ms) / 1000);
  const left_s = faultFrom_ms === null ? 0 : Math.max(0, faultLimit_s - for_s(faultFrom_ms));
  return [
    `${title}, trial ${trial} of ${trials}`,
    `${phase}: ${for_s(phaseFrom_ms).toFixed(0)} s`,
    faultFrom_ms === null
      ? 'no fault is in'
      : `a fault is in for ${for_s(faultFrom_ms).toFixed(0)} s; the watchdog undoes it in ${left_s.toFixed(0)} s at the latest`,
    figures === null ? 'no probe has ended yet' : `last second: ${steadyWords(figures, hypothesis)}`,
    'q undoes everything and ends the run',
  ];
}

function steadyWords(figures: SteadyFigures, { availability_min, latency_ms_p95_max }: SteadyStateHypothesis): string {
  if (figures.ended === 0) return 'no probe ended';
  const mark = (kept: boolean): string => (kept ? '✔' : '✘');
  const { availability, latency_ms_p95: p95_ms } = figures;
  const latency = Number.isNaN(p95_ms) ? 'no answer' : `p95 ${p95_ms.toFixed(0)} ms`;
  return (
    `${mark(availability >= availability_min)} ${(availability * 100).toFixed(1)} % answered (steady from ${availability_min * 100} %), ` +
    `${mark(p95_ms <= latency_ms_p95_max)} ${latency} (up to ${latency_ms_p95_max} ms)`
  );
}

/** Follows one experiment after the other. */
export class Watch {
  #state: WatchState | null = null;

  constructor(progress: Pick<Progress, 'below'>) {
    progress.below(() => (this.#state ? watchLines(this.#state, performance.now()) : []));
  }

  begin(watched: Watched): void {
    const now_ms = performance.now();
    const phase: Phase = 'set the stage';
    this.#state = { ...watched, trial: 1, phase, phaseFrom_ms: now_ms, faultFrom_ms: null, figures: null };
  }

  phase(trial: number, phase: Phase): void {
    if (!this.#state) return;
    const now_ms = performance.now();
    const before = this.#state.faultFrom_ms;
    const faultFrom_ms = UNDONE.has(phase) ? null : phase === 'inject' ? now_ms : before;
    this.#state = { ...this.#state, trial, phase, phaseFrom_ms: now_ms, faultFrom_ms };
  }

  probes(recent: readonly SessionProbe[]): void {
    if (this.#state) this.#state = { ...this.#state, figures: steadyFigures(recent) };
  }

  end(): void {
    this.#state = null;
  }
}
