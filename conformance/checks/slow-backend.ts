import { asExchange, bodyText } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { marker, mixed } from '../gateway.ts';
import type { Gateway } from '../gateway.ts';
import { judge, together } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged } from './exchange.ts';
import { rawHead } from './raw-request.ts';
import { judgeWaits } from './timeouts.ts';
import type { Acted, Waited } from './timeouts.ts';

/** Status of a gateway that gave up waiting (RFC 9110, 15.6.5). */
const GATEWAY_TIMEOUT = 504;

/** How long a wait is watched beyond its due time, s. */
const BEYOND_S = 3;

/** A route and its patience, in seconds of the document. */
export interface Patience {
  readonly path: string;
  readonly read_s: number;
  /** A backend that answers after this time is waited for. */
  readonly answered_s: number;
  /** Another route, whose patience ends at its own time. */
  readonly beside?: { readonly path: string; readonly read_s: number };
}

/** Seconds from sending to the end of the answer; `undefined` without one. */
function took_s({
  sent_ms,
  done_ms,
  status,
}: Pick<HttpObservation, 'sent_ms' | 'done_ms' | 'status'>): number | undefined {
  return sent_ms === null || status === null ? undefined : (done_ms - sent_ms) / 1000;
}

/** One backend answers late, but in time; others never do, and are given up at the promised time of their route. */
export async function slowBackend(
  context: CaseContext,
  gateway: Gateway,
  factor: number,
  { path, read_s, answered_s, beside }: Patience,
): Promise<Outcome> {
  const silent = [{ path, read_s }, ...(beside ? [beside] : [])];
  const watched_s = Math.max(...silent.map((one) => one.read_s)) / factor + BEYOND_S;
  const plan = [
    { path, behave: { delay_ms: Math.round((answered_s / factor) * 1000) } },
    ...silent.map((one) => ({ path: one.path, behave: { hang: true } })),
  ].map((one) => ({
    client: context.clientFor(one.path, gateway),
    path: `${one.path}${marker('slow')}`,
    behave: one.behave,
    timeout_ms: watched_s * 1000,
  }));
  const [late, ...never] = await mixed(context.session.vantage, plan);
  const [planned] = plan;
  if (!late || !planned) throw new Error('the agent returned too few observations');
  const seen_s = took_s(late);
  const note = `durations divided by ${String(factor)}`;
  return together([
    judge(
      late.status === 200,
      `200 from a backend that answers after ${String(Math.round(answered_s))} s (${note})`,
      `${late.status === null ? 'no answer' : String(late.status)} after ${String(Math.round((seen_s ?? 0) * 10) / 10)} s (${note})`,
      [asExchange(planned.client.step(planned, 0), late)],
      late.status === GATEWAY_TIMEOUT ? 'the route has the patience of the whole API, which is shorter' : undefined,
    ),
    judgeWaits(
      `${String(GATEWAY_TIMEOUT)} for a backend that never answers`,
      silent.map((one, index) => {
        const seen = never[index];
        if (!seen) throw new Error('the agent returned too few observations');
        const gaveUp_s = took_s(seen);
        return {
          name: one.path,
          promised_s: one.read_s,
          factor,
          watched_s,
          acted: gaveUp_s === undefined ? undefined : { least_s: gaveUp_s, most_s: gaveUp_s },
          ...statusFault(seen),
        };
      }),
    ),
  ]);
}

/** Only the promised status is the end that is waited for. */
function statusFault({ status }: Pick<HttpObservation, 'status'>): { fault?: string } {
  return status === GATEWAY_TIMEOUT || status === null ? {} : { fault: `status ${String(status)}` };
}

/** More than the sockets between gateway and backend hold, and less than the usual limit of a body. */
const UNREAD_BYTES = 9 * 2 ** 20;

/** When the gateway began to forward, as the backend's clock has it, and when its client was answered, as the client's has it. */
export interface Forwarded {
  /** Wall clock, ms since the epoch. */
  readonly forwarded_at: number;
  /** On the schedule's clock, ms. */
  readonly done_ms: number;
}

/**
 * Time from forwarding to the answer. The schedule's clock began between its call
 * and its return minus its length: both ends of that interval are carried on.
 */
