/** Whether clients notice that one of several is missing, once the failover is over. */
import { fisherTail } from '../../measurement/statistics.ts';
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
  /** In how many seconds those were sent that failed. */
  readonly seconds: number;
}

interface Missed extends Absence {
  /** While it was missing. */
  readonly without: Counts;
  /** During the stop, the start and the failovers. */
  readonly moving: Counts;
  /** Of the same series while nothing was stopped. */
  readonly withAll: Counts;
}

/** What was promised, and what of it was done. */
export interface InTurn {
  /** How long each was missing after the failover. */
  readonly absent_s: number;
  /** How long a failover may take. */
  readonly failover_s: number;
  /** What the promise has beyond that. */
  readonly notShown: string;
}

/** Fewer requests show nothing of an absence. */
const ENOUGH = 50;
/** What began so shortly before the return may have met it. */
const MET_RETURN_MS = 500;
/** A moment in which the machine stood still is not an absence. */
const SECONDS_MIN = 2;
const RISK = 0.025;

/**
 * Conforms when no request failed while one was missing, or while none was; deviates when requests failed in several
 * seconds without one, and more often than with all (Fisher's test), else inconclusive.
 */
export function judgeInTurn(
  claim: string,
  trials: readonly TrialData[],
  { absent_s, failover_s, notShown }: InTurn,
): ClaimJudgement {
  const missed = trials.filter(({ trial }) => trial.valid).flatMap(missedIn);
  const failing = missed.filter(({ without }) => without.failed > 0);
  const broken = failing.filter(isMissed);
  const common = {
    claim,
    expected: `no failed request while any one is stopped, from ${String(failover_s)} s after the stop on`,
    observed: `${observedOf(missed, failing)}; ${notShown}`,
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
    (missed.some(({ without, withAll }) => without.failed + withAll.failed > 0)
      ? 'so few requests failed that they may have failed with all of them too'
      : undefined);
  return why === undefined ? { ...common, verdict: 'conforms' } : { ...common, verdict: 'inconclusive', reason: why };
}

function isMissed({ without, withAll }: Missed): boolean {
  const risk = fisherTail(without.failed, without.total, withAll.failed, withAll.total);
  return without.seconds >= SECONDS_MIN && risk < RISK;
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
  const absences = absencesIn(one);
  const rests = absences.map(({ rested_ms }, index): readonly [number, number] => [
    rested_ms,
    absences[index + 1]?.stopped_ms ?? rested_ms,
  ]);
  return absences.map((absence) => {
    const { series, stopped_ms, missing_ms, back_ms, rested_ms } = absence;
    const probes = series.flatMap((name) => one.series[name] ?? []);
    const isWithout = (probe: SessionProbe): boolean =>
      probe.sent_ms >= missing_ms &&
      probe.sent_ms < back_ms &&
      // A request that hangs ends long after it was sent, and so after the return.
      (probe.ok || probe.done_ms < back_ms || probe.sent_ms < back_ms - MET_RETURN_MS);
    const isMoving = (probe: SessionProbe): boolean => probe.sent_ms >= stopped_ms && probe.sent_ms < rested_ms;
    const isResting = ({ sent_ms, done_ms }: SessionProbe): boolean =>
      done_ms < (absences[0]?.stopped_ms ?? 0) || rests.some(([from, to]) => sent_ms >= from && done_ms <= to);
    return {
      ...absence,
      without: count(probes.filter(isWithout)),
      moving: count(probes.filter((probe) => isMoving(probe) && !isWithout(probe))),
      withAll: count(probes.filter(isResting)),
    };
  });
}

function count(probes: readonly SessionProbe[]): Counts {
  const failed = probes.filter((probe) => !probe.ok);
  return {
    failed: failed.length,
    total: probes.length,
    kinds: [...new Set(failed.map(({ kind }) => kind))],
    seconds: new Set(failed.map(({ sent_ms }) => Math.floor(sent_ms / 1000))).size,
  };
}
