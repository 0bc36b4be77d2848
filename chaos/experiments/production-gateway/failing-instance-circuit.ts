/**
 * One customer instance resets every request for two penalties. nginx counts its
 * failures (max_fails), leaves it alone for fail_timeout, then lets one request test
 * it. Counters lie in the upstream's zone: all workers of a node share them, the
 * other node has its own.
 */
import type { StateLane } from '../../../reports/record/types.ts';
import { configEdit } from '../../faults/config-edit.ts';
import { misbehave } from '../../faults/misbehave.ts';
import { describeEjection, ejectedAfter, readEjection } from '../../judgements/ejection.ts';
import type { Ejection } from '../../judgements/ejection.ts';
import { arrivalsAt } from '../../requests/arrivals.ts';
import { markedPath, repeated, sendInTurn } from '../../requests/send.ts';
import { READS, customerReads } from '../../requests/series.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { waitFor } from '../../runner/wait.ts';

const VICTIM = 'customer-2';
const GATEWAY = 'gateway-1';
const OTHER_NODE = 'gateway-2';
const UPSTREAM = 'customer_backend';
/** Two penalties of 10 s, which nginx counts in whole seconds, and the time to see that the second one holds. */
const FAULT_MS = 25_000;
/** When the other node is asked: the first node leaves the instance alone then. */
const OTHER_NODE_AT_MS = 5_000;
const RETURN_TIMEOUT_MS = 15_000;
const SHARE_WINDOW_MS = 2_000;
/** An even share is a fifth; an instance back in rotation is far above half of it. */
const SHARE_MIN = 0.1;

const PRESENT = 'production-gateway.circuit-breaking.present';
const COMPLETE = 'production-gateway.health.passive-thresholds';
const THREE = 'production-gateway.health.passive-threshold';
const FIVE = 'production-gateway.circuit-breaking.opens-after-5';
const HALF_OPEN = 'production-gateway.circuit-breaking.half-open';
const GLOBAL = 'production-gateway.circuit-breaking.global-state';

const TRIES = 'tries at the instance, ms';
const OTHERS = 'tries through the other node';
let path = '';
let otherNode: string[] = [];

export default experiment({
  title: 'One instance fails every request for two penalties',
  hypothesis:
    'A failing instance is left alone after a few failures and tested with one request at a time until it works.',
  verifies: [PRESENT, COMPLETE, THREE, FIVE, HALF_OPEN, GLOBAL],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => {
    path = markedPath('circuit');
    return [customerReads(target, { path })];
  },
  method: [misbehave([VICTIM], { reset: true })],
  blastRadius: [VICTIM, GATEWAY, OTHER_NODE],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  phasePeriod_s: 1,
  sabotage: [configEdit([GATEWAY], 'upstreams/customer.conf', 'max_fails=2', 'max_fails=0')],

  observe: async (watch) => {
    const from_ms = watch.now_ms();
    const passed = (ms: number) => () => watch.now_ms() - from_ms >= ms;
    await waitFor('the instance left alone', OTHER_NODE_AT_MS + 1_000, passed(OTHER_NODE_AT_MS));
    const mark = markedPath('other-node');
    await sendInTurn(watch.target, repeated(16, 'GET', mark), { node: OTHER_NODE });
    otherNode = (await arrivalsAt(watch.target, VICTIM, `${mark}/`)).map(({ url }) => url);
    await waitFor('two penalties', FAULT_MS + 1_000, passed(FAULT_MS));
  },
  recover: async (watch) => {
    const healed_ms = watch.now_ms();
    const first = await waitFor(
      `${VICTIM} answers`,
      RETURN_TIMEOUT_MS,
      () => watch.probes().find((probe) => probe.servedBy === VICTIM && probe.sent_ms >= healed_ms) ?? null,
    );
    watch.note(GATEWAY, `${VICTIM} is back with the test request that succeeded`, first.done_ms);
    await waitFor('the share window', SHARE_WINDOW_MS + 1_000, () => watch.now_ms() - first.done_ms >= SHARE_WINDOW_MS);
  },
  collect: async (target, window) => {
    const tries = (await arrivalsAt(target, VICTIM, path)).map(({ at }) => window.at_ms(at));
    return {
      texts: { [TRIES]: tries.map((at_ms) => at_ms.toFixed(0)), [OTHERS]: otherNode },
      lanes: [laneOf(tries, window.to_ms)],
    };
  },

  predict: ({ nginx }) => {
    const victim = nginx.servers(UPSTREAM).find(({ host }) => host === VICTIM);
    const [fails, timeout_s] = [victim?.maxFails ?? 1, victim?.failTimeout_s ?? 10];
    return {
      range_s: fails === 0 ? [0, 0] : [timeout_s, timeout_s + 2],
      formula:
        fails === 0
          ? 'max_fails=0: failures are not counted, the instance is never left alone'
          : `left alone after ${fails} failures for fail_timeout, counted in whole seconds, then one test request`,
      settings: `max_fails=${fails} fail_timeout=${timeout_s}s`,
      quantity: 'time for which the failing instance is left alone',
      seen_s: (one) => {
        const { pauses_s } = ejectionOf(one);
        return pauses_s.length === 0 ? null : [Math.min(...pauses_s), Math.max(...pauses_s)];
      },
    };
  },

  judge: (trials) => {
    const seen = trials.filter(({ trial }) => trial.valid).map((one) => ({ one, ejection: ejectionOf(one) }));
    const about = (
      claim: string,
      expected: string,
      holds: (ejection: Ejection, one: TrialData) => boolean,
      reason: string,
    ) => judged(seen, { claim, expected, reason, holds });
    const thresholds = 'the complete configuration counts 2 failures and waits 10 s (max_fails=2 fail_timeout=10s)';
    const singleTests = ({ testRequests }: Ejection) =>
      testRequests.length > 0 && testRequests.every((one) => one === 1);
    return [
      about(
        PRESENT,
        'left alone after 2 failures for 10 s, one test request, left alone again, back after a test that succeeds',
        (ejection, one) => ejectedAfter(ejection, 2, 10) && singleTests(ejection) && isBack(one),
        'nginx does not leave the failing instance alone, or does not test it by single requests',
      ),
      about(COMPLETE, 'left alone after 2 failures, for 10 s', (ejection) => ejectedAfter(ejection, 2, 10), thresholds),
      about(THREE, 'left alone after 3 failures, for 30 s', (ejection) => ejectedAfter(ejection, 3, 30), thresholds),
      about(FIVE, 'left alone after 5 failures, for 30 s', (ejection) => ejectedAfter(ejection, 5, 30), thresholds),
      about(
        HALF_OPEN,
        'one test request after 30 s; its failure starts another 30 s',
        (ejection) => singleTests(ejection) && ejection.pauses_s.every((one) => one >= 29.9 && one <= 32),
        'a single test request is let through, but after fail_timeout=10s',
      ),
      about(
        GLOBAL,
        'one state for the whole service: while it is open no request reaches any instance, through either node',
        (_, one) => one.trial.failedRequests > one.trial.totalRequests / 2,
        `nginx counts by server and by node: others go on serving, and the other node, whose zone is its own, tries ${VICTIM} itself`,
      ),
    ];
  },
});

