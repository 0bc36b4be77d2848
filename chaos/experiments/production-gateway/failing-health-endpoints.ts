/**
 * Four instances fail their health endpoint, each in its own way, and go on serving
 * everything else. A gateway that probes takes all four out; open-source nginx sends
 * no probes and learns of failures from requests alone.
 */
import { misbehave, misbehaviourShown } from '../../faults/misbehave.ts';
import { judgeProbed } from '../../judgements/active-health.ts';
import type { ProbedSeen } from '../../judgements/active-health.ts';
import { arrivalsAt } from '../../requests/arrivals.ts';
import { customerReads } from '../../requests/series.ts';
import { experiment } from '../../runner/experiment.ts';
import type { TrialData } from '../../runner/experiment.ts';
import { waitFor } from '../../runner/wait.ts';

const GATEWAY = 'gateway-1';
const HEALTH = '/health';
const paths = [HEALTH];
/** What each instance's health endpoint does. */
const FAILING = {
  'customer-1': 'status 503',
  'customer-2': 'answers after 4 s',
  'customer-3': 'says degraded',
  'customer-4': 'answers text/html',
} as const;
const HEALTHY = 'customer-5';
/** Two probes of an interval of 5 s, and 3 s for the second one's time-out. */
const DETECTION_MS = 13_000;
const WINDOW_MS = 3_000;
/** Three probes fit, whatever the phase. */
const PROBES_MIN = 3;

const ACTIVE = 'production-gateway.health.active-checks-5s';
const INTERVAL = 'production-gateway.health.active-interval';
const DOWN = 'production-gateway.health.active-down-after-2';
const UP = 'production-gateway.health.active-up-after-2';
const TIMEOUT = 'production-gateway.health.probe-timeout-3s';
const STATUS_BODY = 'production-gateway.health.match-status-body';
const BODY = 'production-gateway.health.match-body';
const MANDATORY = 'production-gateway.health.mandatory';

const PROBES = 'health probes by the gateway';
const RELOADED = 'reloaded at, ms';
let reloaded_ms = 0;

const degraded = JSON.stringify({ status: 'degraded' });
const healthy = JSON.stringify({ status: 'healthy' });

export default experiment({
  title: 'Four instances fail their health checks and go on serving',
  hypothesis:
    'Instances whose health endpoint fails are out of rotation within 13 s, and new ones wait for their first probe.',
  verifies: [ACTIVE, INTERVAL, DOWN, UP, TIMEOUT, STATUS_BODY, BODY, MANDATORY],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => [customerReads(target)],
  method: [
    misbehave(['customer-1'], { status: 503, paths }),
    misbehave(['customer-2'], { delay_ms: 4_000, paths }),
    misbehave(['customer-3'], { body: degraded, contentType: 'application/json', paths }),
    misbehave(['customer-4'], { body: healthy, contentType: 'text/html', paths }),
  ],
  sabotage: 'no configuration of open-source nginx probes its upstreams, so there is no kept promise to break',
  blastRadius: [...Object.keys(FAILING), GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },

  observe: async (watch) => {
    const passed = (ms: number) => () => watch.now_ms() - watch.injected_ms >= ms;
    await waitFor('two probes and a time-out', DETECTION_MS + WINDOW_MS + 5_000, passed(DETECTION_MS + WINDOW_MS));
    reloaded_ms = watch.now_ms();
    const { exitCode, stderr } = await watch.target.exec(GATEWAY, ['nginx', '-s', 'reload']);
    if (exitCode !== 0) throw new Error(`nginx does not reload: ${stderr}`);
    watch.note(GATEWAY, 'nginx reloaded: all instances are new to it', reloaded_ms);
    await waitFor('requests after the reload', WINDOW_MS + 1_000, () => watch.now_ms() - reloaded_ms >= WINDOW_MS);
  },
  recover: async () => {},
  collect: async (target, { wallFrom_ms, at_ms }) => {
    const own = new Set(
      target.services
        .filter((name) => name.startsWith('gateway-'))
        .flatMap((name) => Object.values(target.addresses(name))),
    );
    const probes = (await arrivalsAt(target, HEALTHY, `"url":"${HEALTH}"`)).filter(
      ({ at, peer }) => at >= wallFrom_ms && own.has(peer.address),
    );
    return { texts: { [PROBES]: probes.map(({ at }) => at_ms(at).toFixed(0)), [RELOADED]: [String(reloaded_ms)] } };
  },

  predict: () => ({
    range_s: [0, 0],
    formula: 'open-source nginx has no active checks: nothing is probed, nothing is taken out',
    settings: 'no health_check',
  }),

  judge: (trials) => {
    const seen = trials.filter(({ trial }) => trial.valid && misbehaviourShown(trial)).map(seenIn);
    const out = (...instances: (keyof typeof FAILING)[]) => instances;
    const every = Object.keys(FAILING) as (keyof typeof FAILING)[];
    return [
      judgeProbed(ACTIVE, seen, { probes: PROBES_MIN, out: every }),
      judgeProbed(INTERVAL, seen, { probes: PROBES_MIN, out: [] }),
      judgeProbed(DOWN, seen, { probes: 0, out: out('customer-1') }),
      judgeProbed(UP, seen, { probes: PROBES_MIN, out: out('customer-1') }),
      judgeProbed(TIMEOUT, seen, { probes: 0, out: out('customer-2') }),
      judgeProbed(STATUS_BODY, seen, { probes: 0, out: out('customer-1', 'customer-3', 'customer-4') }),
      judgeProbed(BODY, seen, { probes: 0, out: out('customer-3', 'customer-4') }),
      judgeProbed(MANDATORY, seen, { probes: 0, out: [], outWhenNew: every }),
    ];
  },
});

/** Who served in the seconds after the detection limit, and right after the reload. */
function seenIn({ probes, trial, collected }: TrialData): ProbedSeen {
  const served = (from_ms: number): Readonly<Record<string, number>> => {
    const counts: Record<string, number> = {};
    for (const { servedBy, sent_ms, done_ms } of probes)
      if (servedBy && sent_ms >= from_ms && done_ms <= from_ms + WINDOW_MS)
        counts[servedBy] = (counts[servedBy] ?? 0) + 1;
    return counts;
  };
  const { injected_ms, reverted_ms } = trial.fault;
  const in_ms = (collected[PROBES] ?? []).map(Number);
  return {
    probes: in_ms.filter((at_ms) => at_ms >= injected_ms && at_ms <= reverted_ms).length,
    watched_s: (reverted_ms - injected_ms) / 1000,
    served: served(injected_ms + DETECTION_MS),
    // New workers serve within the first second.
    servedWhenNew: served(Number(collected[RELOADED]?.[0] ?? 0) + 500),
  };
}
