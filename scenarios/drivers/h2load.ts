/**
 * h2load at a fixed rate over HTTP/1.1. A gateway ends a connection after so many requests, and
 * at a fixed rate h2load does not open it again: a request that ends a connection stays under way
 * for ever in its count (`on_stream_close` in its source). So each of its processes opens some
 * connections, sends on each as many requests as the gateway allows, and ends; the next one begins
 * when that is due, whatever became of the others, as long as there are not too many of them.
 *
 * Its log has a line for each request: start in µs since the epoch, status (-1 without an
 * answer), µs until the end. It does not say when the request was due, so latency counts from
 * the send: good for throughput, not for percentiles.
 *
 * Usage: node h2load.ts '<JSON of DriverPlan>'
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Cells } from './cells.ts';
import type { DriverPlan } from './plan.ts';

/** Connections of one process: so many handshakes begin at once. */
const TOGETHER = 20;
/** Requests on a connection: nginx's keepalive_requests, as documented. */
const REQUESTS = 100;
/** h2load's timer and its clock differ by a little. */
const WAITED_OUT = 0.99;
/** Begins with a letter, which lines of the log never do. */
const SUMMARY = /^requests: .* (\d+) done,/;
const ENTRY = /^(\d+)\t(-?\d+)\t(\d+)$/;

const plan = JSON.parse(process.argv[2] ?? '{}') as DriverPlan;
const cells = new Cells(plan.steps, plan.route);
const end_ms = Math.max(...plan.steps.map((step) => step.start_s + step.duration_s)) * 1000;
/** Requests a second on one connection. */
const pace = plan.rate_perS / plan.connections;
/** A connection lives `REQUESTS / pace`; meanwhile all connections are replaced once. */
const every_ms = ((REQUESTS / pace) * 1000 * TOGETHER) / plan.connections;
const began_ms = Date.now();
/** Processes that may run at once: twice as many as a gateway that keeps up needs. What is due beyond is dropped. */
const most = (2 * plan.connections) / TOGETHER;
/** Requests that h2load counted and did not log. */
let lost = 0;
/** A process ended by itself without a summary: it is missing, or broke, and its silence says nothing about the gateway. */
let broke = false;
let stopped = false;

/** Counts a line if it is one of the log. */
function take(line: string): boolean {
  const entry = ENTRY.exec(line);
  if (!entry) return false;
  const [start_us = 0, status = -1, took_us = 0] = entry.slice(1).map(Number);
  const took_ms = took_us / 1000;
  cells.take({
    intended_ms: Math.max(0, start_us / 1000 - began_ms),
    corrected_ms: took_ms,
    actual_ms: took_ms,
    status: status < 0 ? null : status,
    // It says no more of a request than that no answer came; one that waited out the time-out did so in vain.
    ...(status < 0 && took_ms >= WAITED_OUT * plan.timeout_s * 1000 ? { kind: 'time-out' } : {}),
  });
  return true;
}

/** Runs one process to its end. */
async function run(): Promise<void> {
  const url = new URL(plan.url);
  const address = `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
  url.hostname = plan.serverName;
  const argv = [
    'h2load',
    '--h1',
    `--requests=${String(TOGETHER * REQUESTS)}`,
    `--clients=${String(TOGETHER)}`,
    `--rps=${String(pace)}`,
    `--connection-inactivity-timeout=${String(plan.timeout_s)}`,
    `--connect-to=${address}`,
    '--log-file=/dev/stdout',
    ...Object.entries(plan.headers).map(([name, value]) => `--header=${name}: ${value}`),
    url.href,
  ];
  // Node's pipes are sockets, which cannot be opened by name: cat stands between.
  const child = spawn('sh', ['-c', '"$@" | cat', 'sh', ...argv], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // A group of its own, to be ended as a whole.
    detached: true,
  });
  running.add(child);
  let lines = 0;
  let summed = false;
  for await (const line of createInterface({ input: child.stdout })) {
    if (take(line)) lines += 1;
    const counted = SUMMARY.exec(line)?.[1];
    if (counted === undefined) continue;
    lost += Number(counted) - lines;
    summed = true;
  }
  broke ||= !summed && !stopped;
  running.delete(child);
}

const running = new Set<ChildProcess>();
const runs: Promise<void>[] = [];
for (let due_ms = 0; due_ms < end_ms; due_ms += every_ms) {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, began_ms + due_ms - Date.now())));
  if (running.size < most) runs.push(run());
  else cells.drop(due_ms, TOGETHER * REQUESTS);
}
const overdue = setTimeout(() => {
  stopped = true;
  for (const child of running) if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
}, plan.timeout_s * 1000);
await Promise.all(runs);
clearTimeout(overdue);
cells.end();
process.stdout.write(`${JSON.stringify({ requests: cells.counted + lost })}\n`);
process.exitCode = broke ? 1 : 0;
