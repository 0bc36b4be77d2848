/** Whether a steady state is there, from the probes that ended lately. */
import { quantile } from '../../measurement/statistics.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { SteadyStateHypothesis } from './experiment.ts';

export interface SteadyFigures {
  /** Probes that ended. */
  readonly ended: number;
  /** Share of them that were answered as expected, 0–1; NaN when none ended. */
  readonly availability: number;
  /** 95th percentile of the answers' latency, ms; NaN without an answer. */
  readonly latency_ms_p95: number;
}

/** Availability and latency of some probes. */
export function steadyFigures(probes: readonly SessionProbe[]): SteadyFigures {
  const answered = probes.filter((probe) => probe.ok);
  return {
    ended: probes.length,
    availability: answered.length / probes.length,
    latency_ms_p95: quantile(
      answered.map((probe) => probe.done_ms - probe.sent_ms),
      0.95,
    ),
  };
}

/** True when the hypothesis holds over these probes; never without any. */
export function isSteady(probes: readonly SessionProbe[], hypothesis: SteadyStateHypothesis): boolean {
  const { availability, latency_ms_p95 } = steadyFigures(probes);
  return availability >= hypothesis.availability_min && latency_ms_p95 <= hypothesis.latency_ms_p95_max;
}

/** Whether each of the instances answered one of these probes. */
export function allAnswer(probes: readonly SessionProbe[], instances: readonly string[]): boolean {
  const seen = new Set(probes.filter(({ ok }) => ok).map(({ servedBy }) => servedBy));
  return instances.every((instance) => seen.has(instance));
}