interface Question {
  readonly claim: string;
  readonly expected: string;
  readonly reason: string;
  readonly holds: (ejection: Ejection, one: TrialData) => boolean;
}

function judged(
  seen: readonly { readonly one: TrialData; readonly ejection: Ejection }[],
  { claim, expected, reason, holds }: Question,
): ClaimJudgement {
  const failing = seen.filter(({ one }) => triesOf(one).length > 0 && wasIn(one));
  const observed = failing
    .map(({ one, ejection }) => {
      const others = one.collected[OTHERS]?.length ?? 0;
      const { failedRequests, totalRequests } = one.trial;
      return `${describeEjection(ejection)}; ${failedRequests} of ${totalRequests} requests failed; the other node tried it ${others} times`;
    })
    .join(' | ');
  const common = { claim, expected, observed: observed || 'no failing try at the instance', evidence: [] };
  if (failing.length === 0)
    return { ...common, verdict: 'inconclusive', reason: 'the instance did not fail in any valid trial' };
  const kept = failing.filter(({ one, ejection }) => holds(ejection, one));
  return kept.length === failing.length
    ? { ...common, verdict: 'conforms' }
    : { ...common, verdict: 'deviates', reason };
}

/** Whether the fault was in: what it answered itself would be counted as failures otherwise. */
function wasIn({ series, trial }: TrialData): boolean {
  const { proved_ms, reverted_ms } = trial.fault;
  return !(series[READS] ?? []).some(
    ({ servedBy, sent_ms, done_ms }) => servedBy === VICTIM && sent_ms > proved_ms && done_ms < reverted_ms,
  );
}

/** Tries while the instance failed, on the trial's clock. */
function triesOf({ collected, trial }: TrialData): readonly number[] {
  const { injected_ms, reverted_ms } = trial.fault;
  return (collected[TRIES] ?? []).map(Number).filter((at_ms) => at_ms >= injected_ms && at_ms <= reverted_ms);
}

/** Tries that were answered between arming and injection are no failures. */
function ejectionOf(one: TrialData): Ejection {
  const answered = one.probes.filter(({ servedBy }) => servedBy === VICTIM);
  const failed = triesOf(one).filter(
    (at_ms) => !answered.some(({ sent_ms, done_ms }) => at_ms >= sent_ms - 5 && at_ms <= done_ms + 5),
  );
  return readEjection(failed, one.trial.fault.reverted_ms);
}

function isBack({ probes, trial }: TrialData): boolean {
  const first = probes.find(({ servedBy, sent_ms }) => servedBy === VICTIM && sent_ms >= trial.fault.healed_ms);
  if (!first) return false;
  const window = probes.filter(({ sent_ms }) => sent_ms > first.done_ms && sent_ms <= first.done_ms + SHARE_WINDOW_MS);
  return window.filter(({ servedBy }) => servedBy === VICTIM).length > window.length * SHARE_MIN;
}

/** The instance as the first node treats it. */
function laneOf(tries_ms: readonly number[], to_ms: number): StateLane {
  const spans: { from_ms: number; to_ms: number; state: string; kind: 'active' | 'down' }[] = [];
  for (const [index, at_ms] of tries_ms.entries()) {
    const next_ms = tries_ms[index + 1] ?? to_ms;
    const state = next_ms - at_ms > 4_000 ? 'left alone' : 'in rotation';
    const last = spans.at(-1);
    if (last && last.state === state) last.to_ms = next_ms;
    else spans.push({ from_ms: at_ms, to_ms: next_ms, state, kind: state === 'left alone' ? 'down' : 'active' });
  }
  return { name: `${VICTIM} at ${GATEWAY}`, spans };
}
