import type { Evidence } from '../../reports/record/types.ts';
import { asExchange } from '../clients/observe.ts';
import type { Arrival, HttpObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { marker, mixed } from '../gateway.ts';
import type { Client, Planned } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';

/** Longest text of one side of an exchange that is kept as evidence, characters. */
const PROOF_CHARS = 1400;

/** One request of one client. `{m}` in the path stands for the request's marker; without it the query gets one. */
export interface Probe extends Planned {
  readonly client: Client;
}

/** A request, its answer, and what backends received of it. */
export interface Delivered {
  readonly probe: Probe;
  /** Path as it was sent, marker included. */
  readonly path: string;
  readonly seen: HttpObservation;
  /** Requests that reached the two API pools, in the order of arrival. */
  readonly arrivals: readonly Arrival[];
  /** Questions that reached the authentication service. */
  readonly questions: readonly Arrival[];
}

/** Sends requests side by side, each marked, and asks the backends what they received of them. */
export async function deliver(context: CaseContext, probes: readonly Probe[]): Promise<Delivered[]> {
  const series = marker('d');
  // The closing `z` keeps one marker from being the beginning of another.
  const marks = probes.map((_, index) => `${series}-${String(index)}z`);
  const marked = probes.map((probe, index) => ({ ...probe, path: markPath(probe.path, marks[index] ?? '') }));
  const observations = await mixed(context.session.vantage, marked);
  const arrivals = await context.arrivals(series);
  return probes.map((probe, index) => {
    const [mark = '', seen] = [marks[index], observations[index]];
    if (!seen) throw new Error('the agent returned too few observations');
    const mine = arrivals.filter((arrival) => JSON.stringify([arrival.url, arrival.headers]).includes(mark));
    return {
      probe,
      path: marked[index]?.path ?? '',
      seen,
      arrivals: mine.filter(({ service }) => service !== 'auth'),
      questions: mine.filter(({ service }) => service === 'auth'),
    };
  });
}

/** Puts a marker into a path: at `{m}`, else as one more query parameter. */
export function markPath(path: string, mark: string): string {
  if (path.includes('{m}')) return path.replace('{m}', mark);
  return `${path}${path.includes('?') ? '&' : '?'}m=${mark}`;
}

/** One delivered request. */
export async function deliverOne(context: CaseContext, probe: Probe): Promise<Delivered> {
  const [only] = await deliver(context, [probe]);
  if (!only) throw new Error('the agent returned no observation');
  return only;
}

/** The exchange as evidence, cut to a size that a report can hold. */
export function proof({ probe, path, seen }: Pick<Delivered, 'probe' | 'path' | 'seen'>, title?: string): Evidence {
  const evidence = asExchange(probe.client.step({ ...probe, path }, 0), seen, title);
  if (evidence.kind !== 'exchange') return evidence;
  return {
    ...evidence,
    title: cut(evidence.title, 200),
    request: cut(evidence.request),
    response: cut(evidence.response),
  };
}

/** A table as evidence. */
export function table(
  title: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): Evidence {
  return { kind: 'table', title, columns, rows };
}

/** Status of an answer in words: the number, or why there was none. */
export function outcomeOf({ status, error }: Pick<HttpObservation, 'status' | 'error'>): string {
  return status === null ? `no answer (${error?.code ?? 'unknown'})` : String(status);
}

/** A list in words, long ones shortened: `a, b and 3 more`. */
export function listed(items: readonly string[], most = 4): string {
  return items.length <= most
    ? items.join(', ')
    : `${items.slice(0, most).join(', ')} and ${String(items.length - most)} more`;
}

function cut(text: string, length = PROOF_CHARS): string {
  return text.length <= length ? text : `${text.slice(0, length)}…`;
}

/** As `judge`, with the mechanism that explains a deviation; a promise that holds needs none. */
export function judged(
  holds: boolean,
  expected: string,
  observed: string,
  evidence: readonly Evidence[],
  mechanism?: string,
): Outcome {
  return judge(holds, expected, observed, evidence, holds ? undefined : mechanism);
}
