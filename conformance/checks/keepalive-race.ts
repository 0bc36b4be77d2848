import { DEFAULT_UPSTREAM_IDLE_S, nginxSeconds } from '../../environments/harness/config.ts';
import { startPlainBackend } from '../../environments/harness/own-backend.ts';
import type { OwnBackend } from '../../environments/harness/own-backend.ts';
import { parseServicesEnv } from '../../environments/harness/services-env.ts';
import type { ConfigEdit } from '../../environments/harness/types.ts';
import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import type { Gateway, RequestOptions } from '../gateway.ts';
import { deliver } from './exchange.ts';
import type { Probe } from './exchange.ts';
import { inspectorAddress } from './instance-counts.ts';
import { roundOf } from './keepalive-race-judgement.ts';
import type { Closing, RaceRound, RaceSeen } from './keepalive-race-judgement.ts';
import { CUSTOMER_POOL } from './upstream-block.ts';

/** POSTs at once: nearly as many as the pool keeps connections. One client stays below its limits. */
const POSTS = 60;
const PER_CLIENT = 5;

/** First on new connections, then on the same ones; from the second answer on they are idle. ms of the schedule */
const OPEN_MS = 500;
const REUSE_MS = 2_500;

/** Before the earliest closing the backend is given work; then the POSTs begin, one each step. ms */
const BUSY_BEFORE_MS = 60;
const POSTS_BEFORE_MS = 40;
const STEP_MS = 2;
/** The work ends when the last connection is due too: answers of one burst take a while. ms */
const BUSY_MS = 400;
const HEALTHY_AFTER_MS = 2_000;
/** Each answer takes its time, so that POSTs of a burst do not get the connections of earlier ones. ms */
const ANSWER_MS = 500;

/** Work in one piece: compressing filler keeps the event loop of the backend. The time for this much is measured. */
const TRIAL_BYTES = 16 * 2 ** 20;
const MOST_BYTES = 512 * 2 ** 20;

/** Rounds without work for the backend, then with it. */
const ROUNDS = [false, true, true, true] as const;

/** What is longer than this is divided. ms */
const LONGEST_KEEP_MS = 10_000;
const FACTOR = 10;
/** Node adds this to the idle time that it is told (server.keepAliveTimeoutBuffer). ms */
const NODE_BUFFER_MS = 1_000;

const WATCHED = 5;
const WRITE = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":1}' } as const;

/**
 * Sends POSTs through a gateway of the case's own at the instant at which its backend closes idle connections. The
 * backend has the idle time that the variant gives its services, `node_ms` when it gives none.
 */
export async function raceIdleClose(context: CaseContext, node_ms: number): Promise<RaceSeen> {
  const services = parseServicesEnv((await context.session.variantFile('services.env')) ?? '');
  const keep_ms = Number(services['KEEP_ALIVE_TIMEOUT_MS'] ?? node_ms);
  const factor = keep_ms <= LONGEST_KEEP_MS ? 1 : FACTOR;
  const told_ms = Math.max(1, Math.round((keep_ms + NODE_BUFFER_MS) / factor - NODE_BUFFER_MS));
  const env = { TRUST_PROXY: 'true', ...services, KEEP_ALIVE_TIMEOUT_MS: String(told_ms) };
  await using backend = await startPlainBackend(context.session.topology, context.session.lanes[0] ?? 0, env);
  const edit = poolOf(backend.addresses['backend'] ?? '', factor);
  const { gateway } = await context.replica({ backends: 'shared', workers: 1, edit });
  const [closing, bytes] = await Promise.all([closings(context, backend, told_ms), bytesFor(context, gateway)]);
  const rounds: RaceRound[] = [];
  if (closing.least_ms !== null)
    for (const busy of ROUNDS) rounds.push(await round(context, gateway, closing, busy ? bytes : 0));
  return { keep_ms, factor, closing, rounds };
}

/** The customer pool with one server at this address, and its idle time divided. */
export const poolOf =
  (address: string, factor: number): ConfigEdit =>
  (_path, text) =>
    text.replace(
      new RegExp(`(^\\s*upstream\\s+${CUSTOMER_POOL}\\s*\\{)([^}]*)\\}`, 'm'),
      (_all, open: string, body: string) => {
        const lines = body.split('\n');
        const server = lines.find((line) => /^\s*server\s/.test(line)) ?? '';
        const others = lines.filter((line) => !/^\s*(?:server|keepalive_timeout)\s/.test(line));
        const idle_s = nginxSeconds(/keepalive_timeout\s+(\S+);/.exec(body)?.[1] ?? '') ?? DEFAULT_UPSTREAM_IDLE_S;
        const idle = `    keepalive_timeout ${String(Math.round((idle_s * 1_000) / factor))}ms;`;
        return [open, server.replace(/(server\s+)[^:\s;]+/, `$1${address}`), ...others, idle, '}'].join('\n');
      },
    );

