import type { Evidence } from '../../reports/record/types.ts';
import { asExchange } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { marker, mixed } from '../gateway.ts';
import type { Client, Gateway, Planned } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { rawHead, rawStatus } from './raw-request.ts';

/** What must become of a request near a limit. */
export type Wanted =
  | { readonly accepted: true; /** Size of the body that the backend must have read. */ readonly bodyBytes?: number }
  | { readonly accepted: false; /** Status of the refusal; any of 4xx when absent. */ readonly status?: number };

/** One request on one side of a limit. */
export interface BorderRow {
  readonly name: string;
  /** The request; the mark has to occur in its path. */
  readonly request: (mark: string) => Planned;
  readonly wanted: Wanted;
}

/** What came of it. */
export interface BorderSeen {
  readonly name: string;
  readonly wanted: Wanted;
  readonly status: number | null;
  /** Requests that reached the API pools. */
  readonly arrivals: number;
  readonly bodyBytes?: number;
}

/** What is wrong with one row, in words; `undefined` when nothing is. */
export function borderFault({ name, wanted, status, arrivals, bodyBytes }: BorderSeen): string | undefined {
  const got = status === null ? 'no answer' : String(status);
  if (wanted.accepted) {
    if (status !== 200 || arrivals === 0) return `${name}: ${got}, not accepted`;
    const whole = wanted.bodyBytes === undefined || wanted.bodyBytes === bodyBytes;
    return whole ? undefined : `${name}: the backend read ${String(bodyBytes ?? 0)} bytes`;
  }
  if (arrivals > 0) return `${name}: ${got}, and reached a backend`;
  const refused =
    wanted.status === undefined ? status !== null && status >= 400 && status < 500 : status === wanted.status;
  return refused ? undefined : `${name}: ${got}`;
}

const want = (wanted: Wanted): string =>
  wanted.accepted ? 'accepted' : wanted.status === undefined ? 'refused' : `refused with ${String(wanted.status)}`;

/** Judges rows on both sides of a limit: what is within is served, what is beyond is refused and reaches no backend. */
export function judgeBorders(
  seen: readonly BorderSeen[],
  proof: readonly Evidence[] = [],
  mechanism?: string,
): Outcome {
  const faults = seen.flatMap((one) => borderFault(one) ?? []);
  return judge(
    faults.length === 0,
    seen.map(({ name, wanted }) => `${name} ${want(wanted)}`).join('; '),
    faults.length === 0
      ? seen.map(({ name, status }) => `${name}: ${String(status ?? 'no answer')}`).join('; ')
      : faults.join('; '),
    [
      {
        kind: 'table',
        title: 'on both sides of the limit',
        columns: ['request', 'wanted', 'status', 'reached backends'],
        rows: seen.map(({ name, wanted, status, arrivals }) => [name, want(wanted), status ?? 'no answer', arrivals]),
      },
      ...proof,
    ],
    faults.length === 0 ? undefined : mechanism,
  );
}

/** How to send the rows. */
export interface BorderOptions {
  /** One after the other: large bodies side by side would only measure the machine. */
  readonly inTurn?: boolean;
  readonly gateway?: Gateway;
  readonly mechanism?: string;
}

/** Sends each row from a client of its own and judges what came of it. */
export async function borders(
  context: CaseContext,
  rows: readonly BorderRow[],
  options: BorderOptions = {},
): Promise<Outcome> {
  const { inTurn = false, gateway = context.gateway, mechanism } = options;
  const series = marker('border');
  // The closing `z` keeps one mark from being the beginning of another.
  const plan = rows.map((row, index) => {
    const planned = row.request(`${series}-${String(index)}z`);
    return { client: context.clientFor(planned.path, gateway), ...planned };
  });
  const observations: HttpObservation[] = [];
  if (inTurn) for (const one of plan) observations.push(...(await mixed(context.session.vantage, [one])));
  else observations.push(...(await mixed(context.session.vantage, plan)));
  const arrivals = (await context.arrivals(series)).filter(({ service }) => service !== 'auth');
  const seen = rows.map(({ name, wanted }, index): BorderSeen => {
    const one = observations[index];
    const bodyBytes = one ? echoedBytes(one) : undefined;
    return {
      name,
      wanted,
      status: one?.status ?? null,
      arrivals: arrivals.filter(({ url }) => url.includes(`${series}-${String(index)}z`)).length,
      ...(bodyBytes === undefined ? {} : { bodyBytes }),
    };
  });
  const deciding = Math.max(
    0,
    seen.findIndex((one) => borderFault(one) !== undefined),
  );
  const [planned, one] = [plan[deciding], observations[deciding]];
  const proof = planned && one ? [shortened(asExchange(planned.client.step(planned, deciding), one))] : [];
  return judgeBorders(seen, proof, mechanism);
}

