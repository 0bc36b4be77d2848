/**
 * h2load at a fixed rate over HTTP/1.1, in several processes that begin one after the other:
 * thousands of TLS handshakes at once are a load of their own. HTTP/1.1, because only there
 * h2load opens a new connection when the gateway has closed one that had its share of
 * requests (`try_new_connection` in its source); over HTTP/2 its users just end.
 *
 * Its log has a line for each request: start in µs since the epoch, status (-1 without an
 * answer), µs until the end. It says neither which connection that was nor when the request
 * was due, so latency counts from the send: good for throughput, not for percentiles.
 *
 * Usage: node h2load.ts '<JSON of DriverPlan>'
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { Cells } from './cells.ts';
import type { DriverPlan } from './plan.ts';

/** Users of one process: so many handshakes begin at once. */
const USERS = 200;
const SUMMARY = /^requests: .* (\d+) done,/;
const ENTRY = /^(\d+)\t(-?\d+)\t(\d+)$/;

const plan = JSON.parse(process.argv[2] ?? '{}') as DriverPlan;
const cells = new Cells(plan.steps, plan.route);
const end_s = Math.max(...plan.steps.map((step) => step.start_s + step.duration_s));
/** Every user has begun by the end of the first half of the warm-up. */
const opening_s = (plan.steps[0]?.duration_s ?? 0) / 2;
const processes = Math.ceil(plan.connections / USERS);
const began_us = Date.now() * 1000;
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
    intended_ms: Math.max(0, start_us - began_us) / 1000,
    corrected_ms: took_ms,
    actual_ms: took_ms,
    status: status < 0 ? null : status,
  });
}

/** Runs one process until the end of the plan; resolves with its exit code. */
async function run(users: number, begin_s: number): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, begin_s * 1000));
  const url = new URL(plan.url);
  const address = `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`;
  url.hostname = plan.serverName;
  const argv = [
    'h2load',
    '--h1',
    `--duration=${(end_s - begin_s).toFixed(0)}`,
    `--clients=${String(users)}`,
    `--rps=${String(plan.rate_perS / plan.connections)}`,
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

const codes = await Promise.all(
  Array.from({ length: processes }, (_, n) =>
    run(Math.min(USERS, plan.connections - n * USERS), Math.round((n * opening_s) / processes)),
  ),
);
cells.end();
// What h2load counted and did not log would be missing from the cells.
process.stdout.write(`${JSON.stringify({ requests: cells.counted + done - lines })}\n`);
process.exitCode = Math.max(...codes);
