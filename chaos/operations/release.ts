/** Versions of a service: which one runs, how another one is installed, and how it does. */
import type { TrialWatch } from '../runner/experiment.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { mustRun } from './commands.ts';

/** Where instances are looked at from, as a deployment host in the backend network would. */
const SEEN_FROM = 'gateway-1';
const LOOK_TIMEOUT_S = '2';
const GATE_POLL_MS = 300;
/** What a look and the engine may take beyond the time that was given. */
const GATE_SLACK_MS = 10_000;

export interface Release {
  readonly version: string;
  /** What this version does other than the old one (keys of the instance's behaviour file). */
  readonly behaviour?: Readonly<Record<string, unknown>>;
}

export interface Health {
  /** Null when nobody answered. */
  readonly status: number | null;
  readonly version: string | null;
}

/** Where an instance reads its behaviour. */
export const behaviourFile = (instance: string): string => `/run/gateproof/${instance}.json`;

/** What `/health` of an instance says, asked on its own port. */
export async function healthOf(target: ChaosTarget, instance: string): Promise<Health> {
  const { exitCode, stdout } = await look(target, instance, '/health');
  if (exitCode !== 0) return { status: null, version: null };
  const [body = '', status = ''] = stdout.split('\n');
  return { status: Number(status), version: /"version":"([^"]*)"/.exec(body)?.[1] ?? null };
}

/** Whether `/health` of an instance answers 200 within a time; false when it does not. */
export async function becomesHealthy(watch: TrialWatch, instance: string, within_ms: number): Promise<boolean> {
  const until_ms = watch.now_ms() + within_ms;
  const seen = await waitFor(
    `${instance} healthy or given up`,
    within_ms + GATE_SLACK_MS,
    async () => {
      if ((await healthOf(watch.target, instance)).status === 200) return 'healthy';
      return watch.now_ms() > until_ms ? 'given up' : null;
    },
    GATE_POLL_MS,
  );
  return seen === 'healthy';
}

/** Answers with 5xx that an instance has given so far. @throws Error when its metrics cannot be read */
export async function errorsOf(target: ChaosTarget, instance: string): Promise<number> {
  const { exitCode, stdout } = await look(target, instance, '/metrics');
  if (exitCode !== 0) throw new Error(`the metrics of ${instance} cannot be read: curl ended with ${exitCode}`);
  return countErrors(stdout);
}

/** Sum of `http_requests_total` over answers of class 5xx, from a text in Prometheus' format. */
export function countErrors(metrics: string): number {
  return metrics
    .split('\n')
    .filter((line) => line.startsWith('http_requests_total{') && line.includes('status_code="5xx"'))
    .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/**
 * Installs a release through PM2: `reload` replaces worker by worker while the
 * instance serves, `restart` stops it as a whole. Returns when PM2 is done.
 */
export async function install(
  target: ChaosTarget,
  instance: string,
  { version, behaviour = {} }: Release,
  how: 'reload' | 'restart',
): Promise<void> {
  await mustRun(target, instance, ['env', `SERVICE_VERSION=${version}`, 'pm2', how, 'all', '--update-env']);
  await target.host.put(target.containerId(instance), behaviourFile(instance), JSON.stringify(behaviour), 0o666);
}

function look(target: ChaosTarget, instance: string, path: string): ReturnType<ChaosTarget['exec']> {
  const { address, port } = target.endpoint(instance);
  const url = `http://${address}:${String(port)}${path}`;
  return target.exec(SEEN_FROM, ['curl', '-s', '-m', LOOK_TIMEOUT_S, '-w', '\n%{http_code}', url]);
}