/** Long paths and headers make long exchanges; their beginning tells enough. */
function shortened(evidence: Evidence): Evidence {
  const cut = (text: string): string => (text.length > 900 ? `${text.slice(0, 900)}…` : text);
  return evidence.kind === 'exchange'
    ? {
        ...evidence,
        title: evidence.title.slice(0, 120),
        request: cut(evidence.request),
        response: cut(evidence.response),
      }
    : evidence;
}

/** Size of the body as the backend read it, from its echo. */
function echoedBytes({ body_base64 }: HttpObservation): number | undefined {
  const found = /"bodyBytes":(\d+)/.exec(Buffer.from(body_base64, 'base64').toString('utf8'))?.[1];
  return found === undefined ? undefined : Number(found);
}

/** A path of exactly so many bytes that begins with a prefix and contains the mark. */
export function pathOf(prefix: string, mark: string, bytes: number): string {
  const begin = `${prefix}${mark}?q=`;
  return begin + 'a'.repeat(Math.max(0, bytes - begin.length));
}

/** A header whose line (name, colon, space, value) has exactly so many bytes. */
export function headerLine(name: string, bytes: number): Record<string, string> {
  return { [name]: 'h'.repeat(bytes - name.length - 2) };
}

/** One request by hand and how it has to be refused. */
export interface RefusedRow {
  readonly name: string;
  readonly bytes: (client: Client, mark: string) => string;
  readonly status: number;
}

/** Sends malformed requests on connections of their own: each refused with its status, none forwarded. */
export async function refusedRaw(context: CaseContext, rows: readonly RefusedRow[]): Promise<Outcome> {
  const series = marker('raw');
  const sent = await Promise.all(
    rows.map(async ({ name, bytes, status }, index) => {
      const client = context.client();
      const step = {
        writes: [{ after_ms: 0, utf8: bytes(client, `${series}-${String(index)}z`) }],
        until: 'first-byte' as const,
        timeout_ms: 15_000,
      };
      const seen = await client.raw(step);
      return { name, status, client, step, seen };
    }),
  );
  const arrivals = (await context.arrivals(series)).filter(({ service }) => service !== 'auth');
  const judged = sent.map(({ name, status, seen }, index): BorderSeen => ({
    name,
    wanted: { accepted: false, status },
    status: rawStatus(seen.received_base64) ?? null,
    arrivals: arrivals.filter((arrival) => JSON.stringify(arrival).includes(`${series}-${String(index)}z`)).length,
  }));
  const first =
    sent[
      Math.max(
        0,
        judged.findIndex((one) => borderFault(one) !== undefined),
      )
    ];
  const proof = first
    ? [
        asExchange(
          { kind: 'raw', id: '0', at_ms: 0, from: first.client.address, target: first.client.target, ...first.step },
          first.seen,
          first.name,
        ),
      ]
    : [];
  return judgeBorders(judged, proof);
}

/**
 * Asks whether a body of so many bytes would be taken, without sending it: a
 * gateway that reads bodies before it forwards says 100 Continue or refuses.
 */
export async function wouldTake(context: CaseContext, path: string, bytes: number): Promise<number | undefined> {
  const client = context.clientFor(path);
  const head = rawHead(client, {
    method: 'POST',
    path,
    lines: ['content-type: application/octet-stream', `content-length: ${String(bytes)}`, 'expect: 100-continue'],
  });
  const seen = await client.raw({ writes: [{ after_ms: 0, utf8: head }], until: 'first-byte', timeout_ms: 15_000 });
  return rawStatus(seen.received_base64);
}
