import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { ADMIN_PATH, CUSTOMER_PATH, servedBy } from './balancing.ts';
import { deliver, judged, listed, outcomeOf, proof, table } from './exchange.ts';
import type { Delivered } from './exchange.ts';

/** Variables by which the document lets a backend join: the proxy in front, health, metrics, cluster. */
const DOCUMENTED = [
  'TRUST_PROXY',
  'TRUST_PROXY_HOPS',
  'ENABLE_HEALTH_CHECK',
  'HEALTH_CHECK_PATH',
  'ENABLE_METRICS',
  'METRICS_PATH',
  'CORS_ORIGINS',
  'USE_CLUSTER',
];

/** Each pool: who answered through the gateway, and the client that it saw. */
export interface Joined {
  readonly pool: string;
  readonly instance: string;
  readonly status: string;
  readonly client: string;
  readonly seenClient: string;
  /** Documented variables that the instance was not given. */
  readonly missing: readonly string[];
}

/** Judges that the variables alone make an instance answer behind the gateway and know its client. */
export function judgeJoined(pools: readonly Joined[]): Outcome {
  const faults = pools.flatMap(({ pool, status, client, seenClient, missing }) => [
    ...(status === '200' ? [] : [`${pool}: ${status}`]),
    ...(seenClient === client ? [] : [`${pool} takes ${seenClient} for its client`]),
    ...(missing.length === 0 ? [] : [`${pool} runs without ${listed(missing)}`]),
  ]);
  return judged(
    faults.length === 0,
    'instances of one image, told by variables alone that a gateway is in front, are reached and know their client',
    faults.length === 0
      ? pools.map(({ pool, instance, seenClient }) => `${pool}: ${instance} answers and sees ${seenClient}`).join('; ')
      : faults.join('; '),
    [
      table(
        'behind the gateway',
        ['pool', 'instance', 'status', 'client', 'seen as'],
        pools.map(({ pool, instance, status, client, seenClient }) => [pool, instance, status, client, seenClient]),
      ),
    ],
  );
}

/** Sends a request to each pool, and reads the variables of the instance that answered. */
export async function joinsByVariables(context: CaseContext): Promise<Outcome> {
  const delivered = await deliver(
    context,
    [ADMIN_PATH, CUSTOMER_PATH].map((path) => ({ client: context.clientFor(path), path })),
  );
  const pools = await Promise.all(delivered.map(async (one) => joined(context, one)));
  const outcome = judgeJoined(pools);
  return { ...outcome, evidence: [...outcome.evidence, ...delivered.slice(0, 1).map((one) => proof(one))] };
}

async function joined(context: CaseContext, one: Delivered): Promise<Joined> {
  const instance = servedBy(one);
  const runs = context.session.topology.services.some(({ name }) => name === instance);
  const variables = runs ? (await context.exec(instance, ['env'])).stdout : '';
  return {
    pool: one.probe.path.includes('/admin/') ? 'admin' : 'customer',
    instance,
    status: outcomeOf(one.seen),
    client: one.probe.client.address,
    seenClient: one.arrivals.at(-1)?.ip ?? 'nobody',
    missing: DOCUMENTED.filter((name) => !new RegExp(`^${name}=`, 'm').test(variables)),
  };
}
