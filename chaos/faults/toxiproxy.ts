/** The run's toxiproxy and its interface. */
import { Toxiproxy } from 'toxiproxy-node-client';

import type { UndoAction } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

const NAME = 'toxiproxy';
const API = 'http://127.0.0.1:8474';
const START_TIMEOUT_MS = 10_000;
/** An answer of the interface takes milliseconds; removing a toxic can hang on an idle connection (toxiproxy #159, #412). */
const API_LIMIT_S = 5;
const STATUS_LINE = '\n%{http_code}';

/**
 * The proxy that all links of a run share; it stays until the run ends. Calls go
 * through a command in its network namespace: no engine has to let the host reach
 * containers, and what is not the run's is refused.
 *
 * @throws WaitTimeout when it does not get ready
 */
export async function startToxiproxy(
  target: ChaosTarget,
): Promise<{ readonly api: Toxiproxy; readonly address: string }> {
  const address = await target.startOwn({
    name: NAME,
    image: 'toxiproxy',
    command: ['toxiproxy-server', '-host', '0.0.0.0', '-proxy-metrics'],
  });
  const api = toxiproxyApi(target);
  await waitFor('toxiproxy answers', START_TIMEOUT_MS, () =>
    api.getVersion().then(
      () => true,
      () => false,
    ),
  );
  return { api, address };
}

/** The interface of the proxy that {@link startToxiproxy} started. */
export function toxiproxyApi(target: ChaosTarget): Toxiproxy {
  const ask = (method: string, url: string, body?: unknown): Promise<string> => request(target, method, url, body);
  const read = async (method: string, url: string, body?: unknown): Promise<{ data: unknown }> => {
    const text = await ask(method, url, body);
    return { data: text === '' ? undefined : JSON.parse(text) };
  };
  const toxiproxy = new Toxiproxy(API);
  Object.assign(toxiproxy.api, {
    get: (url: string) => read('GET', url),
    post: (url: string, body?: unknown) => read('POST', url, body),
    delete: (url: string) => ask('DELETE', url),
    getText: (url: string) => ask('GET', url),
  });
  return toxiproxy;
}

/** Bytes that came in through a proxy and whose connection has ended; null when there is no such count. */
export async function countedBytes(target: ChaosTarget, proxy: string): Promise<number | null> {
  return receivedBytes(await request(target, 'GET', `${API}/metrics`), proxy);
}

/** The same from the text of its metrics. */
export function receivedBytes(metrics: string, proxy: string): number | null {
  const counts = metrics
    .split('\n')
    .filter((line) => line.startsWith('toxiproxy_proxy_received_bytes_total{') && line.includes(`proxy="${proxy}"`))
    .map((line) => Number(line.slice(line.lastIndexOf(' '))));
  return counts.length === 0 ? null : counts.reduce((total, count) => total + count, 0);
}

/** Removes a proxy and with it its connections; nothing when it is gone. */
export function undoProxy(target: ChaosTarget, proxy: string): UndoAction {
  return inNamespace(target, ['curl', '-sS', '-m', String(API_LIMIT_S), '-X', 'DELETE', `${API}/proxies/${proxy}`]);
}

/** Removes a toxic; when that hangs, the proxy is made anew without it, which cuts its connections. */
export function undoToxic(target: ChaosTarget, proxy: object & { readonly name: string }, toxic: string): UndoAction {
  const one = `${API}/proxies/${proxy.name}`;
  const curl = `curl -sS -m ${String(API_LIMIT_S)}`;
  const script = [
    `${curl} -X DELETE ${one}/toxics/${toxic}`,
    `{ ${curl} -X DELETE ${one}; ${curl} -X POST ${API}/proxies -d "$1"; }`,
  ].join(' || ');
  return inNamespace(target, ['sh', '-c', script, 'undo', JSON.stringify(proxy)]);
}

/** Takes a proxy up again; nothing when it is up. */
export function undoDown(target: ChaosTarget, proxy: string): UndoAction {
  const argv = ['curl', '-sS', '-m', String(API_LIMIT_S), '-X', 'POST', `${API}/proxies/${proxy}`];
  return inNamespace(target, [...argv, '-d', '{"enabled":true}']);
}

function inNamespace(target: ChaosTarget, argv: readonly string[]): UndoAction {
  return { action: 'network-exec', service: NAME, containerId: target.containerId(NAME), argv };
}

async function request(target: ChaosTarget, method: string, url: string, body?: unknown): Promise<string> {
  const data = body === undefined ? [] : ['-d', JSON.stringify(body)];
  const argv = ['curl', '-sS', '-m', String(API_LIMIT_S), '-X', method, '-w', STATUS_LINE, ...data, url];
  const { exitCode, stdout, stderr } = await target.host.networkExec(target.containerId(NAME), argv);
  if (exitCode !== 0) throw new Error(`${method} ${url}: ${stderr.trim()}`);
  const end = stdout.lastIndexOf('\n');
  const [text, status] = [stdout.slice(0, end), Number(stdout.slice(end + 1))];
  if (status >= 300) throw new Error(`${method} ${url} answered ${String(status)}: ${text.trim().slice(0, 300)}`);
  return text.trim();
}
