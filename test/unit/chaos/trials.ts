/** Hand-made trials for judgements. */
import type { TrialData } from '../../../chaos/runner/experiment.ts';
import type { SessionProbe } from '../../../chaos/prober/session.ts';

export interface MadeTrial {
  /** Who answers the probe that is sent at this instant; null when it fails. */
  readonly answer: (sent_ms: number) => string | null;
  readonly injected_ms: number;
  readonly reverted_ms: number;
  readonly healed_ms: number;
  readonly end_ms: number;
  readonly interval_ms?: number;
  readonly invalidReason?: string;
  readonly notes?: Readonly<Record<string, number>>;
  /** How a failed probe ends. */
  readonly kind?: string;
}

/** A trial of probes that are answered or fail as told. */
export function madeTrial(made: MadeTrial): TrialData {
  const {
    answer,
    injected_ms,
    reverted_ms,
    healed_ms,
    end_ms,
    interval_ms = 10,
    invalidReason,
    kind = 'status-502',
  } = made;
  const probes = Array.from({ length: Math.floor(end_ms / interval_ms) }, (_, index): SessionProbe => {
    const sent_ms = index * interval_ms;
    const by = answer(sent_ms);
    const common = { intended_ms: sent_ms, sent_ms, done_ms: sent_ms + 5 };
    return by === null ? { ...common, ok: false, kind } : { ...common, ok: true, kind: 'status-200', servedBy: by };
  });
  const after = probes.filter((probe) => probe.done_ms >= injected_ms);
  const failed = after.filter((probe) => !probe.ok).length;
  return {
    probes,
    series: { made: probes },
    before: probes.filter((probe) => probe.done_ms < injected_ms),
    collected: {},
    instrumentUnsound: false,
    trial: {
      phase_s: 0,
      lower_s: 0,
      upper_s: 0,
      failedRequests: failed,
      totalRequests: after.length,
      valid: invalidReason === undefined,
      ...(invalidReason === undefined ? {} : { invalidReason }),
      errorsByKind: failed > 0 ? { [kind]: failed } : {},
      timeline: Object.entries(made.notes ?? {}).map(([what, at_ms]) => ({ at_ms, source: 'runner', what })),
      proberLateness_ms_p99: 1,
      probes: [],
      fault: { injected_ms, proved_ms: injected_ms + 200, reverted_ms, healed_ms },
    },
  };
}
