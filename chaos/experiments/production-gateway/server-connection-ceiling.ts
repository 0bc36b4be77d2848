/**
 * 1,100 slow requests at once, from 138 addresses: the virtual server is to process
 * 1,000 of them and to refuse the rest at once, then to go on as before.
 */
import { quantile } from '../../../measurement/statistics.ts';
import { configEdit } from '../../faults/config-edit.ts';
import { heldResults } from '../../faults/held-requests.ts';
import type { HoldResult } from '../../prober/hold-settings.ts';
import { failureEvidence } from '../../judgements/failures.ts';
import { holdersNow } from '../../observers/failover.ts';
import { collectHeld, HELD, heldCustomers, heldIn } from '../../requests/held.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { waitFor } from '../../runner/wait.ts';
import { customerSeries } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const HOLDERS = 'nodes with the virtual address afterwards';
const CEILING = 'production-gateway.connection-limit.per-server-1000';
const SPILLOVER = 'production-gateway.load-balancing.spillover-at-full-pool';
const DEGRADATION = 'production-gateway.availability.graceful-degradation';
const COUNT = 1_100;
const LIMIT = 1_000;
/** Probes that are in progress take places too: 25 a second, each well below half a second. */
const PROBES_IN_FLIGHT = 15;
/**
 * Up to 55 a second: handshake, rule set and authentication of each take about 10 ms of a core
 * that all share. Fewer at first: cold workers of the authentication took more than 5 s.
 */
const OPEN_MS = 30_000;
const EASING = 1.5;
const DELAY_MS = 37_000;
const HOLD_MS = 52_000;
const ENDED_TIMEOUT_MS = 70_000;
const REFUSED_WITHIN_MS = 50;

const held = heldCustomers({ count: COUNT, open_ms: OPEN_MS, easing: EASING, delay_ms: DELAY_MS, hold_ms: HOLD_MS });

export default experiment({
  title: 'More requests than the virtual server processes at once',
  hypothesis: 'A thousand are processed, the rest is refused at once with 503, and afterwards all is as before.',
  verifies: [CEILING, DEGRADATION, SPILLOVER],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 40, timeout_ms: 8_000 })],
  method: [held],
  sabotage: [configEdit([GATEWAY], 'api/limits.conf', 'limit_conn perserver 1000;', '')],
  blastRadius: ['vantage', GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  observe: async (watch) => {
    const results = await waitFor('all held requests ended', ENDED_TIMEOUT_MS, () => heldResults(watch.target), 1_000);
    watch.note('vantage', `${HELD}: ${tally(results)}`);
  },
  recover: async () => {},
  collect: async (target) => {
    const { texts } = await collectHeld(target);
    return { texts: { ...texts, [HOLDERS]: await holdersNow(target) } };
  },
  judge: (trials) => [judgeCeiling(trials), judgeDegradation(trials), judgeSpillover(trials)],
});

function tally(results: readonly HoldResult[]): string {
  const kinds = Map.groupBy(results, ({ kind }) => kind);
  return [...kinds].map(([kind, all]) => `${all.length} ${kind}`).join(', ') || 'none';
}

const only = (results: readonly HoldResult[], kind: string): readonly HoldResult[] =>
  results.filter((one) => one.kind === kind);
/** The table of single requests would hide the rest of the evidence. */
const shown = (trials: readonly TrialData[]): readonly TrialData[] => trials.map((one) => ({ ...one, collected: {} }));

/** Why nothing can be said: a trial that does not count, or requests that went another way than 200 or 503. */
function unsound(trials: readonly TrialData[]): string | null {
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  if (invalid !== undefined) return invalid;
  const stray = trials.flatMap(heldIn).filter(({ kind }) => kind !== 'status-200' && kind !== 'status-503');
  const missing = trials.some((one) => heldIn(one).length < COUNT);
  if (missing || stray.length > COUNT / 100) return `of ${COUNT} held requests: ${tally(trials.flatMap(heldIn))}`;
  return null;
}

