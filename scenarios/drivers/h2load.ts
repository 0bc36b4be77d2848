/**
 * h2load at a fixed rate over HTTP/1.1. A gateway ends a connection after so many requests, and
 * at a fixed rate h2load does not open it again: a request that ends a connection stays under way
 * for ever in its count (`on_stream_close` in its source). So each of its processes opens some
 * connections, sends on each as many requests as the gateway allows, and ends; the next one begins
 * when that is due, whatever became of the others.
 *
 * Its log has a line for each request: start in µs since the epoch, status (-1 without an
 * answer), µs until the end. It does not say when the request was due, so latency counts from
 * the send: good for throughput, not for percentiles.
 *
 * Usage: node h2load.ts '<JSON of DriverPlan>'
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Cells } from './cells.ts';
import type { DriverPlan } from './plan.ts';

/** Connections of one process: so many handshakes begin at once. */
const TOGETHER = 20;
/** Requests on a connection: nginx's keepalive_requests, as documented. */
const REQUESTS = 100;
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
let lines = 0;
let done = 0;

function take(line: string): void {
  const entry = ENTRY.exec(line);
  if (!entry) {
    done += Number(SUMMARY.exec(line)?.[1] ?? 0);
    return;
  }
  lines += 1;
  const [start_us = 0, status = -1, took_us = 0] = entry.slice(1).map(Number);
  const took_ms = took_us / 1000;
  cells.take({
    intended_ms: Math.max(0, start_us / 1000 - began_ms),
    corrected_ms: took_ms,
    actual_ms: took_ms,
    status: status < 0 ? null : status,
  });
}

/** Runs one process to its end; resolves with its exit code. */
async function run(): Promise<number> {
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
  const child = spawn('sh', ['-c', '"$@" | cat', 'sh', ...argv], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  for await (const line of createInterface({ input: child.stdout })) take(line);
  return ended;
}

const running: Promise<number>[] = [];
for (let due_ms = 0; due_ms < end_ms; due_ms += every_ms) {
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, began_ms + due_ms - Date.now())));
  running.push(run());
}
const codes = await Promise.all(running);
cells.end();
// What h2load counted and did not log would be missing from the cells.
process.stdout.write(`${JSON.stringify({ requests: cells.counted + done - lines })}\n`);
process.exitCode = Math.max(...codes);
