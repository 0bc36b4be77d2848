/**
 * Ordinary users who ask at the rate of the plan, beside clients that are slow in three ways:
 * headers that never end, bodies and answers that take their time. Slow ones begin at their own
 * rates, however many of those before are still there, so that whoever keeps them longer has more
 * of them. The headers of the plan are sent by those who read slowly: they say what is answered.
 *
 * Usage: node slow-clients.ts '<JSON of DriverPlan>'
 */
import { agentOf, ask, askAt } from './asking.ts';
import { Cells, encodedTimes } from './cells.ts';
import { startClock } from './clock.ts';
import { watchLoop } from './loop.ts';
import { SLOW_ADDRESSES, addressAfter } from './plan.ts';
import type { DriverEnd, DriverPlan, SlowKind, SlowKindSeen } from './plan.ts';
import { readSlowly, trickle } from './slow-connection.ts';
import type { Peer, SlowConnection, SlowEnd } from './slow-connection.ts';

const plan = JSON.parse(process.argv[2] ?? '{}') as DriverPlan;
const { slow } = plan;
const measured = plan.steps.at(-1);
if (!slow || !measured) throw new RangeError('the plan has no slow clients, or no steps');
const MEASURED_MS = { from: measured.start_s * 1000, to: (measured.start_s + measured.duration_s) * 1000 };
const TRICKLE_MS = slow.trickle_s * 1000;
/** A body is sent in so many pieces, a second apart when it takes twelve. */
const PIECES = 12;
/** Of a header that never ends, in the time of a body: each wakes the gateway, and a generator has thousands to send. */
const HEADER_LINES = 4;
/** How often an answer is read from, and how fast: 50 kB a second. */
const READS = 24;
const READ_BYTES_PER_S = 50_000;

const cells = new Cells(plan.steps, plan.route);
const clock = startClock();
const loop = watchLoop(MEASURED_MS.from);
const url = new URL(plan.url);
const tls = url.protocol === 'https:';
const port = Number(url.port) || (tls ? 443 : 80);

/** Begins a request of a user; no cache answers it. */
const head = (method: string, user: string, lines: Readonly<Record<string, string>>): string =>
  [
    `${method} ${url.pathname} HTTP/1.1`,
    ...Object.entries({ Host: plan.serverName, Accept: '*/*', ...asUser(user), ...lines }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
    '',
  ].join('\r\n');

const asUser = (user: string): Record<string, string> => ({
  Authorization: `Bearer valid:${user}:user`,
  'Cache-Control': 'no-cache',
});

function* endlessHeader(user: string): Generator<string> {
  yield head('GET', user, {});
  for (let n = 1; ; n += 1) yield `X-${String(n)}: a\r\n`;
}

function* slowBody(user: string): Generator<string> {
  const body = JSON.stringify({ text: 'a'.repeat(PIECES * 100) });
  const lines = { 'Content-Type': 'application/json', 'Content-Length': String(body.length), Connection: 'close' };
  yield `${head('POST', user, lines)}\r\n`;
  const size = Math.ceil(body.length / PIECES);
  for (let from = 0; from < body.length; from += size) yield body.slice(from, from + size);
}

const MANNERS: Readonly<Record<SlowKind, (to: Peer, user: string) => SlowConnection>> = {
  headers: (to, user) => trickle(to, endlessHeader(user), TRICKLE_MS / HEADER_LINES),
  bodies: (to, user) => trickle(to, slowBody(user), TRICKLE_MS / PIECES),
  readers: (to, user) =>
    readSlowly(to, `${head('GET', user, plan.headers)}\r\n`, {
      bytes: (READ_BYTES_PER_S * slow.trickle_s) / READS,
      every_ms: TRICKLE_MS / READS,
      times: READS,
    }),
};

/** A reader that was cut off read for a shorter time; timers are late rather than early. */
const good = ({ status, life_ms }: SlowEnd): boolean => status !== null && status < 300 && life_ms >= 0.9 * TRICKLE_MS;

const SERVED: Readonly<Record<SlowKind, (end: SlowEnd) => boolean>> = {
  headers: ({ opened }) => opened,
  bodies: good,
  readers: good,
};

const open = new Set<SlowConnection>();
let begun = 0;

/** One slow client, to its end. Bodies and answers that were stopped half-way show nothing. */
async function slowClient(kind: SlowKind): Promise<SlowEnd | null> {
  const n = begun;
  begun += 1;
  const localAddress = addressAfter(plan.firstAddress, plan.connections + (n % SLOW_ADDRESSES));
  const to = { host: url.hostname, port, serverName: tls ? plan.serverName : null, localAddress };
  const connection = MANNERS[kind](to, `slow-${String(n)}`);
  open.add(connection);
  const end = await connection.ended;
  open.delete(connection);
  return clock.now_ms() < MEASURED_MS.from || (end.stopped && kind !== 'headers') ? null : end;
}

/** Begins something at a rate until the measured step is over; what all of it came to. */
async function atRate<T>(rate_perS: number, begin: (n: number, due_ms: number) => Promise<T>): Promise<T[]> {
  const all: Promise<T>[] = [];
  const count = Math.floor((MEASURED_MS.to / 1000) * rate_perS);
  for (let n = 0; n < count; n += 1) {
    const due_ms = (n * 1000) / rate_perS;
    await clock.until(due_ms);
    all.push(begin(n, due_ms));
  }
  return Promise.all(all);
}

async function slowClients(kind: SlowKind, rate_perS: number): Promise<SlowKindSeen> {
  const ends = (await atRate(rate_perS, () => slowClient(kind))).filter((end) => end !== null);
  return {
    ended: ends.length,
    served: ends.filter(SERVED[kind]).length,
    kept: encodedTimes(ends.map(({ life_ms }) => life_ms)),
  };
}

const agents = Array.from({ length: plan.connections }, (_, n) => agentOf(plan, n));

async function ordinary(n: number, due_ms: number): Promise<void> {
  const user = n % agents.length;
  const agent = agents[user];
  if (agent) await askAt(due_ms, () => ask(plan, agent, asUser(`ordinary-${String(user)}`)), { cells, clock });
}

const requests = atRate(plan.rate_perS, ordinary);
const seen = Promise.all([
  slowClients('headers', slow.headers_perS),
  slowClients('bodies', slow.bodies_perS),
  slowClients('readers', slow.readers_perS),
]);
await clock.until(MEASURED_MS.to);
const loopDelay_ms = loop.stop();
await requests;
for (const connection of open) connection.stop();
const [headers, bodies, readers] = await seen;
cells.end();
const end: DriverEnd = { requests: cells.counted, slow: { headers, bodies, readers }, loopDelay_ms };
process.stdout.write(`${JSON.stringify(end)}\n`);
// Ordinary users keep their connections.
process.exit(0);