function judgeCeiling(trials: readonly TrialData[]): ClaimJudgement {
  const accepted = trials.map((one) => only(heldIn(one), 'status-200').length);
  const common = {
    claim: CEILING,
    expected: `of ${COUNT} requests at once ${LIMIT} are processed (the probes' own among them), the others get 503`,
    observed: trials.map((one) => tally(heldIn(one))).join('; '),
    evidence: failureEvidence(shown(trials)),
  };
  if (accepted.some((count) => count > LIMIT))
    return {
      ...common,
      verdict: 'deviates',
      reason: 'no limit on the requests of the whole virtual server is in force',
    };
  const why = unsound(trials);
  if (why !== null) return { ...common, verdict: 'inconclusive', reason: why };
  if (accepted.some((count) => count < LIMIT - PROBES_IN_FLIGHT))
    return {
      ...common,
      verdict: 'deviates',
      reason: 'requests are refused before the limit of the virtual server is reached',
    };
  return { ...common, verdict: 'conforms' };
}

/** Requests met the limit, and afterwards another node has the address; nobody has it where keepalived does not run. */
function addressLost(one: TrialData): boolean {
  const holders = one.collected[HOLDERS] ?? [];
  return only(heldIn(one), 'status-503').length > 0 && holders.length > 0 && !holders.includes(GATEWAY);
}

function judgeDegradation(trials: readonly TrialData[]): ClaimJudgement {
  const refused_ms = trials.flatMap((one) => only(heldIn(one), 'status-503').map((r) => r.done_ms - r.sent_ms));
  const served = trials.flatMap((one) => only(heldIn(one), 'status-200'));
  const late = served.filter((one) => one.done_ms - one.sent_ms > 1.5 * DELAY_MS).length;
  const median_ms = refused_ms.length === 0 ? Number.NaN : quantile(refused_ms, 0.5);
  const common = {
    claim: DEGRADATION,
    expected: `what is too much is refused in less than ${REFUSED_WITHIN_MS} ms, the others get their answer in time, and the steady state returns`,
    observed: `${refused_ms.length} refused, half of them within ${median_ms.toFixed(0)} ms; ${served.length} served, ${late} of them late`,
    evidence: [],
  };
  if (trials.some(addressLost))
    return {
      ...common,
      verdict: 'deviates',
      reason: `at its limit ${GATEWAY} refuses its own health check too: the virtual address moved, and what was in progress is lost`,
    };
  const why = unsound(trials);
  if (why !== null) return { ...common, verdict: 'inconclusive', reason: why };
  if (refused_ms.length === 0)
    return {
      ...common,
      verdict: 'deviates',
      reason: 'nothing is refused: every request is taken, however many there are',
    };
  if (median_ms <= REFUSED_WITHIN_MS && late === 0) return { ...common, verdict: 'conforms' };
  return {
    ...common,
    verdict: 'inconclusive',
    reason: 'on cores that clients and gateway share, a late refusal is not the gateway’s alone',
  };
}

function judgeSpillover(trials: readonly TrialData[]): ClaimJudgement {
  const results = trials.flatMap(heldIn);
  const byBackup = results.filter(({ servedBy }) => servedBy === 'customer-6').length;
  const refused = only(results, 'status-503').length;
  const common = {
    claim: SPILLOVER,
    expected: 'the backup takes what is above five times 500 requests, before any is refused',
    observed: `${refused} refused, ${byBackup} answered by the backup`,
    evidence: [],
  };
  const why = unsound(trials);
  if (why !== null) return { ...common, verdict: 'inconclusive', reason: why };
  if (refused > 0 && byBackup === 0) {
    const reason =
      'limit_conn perserver 1000 refuses from the 1,001st request on: the 2,500 places of the primaries are never filled';
    return { ...common, verdict: 'deviates', reason };
  }
  return { ...common, verdict: 'inconclusive', reason: 'no request was refused and none spilled over' };
}
