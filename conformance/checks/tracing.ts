import type { Evidence } from '../../reports/record/types.ts';
import { headersNamed } from '../clients/observe.ts';
import type { CaseContext } from '../context.ts';
import { notApplicable } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { ADMIN_PATH, CUSTOMER_PATH } from './balancing.ts';
import { deliver, judged, proof, table } from './exchange.ts';
import { withoutComments } from './rate-limit-zones.ts';

/** Judges that a configuration loads a tracing module and switches it on; without a collector its spans stay unseen. */
export function tracingModule(config: string): Outcome {
  const expected = 'a tracing module is loaded, switched on, and makes a span of every API request';
  const lines = withoutComments(config)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => /^(?:load_module\s.*(?:opentracing|otel)|opentracing\s+on|otel_trace\s+on)/.test(line));
  const loaded =
    lines.some((line) => line.startsWith('load_module')) && lines.some((line) => !line.startsWith('load_module'));
  const evidence: Evidence[] = [
    { kind: 'config', title: 'tracing in nginx -T', text: lines.length === 0 ? 'none' : lines.join('\n') },
  ];
  if (loaded)
    return notApplicable(
      expected,
      'the module is on, but the environment has no collector that would show its spans',
      evidence,
    );
  return judged(
    false,
    expected,
    'the running configuration neither loads nor switches on such a module',
    evidence,
    'tracing has a section of its own, and the complete configuration leaves it out',
  );
}

/** A request to a pool and the trace ids that its backend received. */
export interface Traced {
  readonly pool: string;
  readonly ids: readonly string[];
}

/** Sends two requests to each pool. */
export async function traceIds(
  context: CaseContext,
  name: string,
): Promise<{ readonly traced: readonly Traced[]; readonly evidence: Evidence }> {
  const paths = [CUSTOMER_PATH, CUSTOMER_PATH, ADMIN_PATH, ADMIN_PATH];
  const delivered = await deliver(
    context,
    paths.map((path) => ({ client: context.clientFor(path), path })),
  );
  const [first] = delivered;
  if (!first) throw new Error('nothing was sent');
  return {
    traced: delivered.map(({ arrivals }, index) => ({
      pool: paths[index] ?? '',
      ids: arrivals.slice(0, 1).flatMap((arrival) => headersNamed(arrival, name)),
    })),
    evidence: proof(first),
  };
}

/** Judges that each request carries one id, and no two the same. */
export function judgeTraceId(
  name: string,
  { traced, evidence }: { readonly traced: readonly Traced[]; readonly evidence: Evidence },
): Outcome {
  const bare = traced.filter(({ ids }) => ids.length !== 1 || ids[0] === '');
  const distinct = new Set(traced.flatMap(({ ids }) => ids)).size;
  return judged(
    bare.length === 0 && distinct === traced.length,
    `every request reaches its backend with a ${name} of its own`,
    bare.length > 0
      ? `${String(bare.length)} of ${String(traced.length)} requests without ${name}`
      : `${String(distinct)} ids in ${String(traced.length)} requests`,
    [
      evidence,
      table(
        `${name} as backends received it`,
        ['path', name],
        traced.map(({ pool, ids }) => [pool, ids.join(', ') || 'absent']),
      ),
    ],
    'the header is set in the section on tracing, and not in the complete configuration',
  );
}
