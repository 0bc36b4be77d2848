/**
 * The documented deployment script, carried out as far as it goes: the same calls in
 * the same order, from a host in the backend network, with shorter waits.
 */
import type { TrialWatch } from '../runner/experiment.ts';
import { pause } from '../runner/wait.ts';
import type { Journal } from './journal.ts';
import { becomesHealthy, install } from './release.ts';
import type { RolloutEnd, RolloutPlan } from './rollout.ts';

/** Host that the script runs on: any with curl and bash that reaches gateway and instances. */
const DEPLOY_HOST = 'monitoring-1';
const GATEWAY = 'gateway-1';

/** Its instances are in the order of the script's list. */
export interface DocumentedPlan extends RolloutPlan {
  /** Wait after the call that should drain, ms; documented are 30 s. */
  readonly drain_ms: number;
}

/** Follows the script; it never rolls back unless its own test says so. */
export async function rollOutAsDocumented(
  watch: TrialWatch,
  plan: DocumentedPlan,
  journal: Journal,
): Promise<RolloutEnd> {
  for (const name of plan.instances) {
    watch.signal.throwIfAborted();
    journal.record(watch, 'out', name, 'the script asks the gateway to drain it');
    await call(watch, name, 'drain', journal);
    await pause(plan.drain_ms);
    journal.record(watch, 'stop', name, `pm2 reload with ${plan.release.version}`);
    await install(watch.target, name, plan.release, 'reload');
    journal.record(watch, 'started', name, 'pm2 reload has ended');
    if (!(await gate(watch, name, plan, journal))) return 'stopped';
    for (const weight of [10, 25, 50]) {
      await call(watch, name, 'weight', journal, weight);
      await pause(plan.canary_ms);
    }
    await pause(plan.monitor_ms);
    if (await tooManyErrors(watch, name, journal)) {
      await install(watch.target, name, plan.previous, 'reload');
      journal.record(watch, 'rolled-back', name, `runs ${plan.previous.version}`);
      return 'rolled back';
    }
    await call(watch, name, 'weight', journal, 100);
    journal.record(watch, 'deployed', name, `the script calls it deployed`);
  }
  journal.record(watch, 'done', 'deployment', 'the script ends with success');
  return 'done';
}

/** One call of the management interface; curl does not mind how it is answered. */
async function call(
  watch: TrialWatch,
  name: string,
  what: 'drain' | 'weight',
  journal: Journal,
  weight?: number,
): Promise<void> {
  const { address } = watch.target.endpoint(name);
  const query = `server=${address}${weight === undefined ? '' : `&weight=${String(weight)}`}`;
  const url = `http://${GATEWAY}/api/admin/upstream/${what}?${query}`;
  const { exitCode, stdout } = await watch.target.exec(DEPLOY_HOST, [
    'curl',
    '-s',
    '-o',
    '/dev/null',
    '-m',
    '5',
    '-w',
    '%{http_code}',
    '-X',
    'POST',
    url,
  ]);
  const answer = `the gateway answers ${stdout}, curl ends with ${exitCode}`;
  journal.record(watch, `asked-${what}`, name, `${what}${weight === undefined ? '' : ` ${weight}`}: ${answer}`, weight);
}

/** The script polls for ever; here it is given up after `gate_ms`. */
async function gate(watch: TrialWatch, name: string, plan: DocumentedPlan, journal: Journal): Promise<boolean> {
  const healthy = await becomesHealthy(watch, name, plan.gate_ms);
  const polls = `still not healthy after ${plan.gate_ms / 1000} s: the script would poll for ever`;
  journal.record(watch, healthy ? 'healthy' : 'polls-on', name, healthy ? '/health answers 200' : polls);
  return healthy;
}

/** The script's own test, in bash: the text of Prometheus' answer against a decimal number. */
const TEST = `
answer=$(curl -s "http://127.0.0.1:9090/api/v1/query?query=rate(http_errors_total{instance='$0'}[5m])")
told=$?
if [ "$answer" -gt "0.01" ]; then verdict=rollback; else verdict=go-on; fi
echo "$verdict; curl ended with $told; answer: $answer"
`;

async function tooManyErrors(watch: TrialWatch, name: string, journal: Journal): Promise<boolean> {
  const { address } = watch.target.endpoint(name);
  const { stdout, stderr } = await watch.target.exec(DEPLOY_HOST, ['bash', '-c', TEST, address]);
  const complaint = stderr.trim().split('\n').at(-1) ?? '';
  journal.record(watch, 'asked-prometheus', name, `${stdout.trim()}${complaint === '' ? '' : ` (${complaint})`}`);
  return stdout.startsWith('rollback');
}
