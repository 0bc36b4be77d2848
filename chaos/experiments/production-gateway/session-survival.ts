/**
 * A client logs in at one customer instance, which then dies. Sessions lie in Redis:
 * the others have to accept it, wherever its requests go.
 */
import { randomUUID } from 'node:crypto';
import { containerKill } from '../../faults/container-kill.ts';
import { failureEvidence } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData, TrialWatch } from '../../runner/experiment.ts';
import type { ChaosTarget } from '../../runner/target.ts';
import { misbehave } from '../../faults/misbehave.ts';
import { customerSeries } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const MAKER = 'customer-2';
const OTHERS = ['customer-1', 'customer-3', 'customer-4', 'customer-5'];
const CLAIM = 'production-gateway.data-stores.shared-sessions';
const EACH = 5;
const ANSWER = 'session of the lost instance asked at';

const loss = containerKill(MAKER, { seenFrom: GATEWAY, healthPath: '/health' });

export default experiment({
  title: 'A session outlives the instance that made it',
  hypothesis: 'Every other instance accepts the session of an instance that is gone.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 50, timeout_ms: 12_000 })],
  // The session has to be there before its maker dies: observe injects.
  method: [],
  // What instances do that keep their sessions to themselves.
  sabotage: [misbehave(OTHERS, { status: 401, paths: ['/api/v1/session'] })],
  blastRadius: [MAKER, ...OTHERS],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async (watch) => {
    const cookie = await logIn(watch.target);
    watch.note(MAKER, 'made a session');
    await watch.inject(loss);
    for (const instance of OTHERS) await ask(watch, instance, cookie);
  },
  recover: async () => {},
  judge: (trials) => [judgeSessions(trials)],
});

/** Cookie of a new session, made by the instance that is about to die. */
async function logIn(target: ChaosTarget): Promise<string> {
  const { address, port } = target.endpoint(MAKER);
  const credentials = JSON.stringify({ username: `chaos-${randomUUID()}`, password: 'open-sesame' });
  const headers = ['-H', 'Content-Type: application/json', '-H', 'X-Forwarded-Proto: https'];
  const url = `http://${address}:${port}/api/v1/auth/login`;
  const { stdout } = await target.exec(GATEWAY, ['curl', '-s', '-i', '-m', '5', ...headers, '-d', credentials, url]);
  const cookie = /^set-cookie: (sid=[^;\r]+)/im.exec(stdout)?.[1];
  if (cookie === undefined) throw new Error(`${MAKER} made no session: ${stdout.slice(0, 200)}`);
  return cookie;
}

async function ask(watch: TrialWatch, instance: string, cookie: string): Promise<void> {
  const { address, port } = watch.target.endpoint(instance);
  const once = ['-s', '-o', '/dev/null', '-m', '5', '-w', '%{http_code} ', '-H', `Cookie: ${cookie}`];
  const url = `http://${address}:${port}/api/v1/session`;
  const all = Array.from({ length: EACH }, (_, i) => [...(i > 0 ? ['--next'] : []), ...once, url]).flat();
  const { stdout } = await watch.target.exec(GATEWAY, ['curl', ...all]);
  watch.note(instance, `${ANSWER} ${instance}: ${stdout.trim()}`);
}

function judgeSessions(trials: readonly TrialData[]): ClaimJudgement {
  const lines = trials.flatMap((one) => one.trial.timeline.filter(({ what }) => what.startsWith(ANSWER)));
  const statuses = lines.flatMap(({ what }) => (what.split(': ')[1] ?? '').split(' '));
  const accepted = statuses.filter((status) => status === '200').length;
  const common = {
    claim: CLAIM,
    expected: `${OTHERS.length * EACH} requests with the session of the lost ${MAKER}, at four other instances, all 200`,
    observed: `${accepted} of ${statuses.length} accepted (${lines.map(({ what }) => what.replace(`${ANSWER} `, '')).join('; ')})`,
    evidence: failureEvidence(trials),
  };
  if (statuses.includes('401')) {
    const reason = 'the session was known to the lost instance alone, or its store forgot it';
    return { ...common, verdict: 'deviates', reason };
  }
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  const whole = accepted === statuses.length && statuses.length === OTHERS.length * EACH * trials.length;
  if (invalid !== undefined || !whole)
    return { ...common, verdict: 'inconclusive', reason: invalid ?? 'some requests had another end than 200 or 401' };
  return { ...common, verdict: 'conforms' };
}
