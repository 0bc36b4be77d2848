/**
 * Opens connections at an even pace, each from an address of its own, and keeps them. Each
 * carries a request as soon as it is open, others before the gateway would close it as idle,
 * and one in the measured step, with the headers of the plan: only a connection that answered
 * there again counts as held.
 *
 * Usage: node connections.ts '<JSON of DriverPlan>'
 */
import type { Agent } from 'node:http';
import { agentOf, ask, askAt } from './asking.ts';
import type { Answer } from './asking.ts';
import { Cells } from './cells.ts';
import { startClock } from './clock.ts';
import { watchLoop } from './loop.ts';
import type { ConnectionsSeen, DriverEnd, DriverPlan } from './plan.ts';

const plan = JSON.parse(process.argv[2] ?? '{}') as DriverPlan;
const [opening, measured] = plan.steps;
if (!opening || !measured) throw new RangeError('connections are opened in one step and asked in the next');
const OPENED_MS = opening.duration_s * 1000;
const MEASURED_MS = { from: measured.start_s * 1000, for: measured.duration_s * 1000 };
/** Longest time without a request: less than the 30 s after which the gateway closes a connection. */
const IDLE_MS = 28_000;
const cells = new Cells(plan.steps, plan.route);
const clock = startClock();
const { until } = clock;
const loop = watchLoop(MEASURED_MS.from);

/** Beginnings and ends of requests of the measured step that were answered without error: +1 and −1 at their instants. */
const served: [number, number][] = [];

/** Asks when it is due, and counts that. */
async function counted(agent: Agent, due_ms: number, added: DriverPlan['headers']): Promise<Answer> {
  const { at, ...answer } = await askAt(due_ms, () => ask(plan, agent, added), { cells, clock });
  if (isGood(answer) && due_ms >= MEASURED_MS.from) served.push([at.sent_ms, 1], [at.ended_ms, -1]);
  return answer;
}

const isGood = ({ status }: Answer): boolean => status !== null && status < 400;

/** Asks often enough for an open connection to be kept until `due_ms`; false when it is closed before. */
async function kept(agent: Agent, opened_ms: number, due_ms: number): Promise<boolean> {
  const times = Math.ceil((due_ms - opened_ms) / IDLE_MS);
  for (let n = 1; n < times; n += 1) {
    await until(opened_ms + ((due_ms - opened_ms) * n) / times);
    // A new connection would drive out another one: a full nginx closes those that idle longest.
    if (!isOpen(agent) || !isGood(await ask(plan, agent, {}))) return false;
  }
  await until(due_ms);
  return isOpen(agent);
}

/** One user. Resolves with the agent of a connection that was open all the time and answered in the end. */
async function user(n: number): Promise<Agent | null> {
  const part = n / plan.connections;
  const [opened_ms, due_ms] = [part * OPENED_MS, MEASURED_MS.from + part * MEASURED_MS.for];
  const agent = agentOf(plan, n);
  if (isGood(await counted(agent, opened_ms, {})) && (await kept(agent, opened_ms, due_ms))) {
    const last = await counted(agent, due_ms, plan.headers);
    if (isGood(last) && last.reused) return agent;
  }
  agent.destroy();
  return null;
}

const isOpen = (agent: Agent): boolean => Object.values(agent.freeSockets).flat().length > 0;

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
const loopDelay_ms = loop.stop();
const open = users.filter((agent) => agent !== null && isOpen(agent)).length;
cells.end();
const connections: ConnectionsSeen = { held: open, lost: users.length - open, waiting: most() };
const end: DriverEnd = { requests: cells.counted, connections, loopDelay_ms };
process.stdout.write(`${JSON.stringify(end)}\n`);
// Nobody waits for ten thousand connections to be closed one by one.
process.exit(0);
