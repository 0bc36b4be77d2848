import type { CaseContext } from '../context.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { Outcome } from '../outcome.ts';
import { ADMIN_PATH, inTurn, inWords, servedBy } from './balancing.ts';
import { judged, outcomeOf, proof, table } from './exchange.ts';

const INSTANCE = 'admin-3';
const REQUESTS = 10;

/** A call of the management interface. */
export interface Call {
  readonly url: string;
  readonly seen: Pick<HttpObservation, 'status' | 'error'>;
}

/** Judges that every call is accepted, and that the drained instance gets nothing. */
export function judgeDrain(calls: readonly Call[], after: readonly string[]): Outcome {
  const refused = calls.filter(({ seen }) => seen.status === null || seen.status < 200 || seen.status > 299);
  const still = after.filter((name) => name === INSTANCE).length;
  return judged(
    refused.length === 0 && still === 0,
    `every call is answered with 2xx, and ${INSTANCE} gets no request after it was drained`,
    `${calls.map(({ url, seen }) => `${url}: ${outcomeOf(seen)}`).join('; ')}; afterwards ${inWords(after)}`,
    [
      table(
        'admin requests after the calls',
        ['served by'],
        after.map((name) => [name]),
      ),
    ],
    'nothing answers these paths: port 80 redirects, HTTPS has no location for them, and the script’s curl takes both for success',
  );
}

/** Calls the paths over HTTP and HTTPS on a gateway of its own, then looks at who gets requests. */
export async function drainApi(context: CaseContext, paths: readonly string[]): Promise<Outcome> {
  const replica = await context.replica();
  const client = context.client('operators', replica.gateway);
  const query = (path: string): string =>
    `${path}?server=${replica.instances[INSTANCE] ?? ''}${path.endsWith('weight') ? '&weight=10' : ''}`;
  // The drain comes last: it is its effect that is looked at.
  const plan = paths
    .toReversed()
    .flatMap((path) => [true, false].map((plain) => ({ path: query(path), plain, method: 'POST' })));
  const seen = await client.all(plan);
  const after = (await inTurn(context, context.clientFor(ADMIN_PATH, replica.gateway), ADMIN_PATH, REQUESTS)).map(
    servedBy,
  );
  const calls = plan.map(({ path, plain }, index) => ({
    url: `${plain ? 'http' : 'https'} ${path.split('?')[0] ?? ''}`,
    seen: seen[index]!,
  }));
  const outcome = judgeDrain(calls, after);
  return {
    ...outcome,
    evidence: [
      ...outcome.evidence,
      ...plan
        .slice(-2)
        .map((probe, index) =>
          proof({ probe: { ...probe, client }, path: probe.path, seen: seen[plan.length - 2 + index]! }),
        ),
    ],
  };
}
