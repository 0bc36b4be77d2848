/** Probes as the run record keeps them. */
import type { ProbeSample } from '../../reports/record/types.ts';

/** About so many unremarkable probes are kept of each trial. */
const KEPT = 600;
/** Slower answers than so many times the median are remarkable. */
const SLOW_FACTOR = 10;

/**
 * All failed and slow probes with their neighbours, and of the rest every n-th:
 * enough to draw a trial, without a megabyte of answered requests.
 */
export function forRecord(probes: readonly ProbeSample[]): ProbeSample[] {
  const latencies = probes.map((probe) => probe.done_ms - probe.sent_ms).toSorted((a, b) => a - b);
  const slow_ms = (latencies[latencies.length >> 1] ?? 0) * SLOW_FACTOR;
  const remarkable = probes.map((probe) => !probe.ok || probe.done_ms - probe.sent_ms > slow_ms);
  const step = Math.max(1, Math.ceil(probes.length / KEPT));
  const kept = probes.filter(
    (_, index) => index % step === 0 || remarkable[index - 1] || remarkable[index] || remarkable[index + 1],
  );
  return kept.map(({ intended_ms, sent_ms, done_ms, ok, kind }) => ({
    intended_ms: round(intended_ms),
    sent_ms: round(sent_ms),
    done_ms: round(done_ms),
    ok,
    kind,
  }));
}

const round = (value_ms: number): number => Math.round(value_ms * 10) / 10;