export function betweenClocks(
  { forwarded_at, done_ms }: Forwarded,
  schedule: { readonly called_at: number; readonly returned_at: number; readonly length_ms: number },
): Acted {
  const ends = [schedule.called_at, schedule.returned_at - schedule.length_ms];
  const [least_s = 0, most_s = 0] = ends.map((began_at) => (began_at + done_ms - forwarded_at) / 1000);
  return { least_s, most_s };
}

/** Bodies that the backend does not read: how long the gateway goes on trying, from the moment when it has a body whole and forwards it. */
export async function unreadBodies(
  context: CaseContext,
  gateway: Gateway,
  factor: number,
  routes: readonly { readonly name: string; readonly path: string; readonly promised_s: number }[],
): Promise<Waited[]> {
  const watched_s = Math.max(...routes.map(({ promised_s }) => promised_s)) / factor + BEYOND_S;
  const marks = routes.map(() => marker('unread'));
  const called_at = Date.now();
  const seen = await mixed(
    context.session.vantage,
    routes.map(({ path }, index) => ({
      client: context.clientFor(path, gateway),
      path: `${path}${marks[index] ?? ''}`,
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: { bytes: UNREAD_BYTES },
      behave: { neverRead: true, hang: true },
      timeout_ms: watched_s * 1000 + 4_000,
    })),
  );
  const schedule = { called_at, returned_at: Date.now(), length_ms: Math.max(...seen.map(({ done_ms }) => done_ms)) };
  return Promise.all(
    routes.map(async ({ name, promised_s }, index) => {
      const forwarded = (await context.arrivals(marks[index] ?? '')).find(({ service }) => service !== 'auth');
      const one = seen[index];
      if (!one) throw new Error('the agent returned too few observations');
      const answered = forwarded && one.status !== null;
      const acted = answered
        ? betweenClocks({ forwarded_at: forwarded.at, done_ms: one.done_ms }, schedule)
        : undefined;
      return { name, promised_s, factor, watched_s, acted, ...statusFault(one) };
    }),
  );
}

/** The first event has to be here long before the second: the documented tenth of a second, and what a busy machine adds. */
const FIRST_EVENT_MS = 4_000;

/** Server-sent events with a long silence between them: the first arrives at once, the second after all. */
export async function streamed(
  context: CaseContext,
  gateway: Gateway,
  factor: number,
  { path, silent_s }: { readonly path: string; readonly silent_s: number },
): Promise<Outcome> {
  const interval_ms = Math.round((silent_s / factor) * 1000);
  const target = (): string => `${path}${marker('events')}?events=2&interval=${String(interval_ms)}`;
  const [whole, early] = [context.client('clients', gateway), context.client('clients', gateway)];
  const planned = { path: target(), timeout_ms: interval_ms + 5_000 };
  const [seen, begun] = await Promise.all([
    whole.request(planned.path, planned),
    early.raw({
      writes: [{ after_ms: 0, utf8: rawHead(early, { path: target() }) }],
      until: 'closed',
      timeout_ms: FIRST_EVENT_MS,
    }),
  ]);
  const events = [...bodyText(seen).matchAll(/^id: (\d+)$/gm)].map(([, id]) => id);
  const first = /^id: 1$/m.test(Buffer.from(begun.received_base64, 'base64').toString('utf8'));
  const note = `durations divided by ${String(factor)}`;
  return together([
    judged(
      seen.status === 200 && seen.error === undefined && events.join(',') === '1,2',
      `two events with ${String(Math.round(silent_s))} s of silence between them on one answer (${note})`,
      `${seen.status === null ? 'no answer' : String(seen.status)} with ${String(events.length)} of 2 events${seen.error ? `, then ${seen.error.code}` : ''} (${note})`,
      [asExchange(whole.step(planned, 0), seen)],
      'the route has the patience of the whole API, which is shorter',
    ),
    judged(
      first,
      'the first event arrives at once',
      first ? 'the first event arrived at once' : `no event within ${String(FIRST_EVENT_MS / 1000)} s`,
      [],
      'the gateway holds an answer back until a buffer is full',
    ),
  ]);
}
