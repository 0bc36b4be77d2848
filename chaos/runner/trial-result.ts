/** From everything that was seen in a trial to its entry in the record. */
import type { TimelineEvent, Trial } from '../../reports/record/types.ts';
import { findOutages, steadyState } from '../../measurement/outage.ts';
import { latenessLimit_ms, lateness_ms_p99 } from '../prober/session.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { SeriesConfig } from '../prober/protocol.ts';
import type { Collected, TrialData } from './experiment.ts';
import { forRecord } from './probes.ts';

/** Instants of the fault on the trial's clock, ms; 0 until they come. */
export interface FaultTimes {
  injected_ms: number;
  proved_ms: number;
  reverted_ms: number;
  healed_ms: number;
}

export interface TrialSeen {
  readonly phase_s: number;
  readonly phase: 'worst' | 'random';
  /** The first one decides. */
  readonly series: readonly SeriesConfig[];
  readonly probes: Readonly<Record<string, readonly SessionProbe[]>>;
  /** Probes sent before this instant are warm-up. */
  readonly steadyFrom_ms: number;
  readonly fault: FaultTimes;
  readonly timeline: readonly TimelineEvent[];
  readonly invalidReason: string | null;
  /** Probes of the deciding series that were due while too many were open, and not sent. */
  readonly capped: number;
  readonly collected: Collected;
}

/** Finds the outage that clients saw and whether the trial may count. */
export function readTrial(seen: TrialSeen): TrialData {
  const deciding = seen.series[0];
  const probes = (seen.probes[deciding?.name ?? ''] ?? []).toSorted((a, b) => a.sent_ms - b.sent_ms);
  const judged = probes.filter((probe) => probe.sent_ms >= seen.steadyFrom_ms);
  const injected_ms = seen.fault.injected_ms || Number.POSITIVE_INFINITY;
  const before = judged.filter((probe) => probe.done_ms < injected_ms);
  const after = judged.filter((probe) => probe.done_ms >= injected_ms);
  const late_ms = lateness_ms_p99(judged);
  const unsound = tooMany(seen.capped) ?? (deciding ? tooLate(late_ms, latenessLimit_ms(deciding)) : null);
  const reason =
    seen.invalidReason ??
    unsound ??
    (deciding ? null : 'no series of probes') ??
    (before.some((probe) => probe.ok) ? null : 'no probe was answered before the fault');
  const outages = reason === null ? findOutages(after, steadyState(before)) : [];
  const failed = after.filter((probe) => !probe.ok);
  const trial: Trial = {
    phase_s: Math.round(seen.phase_s * 1000) / 1000,
    phase: seen.phase,
    // Several outages: each must keep the limit, so the worst one speaks for the trial.
    lower_s: Math.max(0, ...outages.map((outage) => outage.lower_ms)) / 1000,
    upper_s: Math.max(0, ...outages.map((outage) => outage.upper_ms)) / 1000,
    failedRequests: failed.length,
    totalRequests: after.length,
    valid: reason === null,
    ...(reason === null ? {} : { invalidReason: reason }),
    errorsByKind: countBy(failed.map((probe) => probe.kind)),
    timeline: seen.timeline.toSorted((a, b) => a.at_ms - b.at_ms),
    fault: { ...seen.fault },
    ...(seen.collected.lanes ? { lanes: seen.collected.lanes } : {}),
    proberLateness_ms_p99: late_ms,
    probes: forRecord(probes),
  };
  const instrumentUnsound = seen.invalidReason === null && unsound !== null;
  return { trial, probes, series: seen.probes, before, collected: seen.collected.texts, instrumentUnsound };
}

function tooLate(late_ms: number, most_ms: number): string | null {
  if (late_ms <= most_ms) return null;
  return `the prober was late: p99 ${late_ms.toFixed(1)} ms, at most ${most_ms} ms may be`;
}

function tooMany(capped: number): string | null {
  return capped === 0 ? null : `${capped} probes were not sent, because too many waited for their answer`;
}

function countBy(kinds: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of kinds) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
