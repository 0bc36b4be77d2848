import { createHash } from 'node:crypto';
import { header } from '../clients/observe.ts';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { deliver, deliverOne, judged, listed, outcomeOf, proof, table } from './exchange.ts';
import { redirectHost } from './local-answers.ts';
import { poolsOf } from './routing.ts';

/** A file that a page of the gateway's static folder needs; part of both variants. */
const ASSET = 'app.js';

/** Paths that climb above the root once their segments are resolved. */
const ABOVE_ROOT = [
  '/../etc/passwd',
  '/api/v1/../../../etc/passwd',
  '/%2e%2e/etc/passwd',
  '/static/../../../etc/passwd',
];

/** Paths that end in the admin tree once their segments are resolved. */
const INTO_ADMIN = ['/api/v1/x/../admin/y', '/api/v1/x/%2e%2e/admin/y', '/api/v1/x/..%2fadmin/y', '/api/v1//admin/y'];

/** Paths that leave the static folder when its location does not end where its folder does. */
const OUT_OF_FOLDER = [
  `/static../static/${ASSET}`,
  '/static../../etc/passwd',
  '/static/..%2f..%2fetc/passwd',
  '/static/../etc/passwd',
];

/** What one of those paths led to. */
export interface Climb {
  readonly kind: 'above-root' | 'into-admin' | 'out-of-folder';
  readonly path: string;
  readonly status: number | null;
  readonly pools: readonly string[];
  /** Status of the same request written plainly: the checks of the admin location apply when both agree. */
  readonly plainStatus?: number | null;
}

/** Why a path got further than it should; undefined when it did not. */
export function climbFault({ kind, path, status, pools, plainStatus }: Climb, aboveRoot: number): string | undefined {
  const refused = status !== null && status >= 400 && status < 500 && pools.length === 0;
  switch (kind) {
    case 'above-root':
      return status === aboveRoot && pools.length === 0 ? undefined : `${path} → ${String(status)}`;
    case 'out-of-folder':
      return refused ? undefined : `${path} → ${String(status)}`;
    case 'into-admin': {
      if (pools.includes('customer')) return `${path} → served by the customer pool`;
      return refused || status === plainStatus
        ? undefined
        : `${path} → ${String(status)}, the plain path ${String(plainStatus)}`;
    }
  }
}

/** Dot segments may neither climb above the root nor reach the admin tree without its checks. */
export async function traversal(context: CaseContext, aboveRoot: number): Promise<Outcome> {
  // An ordinary client without any token: what the admin location refuses it, it must refuse by every spelling.
  const plainly = { headers: { authorization: null, 'x-admin-token': null } };
  const paths = [...ABOVE_ROOT, ...INTO_ADMIN, ...OUT_OF_FOLDER];
  const delivered = await deliver(
    context,
    ['/api/v1/admin/y', ...paths].map((path) => ({ client: context.client(), path, ...plainly })),
  );
  const [plain, ...rest] = delivered;
  if (!plain) throw new Error('the agent returned no observation');
  const climbs = rest.map((one): Climb => {
    const { path } = one.probe;
    const kind = ABOVE_ROOT.includes(path) ? 'above-root' : INTO_ADMIN.includes(path) ? 'into-admin' : 'out-of-folder';
    return { kind, path, status: one.seen.status, pools: poolsOf(one), plainStatus: plain.seen.status };
  });
  const faults = climbs.flatMap((climb) => climbFault(climb, aboveRoot) ?? []);
  const odd = rest.find((_, index) => climbFault(climbs[index]!, aboveRoot) !== undefined) ?? rest[0];
  return judged(
    faults.length === 0,
    `${String(aboveRoot)} above the root; other dot segments are resolved before a location is chosen, and its checks apply`,
    faults.length === 0 ? `${String(climbs.length)} spellings, none got further than the plain path` : listed(faults),
    [
      table(
        'where each spelling led',
        ['path', 'status', 'pool', 'received as'],
        [plain, ...rest].map((one) => [
          one.probe.path,
          outcomeOf(one.seen),
          poolsOf(one).join(', ') || 'none',
          one.arrivals[0]?.url ?? '',
        ]),
      ),
      ...(odd ? [proof(odd)] : []),
    ],
  );
}

/** Who delivered a static file. */
export type AssetSource = 'api' | 'origin' | 'gateway' | 'nobody';

/** Tells by what is known of the request: backends that saw it, the access log's upstream, a redirect to another host. */
export function assetSource(seen: {
  status: number | null;
  pools: readonly string[];
  upstream: string;
  redirectedTo: string | undefined;
  serverName: string;
}): AssetSource {
  if (seen.pools.length > 0) return 'api';
  if (seen.redirectedTo !== undefined && seen.redirectedTo !== seen.serverName) return 'origin';
  if (seen.upstream !== '' && seen.upstream !== '-') return 'origin';
  return seen.status === 200 ? 'gateway' : 'nobody';
}

/** Static files are to come from an origin of their own (CDN or object store), not from the API pools. */
export async function staticOrigin(
  context: CaseContext,
  { path, alias }: { path: string; alias: string },
): Promise<Outcome> {
  const { gateway } = context;
  const existing = await deliverOne(context, { client: context.client(), path: `${path}${ASSET}` });
  const missing = await deliverOne(context, { client: context.client(), path: `${path}missing.js` });
  const [line = ''] = await gateway.accessLog(existing.path);
  const source = assetSource({
    status: existing.seen.status,
    pools: [...poolsOf(existing), ...poolsOf(missing)],
    upstream: /"upstream_addr":"([^"]*)"/.exec(line)?.[1] ?? '',
    redirectedTo: redirectHost(existing.seen),
    serverName: gateway.serverName,
  });
  const disk = await gateway.exec(['cat', `${alias}${ASSET}`]);
  const same = createHash('sha256').update(disk.stdout).digest('hex') === existing.seen.bodySha256;
  const words: Readonly<Record<AssetSource, string>> = {
    api: 'an API pool was asked',
    origin: `delivered by an origin (${redirectHost(existing.seen) ?? 'upstream in the access log'})`,
    gateway: `delivered by the gateway itself${same ? `, byte for byte the file in ${alias}` : ''}; no upstream in the access log`,
    nobody: `${outcomeOf(existing.seen)} for a file that exists`,
  };
  return judged(
    source === 'origin',
    `${path} is served by a CDN or object store, not by the API pools`,
    `${words[source]}; a missing file gets ${outcomeOf(missing.seen)}`,
    [proof(existing), { kind: 'log', title: 'access log', lines: line === '' ? ['no line'] : [line] }],
    source === 'gateway'
      ? `the location is an alias on the gateway's disk; no origin is configured (Server: ${header(existing.seen, 'server') ?? ''})`
      : undefined,
  );
}
