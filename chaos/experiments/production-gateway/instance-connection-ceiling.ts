/**
 * Four of five customer primaries are gone, and 560 slow requests are held: the last
 * one takes 500 (`max_conns`), the backup takes the rest, and nobody is refused.
 */
import { configEdit } from '../../faults/config-edit.ts';
import { containerKill } from '../../faults/container-kill.ts';
import { heldResults } from '../../faults/held-requests.ts';
import { together } from '../../faults/together.ts';
import { collectHeld, heldCustomers, heldIn } from '../../requests/held.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { pause, waitFor } from '../../runner/wait.ts';
import { customerSeries } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const LAST = 'customer-5';
const BACKUP = 'customer-6';
const GONE = ['customer-1', 'customer-2', 'customer-3', 'customer-4'];
const CAP = 'production-gateway.load-balancing.max-conns-500';
const SPILLOVER = 'production-gateway.load-balancing.spillover-backup';
const LIMIT = 500;
const COUNT = 560;
const PROBES_IN_FLIGHT = 15;
const DELAY_MS = 9_000;
/** Until each of the four has failed twice, after the connect time-out at the latest, and is left alone for 10 s. */
const SETTLE_MS = 7_000;
/** A request that met two of the dead before they were marked down is lost, and says nothing about the limit. */
const SURPLUS_SERVED = 0.9;
const ENDED_TIMEOUT_MS = 30_000;

const held = heldCustomers({ count: COUNT, open_ms: 4_000, delay_ms: DELAY_MS, hold_ms: 20_000 });

export default experiment({
  title: 'More requests than the last primary may take',
  hypothesis: 'The last primary gets at most 500 requests at once, and the backup takes what is above.',
  verifies: [CAP, SPILLOVER],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 50, timeout_ms: 12_000 })],
  method: [
    together(
      `container-kill ${GONE.join(', ')}`,
      GONE.map((one) => containerKill(one, { seenFrom: GATEWAY, healthPath: '/health' })),
    ),
  ],
  sabotage: [configEdit([GATEWAY], 'upstreams/customer.conf', / max_conns=500/g, '')],
  blastRadius: ['vantage', GATEWAY, ...GONE],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  observe: async (watch) => {
    await pause(SETTLE_MS);
    await watch.inject(held);
    await waitFor('all held requests ended', ENDED_TIMEOUT_MS, () => heldResults(watch.target), 1_000);
  },
  recover: async () => {},
  collect: collectHeld,
  judge: (trials) => [judgeCap(trials), judgeSpillover(trials)],
});

const by = (one: TrialData, instance: string): number =>
  heldIn(one).filter(({ servedBy }) => servedBy === instance).length;
const failed = (one: TrialData): number => heldIn(one).filter(({ kind }) => kind !== 'status-200').length;

function observed(trials: readonly TrialData[]): string {
  return trials
    .map((one) => `${by(one, LAST)} at ${LAST}, ${by(one, BACKUP)} at ${BACKUP}, ${failed(one)} failed`)
    .join('; ');
}

/** All were in progress together, or the counts say nothing about "at once". */
function unsound(trials: readonly TrialData[]): string | null {
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  if (invalid !== undefined) return invalid;
  const short = trials.find((one) => {
    const results = heldIn(one);
    const firstEnd = Math.min(...results.map(({ done_ms }) => done_ms));
    return results.length < COUNT || Math.max(...results.map(({ sent_ms }) => sent_ms)) > firstEnd;
  });
  return short === undefined ? null : 'the held requests were not all in progress at the same time';
}

function judgeCap(trials: readonly TrialData[]): ClaimJudgement {
  const common = {
    claim: CAP,
    expected: `of ${COUNT} requests at once at most ${LIMIT} are with ${LAST}`,
    observed: observed(trials),
    evidence: [],
  };
  const why = unsound(trials);
  if (why !== null) return { ...common, verdict: 'inconclusive', reason: why };
  if (trials.some((one) => by(one, LAST) > LIMIT))
    return { ...common, verdict: 'deviates', reason: 'no limit on the connections of one instance is in force' };
  if (trials.some((one) => by(one, LAST) < LIMIT - PROBES_IN_FLIGHT))
    return { ...common, verdict: 'inconclusive', reason: `${LAST} was not filled up to its limit` };
  return { ...common, verdict: 'conforms' };
}

function judgeSpillover(trials: readonly TrialData[]): ClaimJudgement {
  const common = {
    claim: SPILLOVER,
    expected: `what ${LAST} may not take (${COUNT - LIMIT} requests) is answered by ${BACKUP}`,
    observed: observed(trials),
    evidence: [],
  };
  const why = unsound(trials);
  if (why !== null) return { ...common, verdict: 'inconclusive', reason: why };
  if (trials.some((one) => by(one, BACKUP) === 0))
    return {
      ...common,
      verdict: 'deviates',
      reason: 'requests above the limit of the last primary did not reach the backup',
    };
  if (trials.some((one) => by(one, BACKUP) < SURPLUS_SERVED * (COUNT - LIMIT)))
    return {
      ...common,
      verdict: 'inconclusive',
      reason: 'some requests above the limit had another end than the backup',
    };
  return { ...common, verdict: 'conforms' };
}
