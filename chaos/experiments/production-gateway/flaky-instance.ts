/**
 * One instance fails a few requests between many that succeed. nginx adds up
 * failures within fail_timeout; a success takes them back only when the instance was
 * looked at anew after a whole fail_timeout.
 */
import { configEdit } from '../../faults/config-edit.ts';
import { misbehave, misbehaviourShown } from '../../faults/misbehave.ts';
import { judgeConsecutive } from '../../judgements/consecutive.ts';
import type { Tried } from '../../judgements/consecutive.ts';
import { arrivalsAt } from '../../requests/arrivals.ts';
import { markedPath } from '../../requests/send.ts';
import { customerReads } from '../../requests/series.ts';
import { experiment } from '../../runner/experiment.ts';
import { waitFor } from '../../runner/wait.ts';

const VICTIM = 'customer-4';
const GATEWAY = 'gateway-1';
/** Below this path the instance resets; the marks in its name tell both series apart. */
const FLAKY = markedPath('flaky');
const STEADY = markedPath('steady');
/** One of five meets the victim: about one failure a second, and five successes in between. */
const FLAKY_INTERVAL_MS = 250;
/** Several failures, and the silence after the last of them. */
const FAULT_MS = 10_000;

const CONSECUTIVE = 'production-gateway.health.passive-consecutive';
const TRIES = 'requests at the instance';

export default experiment({
  title: 'One instance fails some requests between others that succeed',
  hypothesis: 'An instance whose failures are not consecutive stays in rotation.',
  verifies: [CONSECUTIVE],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => [
    customerReads(target, { path: STEADY }),
    customerReads(target, { name: 'reads that may fail', path: FLAKY, interval_ms: FLAKY_INTERVAL_MS }),
  ],
  method: [misbehave([VICTIM], { reset: true, paths: [FLAKY] })],
  blastRadius: [VICTIM, GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  // Not to be left alone at all is what a count of consecutive failures would look like.
  sabotage: [configEdit([GATEWAY], 'upstreams/customer.conf', 'max_fails=2', 'max_fails=0')],

  observe: async (watch) => {
    await waitFor('failures and successes', FAULT_MS + 1_000, () => watch.now_ms() - watch.injected_ms >= FAULT_MS);
  },
  recover: async () => {},
  collect: async (target, { at_ms }) => {
    const both = [...(await arrivalsAt(target, VICTIM, FLAKY)), ...(await arrivalsAt(target, VICTIM, STEADY))];
    // The proof of the fault asks the instance as well, from elsewhere.
    const own = Object.values(target.addresses(GATEWAY));
    const sent = both.filter(({ peer }) => own.includes(peer.address));
    const tried = sent.map(({ at, url }): Tried => ({ at_ms: Math.round(at_ms(at)), failed: url.startsWith(FLAKY) }));
    return { texts: { [TRIES]: tried.map((one) => JSON.stringify(one)) } };
  },

  predict: ({ nginx }) => {
    const victim = nginx.servers('customer_backend').find(({ host }) => host === VICTIM);
    const [fails, window_s] = [victim?.maxFails ?? 1, victim?.failTimeout_s ?? 10];
    return {
      range_s: [0, 0],
      formula: `left alone after ${fails} failures of which none is more than ${window_s} s after the one before, whatever succeeds in between`,
      settings: `max_fails=${fails} fail_timeout=${window_s}s`,
    };
  },

  judge: (trials) => [
    judgeConsecutive(
      CONSECUTIVE,
      trials
        .filter(({ trial }) => trial.valid)
        .map(({ collected, trial }) => ({
          tried: (collected[TRIES] ?? []).map((line) => JSON.parse(line) as Tried),
          // Armed a moment before: what the instance received until then was answered.
          from_ms: trial.timeline.find(({ what }) => what === 'injected')?.at_ms ?? trial.fault.proved_ms,
          to_ms: trial.fault.reverted_ms,
          faultShown: misbehaviourShown(trial),
        })),
    ),
  ],
});
