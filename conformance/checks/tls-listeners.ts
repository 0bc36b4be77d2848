import { dumpedFiles, inForce, placeOf, wholeConfig } from '../../environments/harness/nginx-config.ts';
import { header } from '../clients/observe.ts';
import type { CaseContext } from '../context.ts';
import { notApplicable } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged } from './exchange.ts';

/** Longest wait of curl for an answer, s. */
const LIMIT_S = '8';

/** Where a request by name goes: curl needs an address for it. */
interface Way {
  readonly name: string;
  readonly port: number;
  readonly address: string;
  readonly scheme?: 'http' | 'https';
}

/** A request that prints HTTP version and status alone. */
function curl({ name, port, address, scheme = 'https' }: Way, options: readonly string[] = []): string[] {
  const print = ['-sk', '--max-time', LIMIT_S, '-o', '/dev/null', '-w', '%{http_version} %{http_code}'];
  const url = `${scheme}://${name}:${String(port)}/`;
  return ['curl', ...print, ...options, '--resolve', `${name}:${String(port)}:${address}`, url];
}

/** A UDP listener, an answer over HTTP/3, and the header that tells browsers about it. */
export interface Http3Seen {
  readonly listens: boolean;
  /** HTTP version and status as curl prints them. */
  readonly answer: string;
  readonly altSvc: string | undefined;
}

/** Looks for HTTP/3 in three ways. */
export async function http3Seen(context: CaseContext, port: number): Promise<Http3Seen> {
  const { gateway } = context;
  const { stdout } = await gateway.exec(['ss', '-Hlun', `sport = :${String(port)}`]);
  const way = { name: gateway.serverName, port, address: gateway.service.addresses['edge'] ?? '' };
  const asked = await context.exec('vantage', curl(way, ['--http3-only']));
  const altSvc = header(await context.client().request('/'), 'alt-svc');
  return { listens: stdout.includes(`:${String(port)}`), answer: asked.stdout, altSvc };
}

/** All three have to be there. */
export function judgeHttp3(port: number, { listens, answer, altSvc }: Http3Seen): Outcome {
  const answered = answer === '3 200';
  return judged(
    listens && answered && (altSvc ?? '').includes('h3'),
    `UDP ${String(port)} listens, an HTTP/3 request is answered, Alt-Svc names h3`,
    `UDP ${String(port)} ${listens ? 'listens' : 'has no listener'}; HTTP/3 request ${answered ? 'answered 200' : 'failed'}; Alt-Svc ${altSvc ?? 'absent'}`,
    [
      {
        kind: 'table',
        title: 'HTTP/3',
        columns: ['looked for', 'seen'],
        rows: [
          ['UDP listener', listens ? 'yes' : 'no'],
          ['answer (version, status)', answer],
          ['Alt-Svc', altSvc ?? 'absent'],
        ],
      },
    ],
    listens ? undefined : 'no quic listener is configured',
  );
}

/** Whether this engine gives containers IPv6. */
async function hasIpv6({ gateway }: CaseContext): Promise<boolean> {
  return (await gateway.exec(['sh', '-c', 'grep -q . /proc/net/if_inet6'])).exitCode === 0;
}

/** Listeners with TLS of a virtual host that do not speak HTTP/2: either the host does, or each listener says so for itself. */
export function listenersWithoutHttp2(config: string, host: string): string[] {
  const place = placeOf(wholeConfig(dumpedFiles(config)), host, '/');
  if (inForce(place, 'http2')?.[0] === 'on') return [];
  const server = place.find(({ name }) => name === 'server');
  return (server?.block ?? [])
    .filter(({ name, words }) => name === 'listen' && words.includes('ssl') && !words.includes('http2'))
    .map(({ words }) => words.join(' '));
}

/** HTTP/2 over IPv6 as well: asked in the gateway's own container, or read from the listeners where there is no IPv6. */
export async function http2OverIpv6(context: CaseContext): Promise<Outcome> {
  const expected = 'HTTP/2 over IPv6 as well';
  const mechanism = 'each listener says for itself whether it speaks HTTP/2';
  if (!(await hasIpv6(context))) {
    const without = listenersWithoutHttp2(await context.gateway.config(), context.gateway.serverName);
    const told = without.map((line) => `listen ${line}`).join('; ');
    return judged(without.length === 0, expected, told || 'every listener speaks it (nginx -T)', [], mechanism);
  }
  const way = { name: context.gateway.serverName, port: 443, address: '[::1]' };
  const answer = (await context.gateway.exec(curl(way))).stdout;
  return judged(answer === '2 200', expected, `over IPv6, HTTP version and status ${answer}`, [], mechanism);
}

/** Plain port and HTTPS port over IPv6, asked in the gateway's own container. */
export async function ipv6Listeners(context: CaseContext, ports: readonly number[]): Promise<Outcome> {
  const { gateway } = context;
  const expected = `ports ${ports.join(' and ')} answer on IPv6: the redirect without TLS, / with it`;
  if (!(await hasIpv6(context))) return notApplicable(expected, 'this engine gives containers no IPv6');
  const seen = await Promise.all(
    ports.map(async (port) => {
      const scheme = port === 80 ? 'http' : 'https';
      const { stdout } = await gateway.exec(curl({ name: gateway.serverName, port, address: '[::1]', scheme }));
      return { port, status: stdout.split(' ')[1] ?? 'none', wanted: port === 80 ? '301' : '200' };
    }),
  );
  return judged(
    seen.every(({ status, wanted }) => status === wanted),
    expected,
    seen.map(({ port, status }) => `port ${String(port)}: ${status}`).join('; '),
    [
      {
        kind: 'table',
        title: 'requests over IPv6',
        columns: ['port', 'status'],
        rows: seen.map(({ port, status }) => [port, status]),
      },
    ],
  );
}
