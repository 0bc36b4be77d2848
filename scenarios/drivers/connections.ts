/**
 * Opens connections at an even pace, each from an address of its own, and keeps them. Each
 * carries a request as soon as it is open, and another one in the measured step: only a
 * connection that answered there again counts as held.
 *
 * Usage: node connections.ts '<JSON of DriverPlan>'
 */
import { Agent as PlainAgent, get as getPlain } from 'node:http';
import { Agent as TlsAgent, get as getTls } from 'node:https';
import { Cells } from './cells.ts';
import { addressAfter } from './plan.ts';
import type { ConnectionsSeen, DriverPlan } from './plan.ts';

const plan = JSON.parse(process.argv[2] ?? '{}') as DriverPlan;
const [opening, measured] = plan.steps;
if (!opening || !measured) throw new RangeError('connections are opened in one step and asked in the next');
const OPENED_MS = opening.duration_s * 1000;
const MEASURED_MS = { from: measured.start_s * 1000, for: measured.duration_s * 1000 };
const tls = plan.url.startsWith('https:');
const cells = new Cells(plan.steps, plan.route);
const began_ms = performance.now();
const now_ms = (): number => performance.now() - began_ms;
const until = (due_ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, due_ms - now_ms())));

/** Beginnings and ends of requests that were answered without error: +1 and −1 at their instants. */
const served: [number, number][] = [];

/** Has at most one connection, and keeps it. */
function agentOf(n: number): PlainAgent {
  const common = { keepAlive: true, maxSockets: 1, localAddress: addressAfter(plan.firstAddress, n) };
  return tls
    ? new TlsAgent({ ...common, servername: plan.serverName, rejectUnauthorized: false })
    : new PlainAgent(common);
}

interface Answer {
  /** Null without one. */
  readonly status: number | null;
  /** On the connection of the request before. */
  readonly reused: boolean;
}

function ask(agent: PlainAgent): Promise<Answer> {
  return new Promise((resolve) => {
    const headers = { ...plan.headers, Host: plan.serverName };
    const sent = (tls ? getTls : getPlain)(plan.url, { agent, headers, timeout: plan.timeout_s * 1000 }, (response) => {
      const end = (status: number | null): void => {
        resolve({ status, reused: sent.reusedSocket });
      };
      response.resume().once('end', () => {
        end(response.statusCode ?? null);
      });
      response.once('error', () => {
        end(null);
      });
    });
    sent.once('timeout', () => sent.destroy());
    sent.once('error', () => {
      resolve({ status: null, reused: sent.reusedSocket });
    });
  });
}

/** Asks once and counts it. */
async function timed(agent: PlainAgent, due_ms: number): Promise<Answer & { readonly good: boolean }> {
  await until(due_ms);
  const sent_ms = now_ms();
  const answer = await ask(agent);
  const ended_ms = now_ms();
  const { status } = answer;
  cells.take({ intended_ms: due_ms, corrected_ms: ended_ms - due_ms, actual_ms: ended_ms - sent_ms, status });
  const good = status !== null && status < 400;
  if (good) served.push([sent_ms, 1], [ended_ms, -1]);
  return { ...answer, good };
}

/** One user: opens and asks, and asks again in the measured step. Resolves with the agent of a connection that is still there. */
async function user(n: number): Promise<PlainAgent | null> {
  const part = n / plan.connections;
  const agent = agentOf(n);
  const first = await timed(agent, part * OPENED_MS);
  const again = first.good ? await timed(agent, MEASURED_MS.from + part * MEASURED_MS.for) : null;
  if (again?.good && again.reused) return agent;
  agent.destroy();
  return null;
}

/** Most requests under way at once. */
function most(): number {
  let under = 0;
  let highest = 0;
  for (const [, change] of served.toSorted(([a], [b]) => a - b)) {
    under += change;
    highest = Math.max(highest, under);
  }
  return highest;
}

const users = await Promise.all(Array.from({ length: plan.connections }, (_, n) => user(n)));
await until(MEASURED_MS.from + MEASURED_MS.for);
const open = users.filter((agent) => Object.values(agent?.freeSockets ?? {}).flat().length > 0).length;
cells.end();
const connections: ConnectionsSeen = { held: open, lost: users.length - open, waiting: most() };
process.stdout.write(`${JSON.stringify({ requests: cells.counted, connections })}\n`);
// Nobody waits for ten thousand connections to be closed one by one.
process.exit(0);
