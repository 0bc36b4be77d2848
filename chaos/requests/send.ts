/** Single requests through the gateway, one after the other, beside the series of the prober. */
import type { ChaosTarget } from '../runner/target.ts';
import { addressWalk } from '../prober/addresses.ts';

export interface GatewayRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** A file of the vantage that is the body. */
  readonly bodyFile?: string;
}

export interface GatewayAnswer {
  readonly request: GatewayRequest;
  /** 0 without an answer. */
  readonly status: number;
  readonly time_s: number;
  /** Names in lower case, values of one name in order. */
  readonly headers: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  /** Why there is no answer; empty when there is one. */
  readonly problem: string;
}

export interface SendOptions {
  /** A node's own address; where clients reach the gateway when absent. */
  readonly node?: string;
  readonly timeout_s?: number;
}

/** Sent from one address at most, far below every limit of an address or a user. */
const PER_ADDRESS = 8;
const TIMEOUT_S = 15;
const MARK = '==answer==';
const FORMAT = `${MARK}{"status":"%{http_code}","time_s":%{time_total},"exit":%{exitcode},"url":"%{url}","headers":%{header_json}}${MARK}`;

/**
 * Sends requests one after the other, from addresses that nobody used before, each
 * with credentials of its address. Answers come in the order of the requests.
 *
 * @throws Error when not all of them could be sent
 */
export async function sendInTurn(
  target: ChaosTarget,
  requests: readonly GatewayRequest[],
  options: SendOptions = {},
): Promise<readonly GatewayAnswer[]> {
  const next = clients(target, requests.length);
  const parts = requests.map((request, index) => argvOf(target, request, next(index), options));
  const argv = ['curl', ...parts.flatMap((part, index) => (index === 0 ? part : ['--next', ...part]))];
  const { stdout, stderr } = await target.exec('vantage', argv);
  const seen = readAnswers(stdout);
  if (seen.length !== requests.length)
    throw new Error(`${seen.length} of ${requests.length} requests were sent: ${stderr.trim().slice(-200)}`);
  return seen.map((answer, index) => ({ request: requests[index] ?? { method: '', path: '' }, ...answer }));
}

/** Sends requests with paths of their own all at once; bodies of answers are not kept. See {@link sendInTurn}. */
export async function sendAtOnce(
  target: ChaosTarget,
  requests: readonly GatewayRequest[],
  options: SendOptions = {},
): Promise<readonly GatewayAnswer[]> {
  const next = clients(target, requests.length);
  const parts = requests.map((request, index) => ['-o', '/dev/null', ...argvOf(target, request, next(index), options)]);
  const argv = [
    'curl',
    '-Z',
    '--parallel-immediate',
    ...parts.flatMap((part, i) => (i === 0 ? part : ['--next', ...part])),
  ];
  const seen = readAnswers((await target.exec('vantage', argv)).stdout);
  return requests.map((request) => {
    const answer = seen.find(({ url }) => url.endsWith(request.path));
    if (!answer) throw new Error(`${request.method} ${request.path} was not sent`);
    return { request, ...answer };
  });
}

/** The same request so many times, each with a number of its own below its path. */
export function repeated(count: number, method: string, path: string): readonly GatewayRequest[] {
  return Array.from({ length: count }, (_, index) => ({
    method,
    path: `${path}/${index}`,
    ...(method === 'GET' || method === 'DELETE' ? {} : { body: '{"note":"x"}' }),
  }));
}

/** A path that no other request of the run has. */
export function markedPath(what: string): string {
  return `/api/v1/trial-${what}-${Date.now().toString(36)}`;
}

type Seen = Omit<GatewayAnswer, 'request'> & { readonly url: string };

function argvOf(
  { gateway, addresses }: ChaosTarget,
  { method, path, headers = {}, body, bodyFile }: GatewayRequest,
  from: string,
  { node, timeout_s = TIMEOUT_S }: SendOptions,
): string[] {
  const { serverName, port } = gateway;
  const address = node === undefined ? gateway.address : (addresses(node)['edge'] ?? '');
  const given: Readonly<Record<string, string>> = {
    Authorization: `Bearer valid:trial-${from}:user`,
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(bodyFile === undefined ? {} : { 'Content-Type': 'application/octet-stream' }),
    ...headers,
  };
  const content = bodyFile === undefined ? body : `@${bodyFile}`;
  return [
    ...['-s', '-k', '--http1.1', '-m', String(timeout_s), '--interface', from, '-X', method, '-w', FORMAT],
    ...['--connect-to', `${serverName}:443:${address}:${port}`],
    ...Object.entries(given).flatMap(([name, value]) => ['-H', `${name}: ${value}`]),
    ...(content === undefined ? [] : [bodyFile === undefined ? '--data-raw' : '--data-binary', content]),
    `https://${serverName}${path}`,
  ];
}

/** Client addresses, a new one after some requests. */
function clients(target: ChaosTarget, count: number): (index: number) => string {
  const needed = Math.ceil(count / PER_ADDRESS);
  const { cidr, skip } = target.freshClients(needed);
  const walk = addressWalk(cidr, skip);
  const given = Array.from({ length: needed }, walk);
  return (index) => given[Math.floor(index / PER_ADDRESS)] ?? '';
}

/** Reads bodies and what curl wrote behind each of them. */
export function readAnswers(output: string): readonly Seen[] {
  const parts = output.split(MARK);
  return Array.from({ length: Math.floor(parts.length / 2) }, (_, index) => {
    const { status, time_s, exit, url, headers } = JSON.parse(parts[index * 2 + 1] ?? '{}') as {
      status: string;
      time_s: number;
      exit: number;
      url: string;
      headers: Record<string, string[]>;
    };
    return {
      status: Number(status),
      time_s,
      url,
      headers,
      body: parts[index * 2] ?? '',
      problem: exit === 0 ? '' : `curl ${exit}`,
    };
  });
}