/** How long the backend keeps idle connections that nobody uses again, by a look at some. */
async function closings(context: CaseContext, { addresses, port }: OwnBackend, told_ms: number): Promise<Closing> {
  const address = addresses['backend'] ?? '';
  const request = `GET /api/v1/idle HTTP/1.1\r\nHost: ${address}\r\n\r\n`;
  const { observations } = await context.session.inspector.schedule(
    Array.from({ length: WATCHED }, (_, index) => ({
      kind: 'raw' as const,
      id: String(index),
      at_ms: 0,
      from: inspectorAddress(context),
      target: { address, port },
      writes: [{ after_ms: 0, utf8: request }],
      until: 'closed' as const,
      timeout_ms: told_ms + 5 * NODE_BUFFER_MS,
    })),
  );
  const raws = observations.filter((one) => one.kind === 'raw');
  const kept = raws.flatMap(({ closed_ms, firstByte_ms }) =>
    closed_ms === null || firstByte_ms === null ? [] : [closed_ms - firstByte_ms],
  );
  const text = Buffer.from(raws[0]?.received_base64 ?? '', 'base64').toString('latin1');
  return {
    announced: /^keep-alive:\s*(.+?)\r?$/im.exec(text)?.[1] ?? 'nothing',
    least_ms: kept.length === WATCHED ? Math.min(...kept) : null,
    most_ms: kept.length === WATCHED ? Math.max(...kept) : null,
  };
}

/** How much to compress keeps the backend's event loop for the time that a round needs: the first attempt is a slow one. */
async function bytesFor(context: CaseContext, gateway: Gateway): Promise<number> {
  const trial = { ...WRITE, path: '/api/v1/work', connection: 'work', behave: compress(TRIAL_BYTES) };
  const seen = await context.client('clients', gateway).all([trial, trial]);
  const took_ms = Math.min(...seen.map(({ sent_ms, firstByte_ms }) => (firstByte_ms ?? Infinity) - (sent_ms ?? 0)));
  if (seen.some(({ status }) => status !== 200)) throw new Error('the backend did not do the work it was given');
  return Math.min(MOST_BYTES, Math.round((TRIAL_BYTES * BUSY_MS) / took_ms));
}

const compress = (bytes: number): NonNullable<RequestOptions['behave']> => ({ bodyBytes: bytes, gzip: true });

/** Opens connections, uses them once more, leaves them alone until they are due, and sends POSTs then. */
async function round(context: CaseContext, gateway: Gateway, closing: Closing, bytes: number): Promise<RaceRound> {
  const due_ms = REUSE_MS + ANSWER_MS + (closing.least_ms ?? 0);
  const mark = marker('race');
  const clients = Array.from({ length: Math.ceil(POSTS / PER_CLIENT) + 1 }, () => context.client('clients', gateway));
  const post = (slot: number, at_ms: number): Probe => ({
    ...WRITE,
    client: clients[Math.floor(slot / PER_CLIENT)] as Probe['client'],
    path: `/api/v1/${mark}`,
    // Handshakes at that instant would blur it.
    connection: `${mark}-${String(slot)}`,
    preconnect: true,
    at_ms: Math.round(at_ms),
    behave: { delay_ms: ANSWER_MS },
  });
  const [work, after] = [POSTS, POSTS + 1];
  const each = (count: number, at_ms: (slot: number) => number): Probe[] =>
    Array.from({ length: count }, (_, slot) => post(slot, at_ms(slot)));
  const delivered = await deliver(context, [
    ...each(POSTS, () => REUSE_MS),
    ...each(POSTS, (slot) => due_ms - POSTS_BEFORE_MS + slot * STEP_MS),
    ...each(POSTS + 2, () => OPEN_MS),
    post(after, due_ms + HEALTHY_AFTER_MS),
    ...(bytes > 0 ? [{ ...post(work, due_ms - BUSY_BEFORE_MS), behave: compress(bytes) }] : []),
  ]);
  const [reused, raced] = [delivered.slice(0, POSTS), delivered.slice(POSTS, 2 * POSTS)];
  const opened = delivered.slice(2 * POSTS, 3 * POSTS + 2);
  const [healthy, busy] = delivered.slice(3 * POSTS + 2);
  return roundOf({
    closing,
    answer_ms: ANSWER_MS,
    opened,
    reused,
    raced,
    after: healthy,
    work: busy,
    errorLog: await gateway.errorLog(mark),
  });
}
