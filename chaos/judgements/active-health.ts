/** Whether instances whose health endpoint fails are probed and taken out. */
import type { ClaimJudgement } from '../runner/experiment.ts';

export interface ProbedSeen {
  /** Probes that a healthy instance got from the gateways. */
  readonly probes: number;
  readonly watched_s: number;
  /** Answers by instance once a prober would have had its time. */
  readonly served: Readonly<Record<string, number>>;
  /** Answers by instance right after they were new to the gateway. */
  readonly servedWhenNew: Readonly<Record<string, number>>;
}

export interface ProbedPromise {
  /** Fewest probes in the time watched. */
  readonly probes: number;
  /** Instances that serve no longer. */
  readonly out: readonly string[];
  /** Instances that do not serve before their first probe. */
  readonly outWhenNew?: readonly string[];
}

/** Enough answers for an instance in rotation to have some. */
const ANSWERS_MIN = 30;

export function judgeProbed(claim: string, trials: readonly ProbedSeen[], promise: ProbedPromise): ClaimJudgement {
  const { out, outWhenNew = [] } = promise;
  const common = {
    claim,
    needsPlus: true,
    expected: [
      ...(promise.probes > 0 ? [`at least ${promise.probes} health probes in the time watched`] : []),
      ...(out.length > 0 ? [`no request at ${out.join(', ')} 13 s after the health endpoint began to fail`] : []),
      ...(outWhenNew.length > 0 ? [`no request at ${outWhenNew.join(', ')} after a reload`] : []),
    ].join('; '),
    observed: trials.map((seen) => describe(seen, out, outWhenNew)).join(' | ') || 'nothing',
    evidence: [],
  };
  const sound = trials.filter(
    ({ served, servedWhenNew }) =>
      total(served) >= ANSWERS_MIN && (outWhenNew.length === 0 || total(servedWhenNew) >= ANSWERS_MIN),
  );
  if (sound.length === 0 || sound.length < trials.length)
    return { ...common, verdict: 'inconclusive', reason: 'too few answers to tell who is in rotation' };
  const kept = (seen: ProbedSeen): boolean =>
    seen.probes >= promise.probes &&
    out.every((name) => (seen.served[name] ?? 0) === 0) &&
    outWhenNew.every((name) => (seen.servedWhenNew[name] ?? 0) === 0);
  if (sound.every(kept)) return { ...common, verdict: 'conforms' };
  return {
    ...common,
    verdict: 'deviates',
    reason:
      'health_check and match belong to the commercial edition: the gateway probes nothing and learns of failures from requests alone',
  };
}

function describe(
  { probes, watched_s, served, servedWhenNew }: ProbedSeen,
  out: readonly string[],
  outWhenNew: readonly string[],
): string {
  const shares = (names: readonly string[], counts: Readonly<Record<string, number>>) =>
    names.map((name) => `${name} ${counts[name] ?? 0}`).join(', ');
  return [
    `${probes} probes in ${watched_s.toFixed(0)} s`,
    ...(out.length > 0 ? [`of ${total(served)} answers by ${shares(out, served)}`] : []),
    ...(outWhenNew.length > 0
      ? [`after the reload, of ${total(servedWhenNew)}, by ${shares(outWhenNew, servedWhenNew)}`]
      : []),
  ].join('; ');
}

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, one) => sum + one, 0);
