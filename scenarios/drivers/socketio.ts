/**
 * Socket.IO users, with the real client: each session opens by long polling, is upgraded to
 * WebSocket, has messages acknowledged that it sends at a fixed pace, and says goodbye. One
 * session is one request; its latency is that of its slowest part: until it was greeted, from
 * the intended start of the session, or until a message came back, from the intended send.
 *
 * Sessions begin at the rate, and users take turns. A user whose session before has not ended
 * is dropped.
 *
 * Usage: node socketio.ts '<JSON of DriverPlan>'
 */
import type { LookupFunction } from 'node:net';
import { Agent as PlainAgent } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { Cells } from './cells.ts';
import { addressAfter } from './plan.ts';
import type { DriverEnd, DriverPlan } from './plan.ts';

const MESSAGES = 5;
const PACE_MS = 500;
const OK = 200;

interface User {
  readonly address: string;
  busy: boolean;
  /** Who greeted the last session. */
  instance: string | null;
}

const plan = JSON.parse(process.argv[2] ?? '{}') as DriverPlan;
const { protocol, hostname, port, pathname } = new URL(plan.url);
/** The client names the virtual host and is led to the gateway's address. */
const origin = `${protocol}//${plan.serverName}${port === '' ? '' : `:${port}`}`;
const lookup: LookupFunction = (_, { all }, found) => {
  if (all) found(null, [{ address: hostname, family: 4 }]);
  else found(null, hostname, 4);
};
const cells = new Cells(plan.steps, plan.route);
const tallies = { returned: 0, moved: 0 };
const measured_ms = (plan.steps.at(-1)?.start_s ?? 0) * 1000;
const ends_ms = Math.max(...plan.steps.map((step) => step.start_s + step.duration_s)) * 1000;
const began_ms = performance.now();
const now_ms = (): number => performance.now() - began_ms;
const until = (due_ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, due_ms - now_ms())));

function agentOf(address: string): PlainAgent {
  const common = { keepAlive: true, localAddress: address, lookup };
  return protocol === 'https:'
    ? new TlsAgent({ ...common, servername: plan.serverName, rejectUnauthorized: false })
    : new PlainAgent(common);
}

/** Slowest part of a session that went well, ms; null when it did not. */
async function session(user: User, due_ms: number): Promise<number | null> {
  const agent = agentOf(user.address);
  const socket = io(origin, {
    path: pathname,
    agent: agent as unknown as string,
    rejectUnauthorized: false,
    reconnection: false,
    forceNew: true,
    timeout: plan.timeout_s * 1000,
  });
  const broken = new Promise<null>((resolve) => {
    const fail = (): void => {
      resolve(null);
    };
    socket.once('connect_error', fail).once('disconnect', fail);
    setTimeout(fail, due_ms + plan.timeout_s * 1000 - now_ms()).unref();
  });
  const slowest_ms = await Promise.race([converse(socket, user, due_ms), broken]);
  socket.disconnect();
  agent.destroy();
  return slowest_ms;
}

/** Resolves when the session was greeted, upgraded, and every message came back. */
async function converse(socket: Socket, user: User, due_ms: number): Promise<number> {
  const greeting = new Promise<{ readonly instance: string }>((resolve) => socket.once('hello', resolve));
  // The upgrade may be over before the greeting arrives.
  const upgraded = new Promise<unknown>((resolve) => socket.io.engine.once('upgrade', resolve));
  const { instance } = await greeting;
  const greeted_ms = now_ms();
  if (user.instance !== null && due_ms >= measured_ms) tallies[user.instance === instance ? 'returned' : 'moved'] += 1;
  user.instance = instance;
  const answers = Array.from({ length: MESSAGES }, async (_, n) => {
    await until(greeted_ms + n * PACE_MS);
    await new Promise((resolve) => socket.emit('echo', n, resolve));
    return now_ms() - greeted_ms - n * PACE_MS;
  });
  const [times_ms] = await Promise.all([Promise.all(answers), upgraded]);
  return Math.max(greeted_ms - due_ms, ...times_ms);
}

async function turn(user: User, due_ms: number): Promise<void> {
  await until(due_ms);
  if (user.busy) {
    cells.drop(due_ms, 1);
    return;
  }
  user.busy = true;
  const slowest_ms = await session(user, due_ms);
  user.busy = false;
  const took_ms = slowest_ms ?? now_ms() - due_ms;
  cells.take({
    intended_ms: due_ms,
    corrected_ms: took_ms,
    actual_ms: took_ms,
    status: slowest_ms === null ? null : OK,
  });
}

const users = Array.from({ length: plan.connections }, (_, n): User => ({
  address: addressAfter(plan.firstAddress, n),
  busy: false,
  instance: null,
}));
const sessions = Array.from({ length: Math.floor((ends_ms / 1000) * plan.rate_perS) }, async (_, k) => {
  const user = users[k % users.length];
  if (user) await turn(user, (k * 1000) / plan.rate_perS);
});
await Promise.all(sessions);
cells.end();
const end: DriverEnd = { requests: cells.counted, tallies };
process.stdout.write(`${JSON.stringify(end)}\n`);
process.exit(0);
