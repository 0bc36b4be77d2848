/** The virtual address of a redundant pair in calm times: who holds it, who carries its traffic, how the nodes advertise. */
import { HarnessError } from '../../environments/harness/errors.ts';
import { holdersOf, oneHolder } from '../../environments/harness/redundancy.ts';
import type { ServiceRef } from '../../environments/harness/types.ts';
import type { CaseContext } from '../context.ts';
import { Gateway, marker, mixed } from '../gateway.ts';
import { inconclusive, judge, notApplicable } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { table } from './exchange.ts';
import { judgeAdverts, parseAdvert } from './vrrp-adverts.ts';

interface Pair {
  readonly gateways: readonly ServiceRef[];
  readonly address: string;
}

/** The redundant gateways; undefined where keepalived does not run. */
function pairOf({ session }: CaseContext): Pair | undefined {
  const { services, virtualAddress } = session.topology;
  const gateways = services.filter(({ role, name }) => role === 'gateway' && name.startsWith('gateway-'));
  return virtualAddress === undefined ? undefined : { gateways, address: virtualAddress };
}

function noPair(expected: string): Outcome {
  return notApplicable(expected, 'keepalived does not run in this topology: no node holds a virtual address');
}

/** Waits for the end of the election. When it has none, whoever holds the address then is what the judgement sees. */
async function elected({ gateways, address }: Pair): Promise<void> {
  await oneHolder(gateways, address).catch((error: unknown) => {
    if (!(error instanceof HarnessError)) throw error;
  });
}

/** Requests sent to the virtual address, and who served them. */
export interface SharedTraffic {
  readonly gateways: readonly string[];
  /** Before and after the requests. */
  readonly holders: readonly [readonly string[], readonly string[]];
  readonly sent: number;
  readonly answered: number;
  /** Lines of each gateway's access log. */
  readonly served: Readonly<Record<string, number>>;
}

/** Requests a second, and their number: one second of them. */
const REQUESTS = 100;

/** Sends a second of requests to the virtual address and looks for them in the access log of every gateway. */
export async function activeAndStandby(context: CaseContext, instances: number): Promise<Outcome> {
  const pair = pairOf(context);
  if (!pair) return noPair('one active and one standby gateway behind a virtual address');
  const { gateways, address } = pair;
  await elected(pair);
  const before = await holdersOf(gateways, address);
  const mark = marker('v');
  const answers = await mixed(
    context.session.vantage,
    Array.from({ length: REQUESTS }, (_, index) => ({
      client: atAddress(context, pair),
      path: `/?m=${mark}`,
      at_ms: (index * 1000) / REQUESTS,
    })),
  );
  const served = await Promise.all(
    gateways.map(async ({ name }) => [name, (await context.session.gateway(name).accessLog(mark)).length] as const),
  );
  return judgeTraffic(instances, {
    gateways: gateways.map(({ name }) => name),
    holders: [before, await holdersOf(gateways, address)],
    sent: REQUESTS,
    answered: answers.filter(({ status }) => status === 200).length,
    served: Object.fromEntries(served),
  });
}

/** A client of its own at the virtual address, whoever holds it. */
function atAddress(context: CaseContext, { gateways, address }: Pair): ReturnType<Gateway['at']> {
  const [any] = gateways;
  if (!any) throw new RangeError('the topology has no gateway');
  const { serverName } = context.session.topology;
  const service: ServiceRef = { ...any, name: 'virtual-address', addresses: { edge: address } };
  return new Gateway(service, serverName, context.session.vantage).at(context.fresh());
}

/** Judges who served the traffic of the virtual address. When it moved meanwhile, nothing is said. */
export function judgeTraffic(instances: number, seen: SharedTraffic): Outcome {
  const { gateways, holders, sent, answered, served } = seen;
  const expected = `at least ${String(instances)} gateways; the holder of the virtual address serves all of its traffic`;
  const [before, after] = holders.map((names) => names.join(' and ') || 'no gateway');
  const shares = gateways.map((name) => `${name} served ${String(served[name] ?? 0)}`).join(', ');
  const observed = `${String(gateways.length)} gateways; held by ${before ?? ''}; ${String(answered)} of ${String(sent)} requests answered: ${shares}`;
  const evidence = [
    table(
      `${String(sent)} requests in a second to the virtual address`,
      ['gateway', 'lines in its access log'],
      gateways.map((name) => [name, served[name] ?? 0]),
    ),
  ];
  if (before !== after)
    return inconclusive(expected, observed, `the address moved meanwhile, to ${after ?? ''}`, evidence);
  const active = gateways.filter((name) => (served[name] ?? 0) > 0);
  const one = holders[0].length === 1 && active.length === 1 && active[0] === holders[0][0];
  // Who served is known of answered requests alone.
  if (one && (answered < sent || served[active[0] ?? ''] !== sent))
    return inconclusive(expected, observed, 'not all requests were answered and logged', evidence);
  return judge(gateways.length >= instances && one, expected, observed, evidence);
}

/** Prints each packet of VRRP (IP protocol 112) that the node receives, in hexadecimal digits: three of them, or none within 5 s. */
const CAPTURE = `
use Socket;
socket(my $s, AF_INET, SOCK_RAW, 112) or die "socket: $!";
my $end = time + 5;
for (1 .. 3) {
  my $in = ''; vec($in, fileno $s, 1) = 1;
  my $left = $end - time;
  last if $left <= 0 or select($in, undef, undef, $left) < 1;
  recv $s, my $packet, 2048, 0;
  print unpack('H*', $packet), "\\n";
}`;

/** Reads the adverts that arrive at the nodes and judges their version. */
export async function advertsOfVersion(context: CaseContext, version: number): Promise<Outcome> {
  const pair = pairOf(context);
  if (!pair) return noPair(`adverts of VRRP version ${String(version)} between the nodes`);
  const captured = await Promise.all(
    pair.gateways.map(async ({ name }) => {
      const { exitCode, stdout, stderr } = await context.exec(name, ['perl', '-e', CAPTURE]);
      if (exitCode !== 0) throw new Error(`adverts cannot be read at ${name}: ${stderr.trim()}`);
      return stdout.split('\n').flatMap((line) => (line === '' ? [] : [{ at: name, ...parseAdvert(line) }]));
    }),
  );
  return judgeAdverts(version, captured.flat());
}
