/** Series of requests to the API as both variants of a gateway admit them: each from an address, and by a user, of its own. */
import type { NewConnectionSeries, SeriesConfig, WriteSeries } from '../prober/protocol.ts';
import type { ChaosTarget } from '../runner/target.ts';

/** Instances that answer customers as long as they live; the backup stands by. */
export const CUSTOMER_PRIMARIES = ['customer-1', 'customer-2', 'customer-3', 'customer-4', 'customer-5'] as const;

export interface ApiTraffic {
  readonly name: string;
  readonly interval_ms: number;
  readonly timeout_ms: number;
  readonly path?: string;
  readonly method?: NewConnectionSeries['method'];
  readonly headers?: Readonly<Record<string, string>>;
  readonly expect?: readonly number[];
}

/** About as many as a trial sends; in a smaller block an address comes round again, still far below any limit. */
const PROBES_AT_MOST = 3_000;
/** Node that meets the operators' network. */
const NODE = 'gateway-1';

/** Requests of customers; who answered is read from the answer. */
export function customerSeries(target: ChaosTarget, traffic: ApiTraffic): NewConnectionSeries {
  const from = target.freshClients(PROBES_AT_MOST);
  const headers = { Authorization: 'Bearer valid:prober-{from}:user' };
  return series(target, target.gateway.address, from, { path: '/api/v1/ping', ...traffic }, headers);
}

/** Payments of customers, each with a key of its own that begins with `keyPrefix`. */
export function paymentSeries(
  target: ChaosTarget,
  { keyPrefix, ...traffic }: Pick<ApiTraffic, 'name' | 'interval_ms' | 'timeout_ms'> & Pick<WriteSeries, 'keyPrefix'>,
): WriteSeries {
  const posted = customerSeries(target, { path: '/api/v1/payments', expect: [200, 201], ...traffic });
  // The series makes its own body: a payment with its number.
  return { ...posted, kind: 'write', keyPrefix, body: {} };
}

/** Requests of operators to the admin pool. */
export function adminSeries(target: ChaosTarget, traffic: ApiTraffic): SeriesConfig {
  const from = target.freshClients(PROBES_AT_MOST, 'operators');
  const headers = { Authorization: 'Bearer valid:prober-{from}:admin', 'X-Admin-Token': 'operator' };
  const address = target.addresses(NODE)['operators'] ?? target.gateway.address;
  return series(target, address, from, { path: '/api/v1/admin/ping', ...traffic }, headers);
}

function series(
  { gateway: { port, serverName, ca } }: ChaosTarget,
  address: string,
  from: NonNullable<SeriesConfig['from']>,
  { method = 'GET', expect = [200], headers, path, ...rest }: ApiTraffic & { readonly path: string },
  credentials: Readonly<Record<string, string>>,
): NewConnectionSeries {
  return {
    kind: 'new-connection',
    ...rest,
    address,
    port,
    tls: { serverName, ...(ca ? { ca } : {}) },
    method,
    path,
    host: serverName,
    headers: { ...credentials, 'Cache-Control': 'no-cache', ...headers },
    expect,
    from,
    servedByMember: 'instance',
  };
}
