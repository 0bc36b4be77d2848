/**
 * INCR and GET in turn, open loop, over connections that are kept. Each carries one command at
 * a time, as those of a gateway's worker do; a command that finds none free waits, and its
 * latency counts from when it was sent out to wait. The two commands are written and read here,
 * so that what is timed is Redis and not a client library.
 *
 * Usage: node redis.ts '<JSON of DriverPlan>', with a URL redis://address:port
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { Cells } from './cells.ts';
import { startClock } from './clock.ts';
import { watchLoop } from './loop.ts';
import type { DriverEnd, DriverPlan } from './plan.ts';

/** Node's timers are no finer. */
const TICK_MS = 1;
const plan = JSON.parse(process.argv[2] ?? '{}') as DriverPlan;
const { hostname, port } = new URL(plan.url);
const end_ms = Math.max(...plan.steps.map((step) => step.start_s + step.duration_s)) * 1000;

/** A command under way, and when. */
interface Sent {
  readonly intended_ms: number;
  readonly sent_ms: number;
}

/** One connection, with a key of its own. */
interface Lane {
  readonly socket: Socket;
  readonly commands: readonly [string, string];
  turn: 0 | 1;
  answer: string;
  open: Sent | null;
}

/** A command in the protocol of Redis (RESP 2). */
const command = (...words: readonly string[]): string =>
  `*${String(words.length)}\r\n${words.map((word) => `$${String(word.length)}\r\n${word}\r\n`).join('')}`;

/** Whether an answer has come whole: a line, and after the length of a text the text too. */
const whole = (answer: string): boolean => /^(?:[:+-].*\r\n|\$-1\r\n|\$\d+\r\n[^\r]*\r\n)$/.test(answer);

const lanes = await Promise.all(Array.from({ length: plan.connections }, (_, n) => opened(n)));
const cells = new Cells(plan.steps, plan.route);
const loop = watchLoop((plan.steps.at(-1)?.start_s ?? 0) * 1000);
const { now_ms } = startClock();
const free = [...lanes];
const waiting: number[] = [];
let due = 0;
const timer = setInterval(tick, TICK_MS);

async function opened(n: number): Promise<Lane> {
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const key = `gateproof:load:${String(n)}`;
  const lane: Lane = { socket, commands: [command('INCR', key), command('GET', key)], turn: 0, answer: '', open: null };
  socket.setEncoding('latin1');
  socket.on('data', (text: string) => {
    lane.answer += text;
    if (whole(lane.answer)) answered(lane);
  });
  socket.on('close', () => lost(lane));
  socket.on('error', () => undefined);
  return lane;
}

function tick(): void {
  const at_ms = now_ms();
  for (; due < Math.min(at_ms, end_ms); due += 1000 / plan.rate_perS) waiting.push(at_ms);
  sendWaiting();
  if (at_ms < end_ms) return;
  clearInterval(timer);
  const stop = setTimeout(finish, plan.timeout_s * 1000);
  const look = setInterval(() => {
    if (waiting.length > 0 || lanes.some(({ open }) => open !== null)) return;
    clearTimeout(stop);
    clearInterval(look);
    finish();
  }, TICK_MS);
}

function sendWaiting(): void {
  while (free.length > 0 && waiting.length > 0) {
    const lane = free.shift();
    const intended_ms = waiting.shift();
    if (lane === undefined || intended_ms === undefined) return;
    lane.open = { intended_ms, sent_ms: now_ms() };
    lane.socket.write(lane.commands[lane.turn]);
    lane.turn = lane.turn === 0 ? 1 : 0;
  }
}

function answered(lane: Lane): void {
  const { open, answer } = lane;
  lane.answer = '';
  lane.open = null;
  if (open === null) return;
  const ended_ms = now_ms();
  const error = answer.startsWith('-');
  cells.take({
    intended_ms: open.intended_ms,
    corrected_ms: ended_ms - open.intended_ms,
    actual_ms: ended_ms - open.sent_ms,
    status: error ? null : 200,
    kind: error ? 'error of Redis' : 'answered',
  });
  free.push(lane);
  sendWaiting();
}

/** A closed connection takes its command with it; others go on. */
function lost(lane: Lane): void {
  if (lane.open) failed(lane.open, 'connection reset');
  lane.open = null;
  const at = free.indexOf(lane);
  if (at !== -1) free.splice(at, 1);
}

function failed({ intended_ms }: Pick<Sent, 'intended_ms'>, kind: string): void {
  cells.take({ intended_ms, corrected_ms: 0, actual_ms: 0, status: null, kind });
}

function finish(): void {
  for (const { open } of lanes) if (open) failed(open, 'time-out');
  for (const intended_ms of waiting) failed({ intended_ms }, 'time-out');
  cells.end();
  const end: DriverEnd = { requests: cells.counted, loopDelay_ms: loop.stop() };
  process.stdout.write(`${JSON.stringify(end)}\n`);
  for (const { socket } of lanes) socket.destroy();
  process.exit(0);
}
