/** Whether clients notice that one of several is missing, once the failover is over. */
import { proportionInterval } from '../../measurement/statistics.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { ClaimJudgement, TrialData } from '../runner/experiment.ts';

/** Name of the collected text: one absence a line, as JSON. */
export const IN_TURN = 'who was stopped, and when';

/** When one service was missing; ms on the trial's clock. */
export interface Absence {
  readonly service: string;
  /** Series whose clients must not notice. */
  readonly series: readonly string[];
  /** The stop was asked for. */
  readonly stopped_ms: number;
  /** It was seen stopped, and the time of a failover has passed. */
  readonly missing_ms: number;
  /** Its start was asked for. */
  readonly back_ms: number;
  /** It was seen well again, and the time of a failover has passed. */
  readonly rested_ms: number;
}

interface Counts {
  readonly failed: number;
  readonly total: number;
  /** How they failed. */
  readonly kinds: readonly string[];
}

interface Missed extends Absence {
  /** While it was missing. */
  readonly without: Counts;
  /** During the stop, the start and the failovers. */
  readonly moving: Counts;
}

/** Fewer requests show nothing of an absence. */
const ENOUGH = 50;

/**
 * Conforms when no request failed while one was missing, or while none was; deviates when failures are more frequent
 * without one than with all (the intervals are apart), else inconclusive.
 *
 * @param times how long each was missing after the failover, and how long a failover may take, s
 */
export function judgeInTurn(
  claim: string,
  trials: readonly TrialData[],
  { absent_s, failover_s }: { readonly absent_s: number; readonly failover_s: number },
): ClaimJudgement {
  const missed = trials.filter(({ trial }) => trial.valid).flatMap(missedIn);
  const usual = trials
    .filter(({ trial }) => trial.valid)
    .map(withAll)
    .reduce(sum, { failed: 0, total: 0, kinds: [] });
  const usual_max = usual.total === 0 ? 1 : proportionInterval(usual.failed, usual.total).upper;
  const failing = missed.filter(({ without }) => without.failed > 0);
  const broken = failing.filter(
    ({ without: { failed, total } }) => proportionInterval(failed, total).lower > usual_max,
  );
  const common = {
    claim,
    expected: `no failed request while any one is stopped, from ${String(failover_s)} s after the stop on`,
    observed: observedOf(missed, failing),
    evidence: [
      {
        kind: 'table' as const,
        title: `Each stopped for ${String(absent_s)} s beyond the failover`,
        columns: ['service', 'requests without it', 'failed', 'how', 'failed during stop, start and failovers'],
        rows: missed.map(({ service, without, moving }) => [
          service,
          without.total,
          without.failed,
          without.kinds.join(', '),
          `${String(moving.failed)} of ${String(moving.total)}`,
        ]),
      },
    ],
  };
  if (broken.length > 0)
    return {
      ...common,
      verdict: 'deviates',
      reason: `nobody takes over for ${broken.map(({ service }) => service).join(', ')}`,
    };
  const invalid = trials.find(({ trial }) => !trial.valid)?.trial.invalidReason;
  const few = missed.find(({ without }) => without.total < ENOUGH);
  const why =
    invalid ??
    (missed.length === 0 ? 'nothing was stopped' : undefined) ??
    (few && `only ${String(few.without.total)} requests were sent without ${few.service}`) ??
    (failing.length + usual.failed > 0 ? 'a few requests failed, no more often than with all of them' : undefined);
  return why === undefined ? { ...common, verdict: 'conforms' } : { ...common, verdict: 'inconclusive', reason: why };
}

function observedOf(missed: readonly Missed[], failing: readonly Missed[]): string {
  const requests = missed.reduce((total, { without }) => total + without.total, 0);
  const told = failing.map(({ service, without }) => `${String(without.failed)} without ${service}`).join(', ');
  return `${String(missed.length)} stopped in turn; of ${String(requests)} requests meanwhile ${told === '' ? 'none' : told} failed`;
}

function absencesIn({ collected }: TrialData): Absence[] {
  return (collected[IN_TURN] ?? []).map((line) => JSON.parse(line) as Absence);
}

function missedIn(one: TrialData): Missed[] {
  return absencesIn(one).map((absence) => {
    const { series, stopped_ms, missing_ms, back_ms, rested_ms } = absence;
    const probes = series.flatMap((name) => one.series[name] ?? []);
    const without = count(probes.filter((probe) => within(probe, missing_ms, back_ms)));
    const all = count(probes.filter((probe) => probe.done_ms > stopped_ms && probe.sent_ms < rested_ms));
    const moving = { failed: all.failed - without.failed, total: all.total - without.total, kinds: [] };
    return { ...absence, without, moving };
  });
}

/** Requests of all series while nothing was stopped, from the first stop on. */
function withAll(one: TrialData): Counts {
  const absences = absencesIn(one);
  const rests = absences.map(
    ({ rested_ms }, index) => [rested_ms, absences[index + 1]?.stopped_ms ?? rested_ms] as const,
  );
  const probes = Object.values(one.series).flat();
  return count(probes.filter((probe) => rests.some(([from_ms, to_ms]) => within(probe, from_ms, to_ms))));
}

const within = (probe: SessionProbe, from_ms: number, to_ms: number): boolean =>
  probe.sent_ms >= from_ms && probe.done_ms <= to_ms;

function count(probes: readonly SessionProbe[]): Counts {
  const failed = probes.filter((probe) => !probe.ok);
  return { failed: failed.length, total: probes.length, kinds: [...new Set(failed.map(({ kind }) => kind))] };
}

function sum(a: Counts, b: Counts): Counts {
  return { failed: a.failed + b.failed, total: a.total + b.total, kinds: [] };
}
