/**
 * Instances accept requests and never answer: one of them, then all, then all leave a
 * body unread. nginx waits for its read or send time-out; only then could it try
 * another instance, and by then the time for second tries may be over. All waits are
 * a tenth of the configured ones.
 */
import { misbehave, misbehaviourShown } from '../../faults/misbehave.ts';
import { scaledWaits, WAIT_SCALE } from '../../faults/scaled-waits.ts';
import { configEdit } from '../../faults/config-edit.ts';
import { judgeSilence } from '../../judgements/silence.ts';
import type { SilenceSeen } from '../../judgements/silence.ts';
import { loggedRequests } from '../../requests/attempts.ts';
import { CUSTOMERS } from '../../requests/burst.ts';
import { markedPath, repeated, sendAtOnce } from '../../requests/send.ts';
import type { GatewayRequest } from '../../requests/send.ts';
import { customerReads } from '../../requests/series.ts';
import { experiment } from '../../runner/experiment.ts';
import type { TrialWatch } from '../../runner/experiment.ts';
import { seconds } from '../../runner/settings.ts';
import type { GatewaySettings } from '../../runner/settings.ts';

const GATEWAY = 'gateway-1';
const LOCATION = '/api/v1/';
const VICTIM = 'customer-3';
const BODY = '/tmp/silent-instances.body';
/** More than the sockets of both ends hold, less than the gateway accepts. */
const BODY_BYTES = 9 * 1024 * 1024;
const TIMEOUT_S = 20;

const READ = 'production-gateway.timeouts.read-60s';
const SEND = 'production-gateway.timeouts.send-60s';
const RETRIED = 'production-gateway.failover.retry-read-timeout';
const WINDOW = 'production-gateway.failover.retry-window-10s';

const KEPT_AS = 'requests to silent instances';
let seen: SilenceSeen[] = [];

export default experiment({
  title: 'Customer instances accept requests and never answer',
  hypothesis: 'A silent instance costs a request its read time-out, and a second try when the time for it is not over.',
  verifies: [READ, SEND, RETRIED, WINDOW],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => [customerReads(target)],
  stage: [scaledWaits(GATEWAY)],
  method: [],
  blastRadius: [...CUSTOMERS, GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  sabotage: [configEdit([GATEWAY], 'api/customer.conf', /proxy_read_timeout \S+;/, 'proxy_read_timeout 2s;')],

  observe: async (watch) => {
    seen = [];
    await watch.target.exec('vantage', ['sh', '-c', `head -c ${BODY_BYTES} /dev/zero >${BODY}`]);
    const [one, all, unread] = [markedPath('one-silent'), markedPath('all-silent'), markedPath('unread')];
    await silence(watch, 'one', [VICTIM], { hang: true, paths: [one] }, repeated(15, 'GET', one));
    await silence(watch, 'all', CUSTOMERS, { hang: true, paths: [all] }, repeated(3, 'GET', all));
    const upload = { method: 'POST', path: `${unread}/0`, bodyFile: BODY };
    await silence(watch, 'unread', CUSTOMERS, { hang: true, neverRead: true, paths: [unread] }, [upload]);
  },
  recover: async () => {},
  collect: async () => ({ texts: { [KEPT_AS]: seen.map((request) => JSON.stringify(request)) } }),

  judge: (trials, { nginx }) => {
    const requests = trials
      .filter(({ trial }) => trial.valid && misbehaviourShown(trial))
      .flatMap(({ collected }) => collected[KEPT_AS] ?? [])
      .map((line) => JSON.parse(line) as SilenceSeen);
    return judgeSilence(
      { read: READ, send: SEND, retried: RETRIED, window: WINDOW },
      requests,
      waitsOf(nginx),
      WAIT_SCALE,
    );
  },
});

function waitsOf(nginx: GatewaySettings): {
  readonly read_s: number;
  readonly send_s: number;
  readonly window_s: number;
} {
  const value = (name: string, otherwise: string): number => seconds(nginx.directive(LOCATION, name) ?? otherwise);
  return {
    read_s: value('proxy_read_timeout', '60s'),
    send_s: value('proxy_send_timeout', '60s'),
    window_s: value('proxy_next_upstream_timeout', '0s'),
  };
}

async function silence(
  watch: TrialWatch,
  who: SilenceSeen['who'],
  instances: readonly string[],
  behaviour: Parameters<typeof misbehave>[1],
  requests: readonly GatewayRequest[],
): Promise<void> {
  const mark = behaviour.paths?.[0] ?? '';
  const fault = misbehave(instances, behaviour);
  await watch.inject(fault);
  const answers = await sendAtOnce(watch.target, requests, { timeout_s: TIMEOUT_S });
  const logged = await loggedRequests(watch.target, GATEWAY, `${mark}/`, requests.length, CUSTOMERS);
  for (const { request, status, time_s } of answers) {
    const tried = logged.find(({ path }) => path === request.path)?.upstreams ?? [];
    if (tried.some((instance) => instances.includes(instance))) seen.push({ who, status, time_s, tries: tried.length });
  }
  await watch.revert(fault);
}
