/**
 * Socket.IO users, with the real client: each session opens by long polling, is upgraded to
 * WebSocket, has messages acknowledged that it sends at a fixed pace, and says goodbye. One
 * session is one request; its latency is that of its slowest part: until it was greeted, from
 * the intended start of the session, or until a message came back, from the intended send.
 *
 * Sessions begin at the rate. Each takes the address that has been idle longest; one that is
 * due while no address is idle is dropped.
 *
 * Usage: node socketio.ts '<JSON of DriverPlan>'
 */
import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { Cells, kindOf } from './cells.ts';
import type { Ended } from './cells.ts';
import { startClock } from './clock.ts';
import { watchLoop } from './loop.ts';
import { addressAfter } from './plan.ts';
import type { DriverEnd, DriverPlan } from './plan.ts';

const MESSAGES = 5;
const PACE_MS = 500;
/** Of a session that went well: its protocol was switched. */
const UPGRADED = 101;

const plan = JSON.parse(process.argv[2] ?? '{}') as DriverPlan;
const { protocol, hostname, port, pathname } = new URL(plan.url);
/** The client names the virtual host and is led to the gateway's address. */
const origin = `${protocol}//${plan.serverName}${port === '' ? '' : `:${port}`}`;
const lookup: LookupFunction = (_, { all }, found) => {
  if (all) found(null, [{ address: hostname, family: 4 }]);
  else found(null, hostname, 4);
};
const cells = new Cells(plan.steps, plan.route);
const ends_ms = Math.max(...plan.steps.map((step) => step.start_s + step.duration_s)) * 1000;
const { now_ms, until } = startClock();
const loop = watchLoop((plan.steps.at(-1)?.start_s ?? 0) * 1000);

type Ending = Omit<Ended, 'intended_ms'>;

function agentOf(address: string): PlainAgent {
  const common = { keepAlive: true, localAddress: address, lookup };
  return protocol === 'https:'
    ? new TlsAgent({ ...common, servername: plan.serverName, rejectUnauthorized: false })
    : new PlainAgent(common);
}

/** Leads one session from an address to its end, good or bad, and counts it. */
async function session(address: string, due_ms: number): Promise<void> {
  const sent_ms = now_ms();
  const agent = agentOf(address);
  const socket = io(origin, {
    path: pathname,
    // The type tells of browsers, which take none.
    agent: agent as unknown as string,
    extraHeaders: plan.headers,
    rejectUnauthorized: false,
    reconnection: false,
    forceNew: true,
  });
  const failed = ({ status, kind }: Pick<Ending, 'status' | 'kind'>): Ending => ({
    corrected_ms: now_ms() - due_ms,
    actual_ms: now_ms() - sent_ms,
    status,
    ...(kind === undefined ? {} : { kind }),
  });
  const ending = await Promise.race([
    conversation(socket, due_ms, sent_ms),
    broken(socket).then(failed),
    until(due_ms + plan.timeout_s * 1000).then(() => failed({ status: null, kind: 'time-out' })),
  ]);
  socket.disconnect();
  agent.destroy();
  cells.take({ intended_ms: due_ms, ...ending });
}

/** Resolves when the session was greeted, upgraded, and every message came back. */
async function conversation(socket: Socket, due_ms: number, sent_ms: number): Promise<Ending> {
  // The upgrade may be over before the greeting arrives.
  const upgraded = new Promise((resolve) => socket.io.engine.once('upgrade', resolve));
  await new Promise((resolve) => socket.once('hello', resolve));
  const greeted_ms = now_ms();
  const messages = Array.from({ length: MESSAGES }, async (_, n) => {
    const send_ms = greeted_ms + n * PACE_MS;
    await until(send_ms);
    await new Promise((resolve) => socket.emit('echo', n, resolve));
    return now_ms() - send_ms;
  });
  const times_ms = await Promise.all(messages);
  await upgraded;
  const slowest_ms = Math.max(...times_ms);
  return {
    corrected_ms: Math.max(greeted_ms - due_ms, slowest_ms),
    actual_ms: Math.max(greeted_ms - sent_ms, slowest_ms),
    status: UPGRADED,
  };
}

/** Resolves when the session broke, with the status of the answer that broke it where one did. */
function broken(socket: Socket): Promise<Pick<Ending, 'status' | 'kind'>> {
  return new Promise((resolve) => {
    socket.once('connect_error', (error) => {
      const status = statusOf(error);
      resolve({ status, kind: kindOf(status) });
    });
    socket.once('disconnect', (_, details) => {
      const status = statusOf(details);
      resolve({ status, kind: status === null ? 'disconnected' : kindOf(status) });
    });
    socket.io.engine.once('upgradeError', () => {
      resolve({ status: null, kind: 'not upgraded' });
    });
  });
}

/** The client's transports put the status there, 0 without an answer. */
function statusOf(error: unknown): number | null {
  const { description } = (error ?? {}) as { readonly description?: unknown };
  return typeof description === 'number' && description > 0 ? description : null;
}

const idle = Array.from({ length: plan.connections }, (_, n) => addressAfter(plan.firstAddress, n));

async function arrival(due_ms: number): Promise<void> {
  await until(due_ms);
  const address = idle.shift();
  if (address === undefined) {
    cells.drop(due_ms, 1);
    return;
  }
  await session(address, due_ms);
  idle.push(address);
}

const count = Math.floor((ends_ms / 1000) * plan.rate_perS);
await Promise.all(Array.from({ length: count }, (_, k) => arrival((k * 1000) / plan.rate_perS)));
const loopDelay_ms = loop.stop();
cells.end();
const end: DriverEnd = { requests: cells.counted, loopDelay_ms };
process.stdout.write(`${JSON.stringify(end)}\n`);
// Not to wait for the timers of sessions that ended before.
process.exit(0);
