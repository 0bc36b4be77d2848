/** Effective settings of the running gateways: what predictions are computed from. */
import { dumpedFiles, inForce, placeOf, wholeConfig } from '../../environments/harness/nginx-config.ts';
import type { Directive } from '../../environments/harness/nginx-config.ts';
import { upstreamServer } from '../../environments/harness/upstream-server.ts';
import type { UpstreamServer } from '../../environments/harness/upstream-server.ts';
import type { ChaosTarget } from './target.ts';

/** The node whose settings count; a test holds that both nodes have the same nginx. */
const NODE = 'gateway-1';

export interface GatewaySettings {
  /** Servers of one upstream block, in order; none when there is no such block. */
  servers(upstream: string): readonly UpstreamServer[];
  /** Words of the directive that is in force where a path is answered; null when it is nowhere set. */
  directive(path: string, name: string): string | null;
}

/** Facts of the running gateways. */
export interface Settings {
  readonly nginx: GatewaySettings;
  /** Keepalived's configuration on each node, by name; empty without keepalived. */
  readonly keepalived: Readonly<Record<string, string>>;
}

/** @throws Error when the gateway cannot print its configuration */
export async function readSettings(target: ChaosTarget): Promise<Settings> {
  const printed = await target.exec(NODE, ['nginx', '-T']);
  if (printed.exitCode !== 0)
    throw new Error(`nginx -T on ${NODE} ended with ${printed.exitCode}: ${printed.stderr.slice(-300)}`);
  const nodes = target.services.filter((name) => name.startsWith('gateway-'));
  const keepalived = await Promise.all(
    nodes.map(async (name) => {
      const { exitCode, stdout } = await target.exec(name, ['cat', '/etc/keepalived/keepalived.conf']);
      return [name, exitCode === 0 ? stdout : ''] as const;
    }),
  );
  return {
    nginx: parseSettings(printed.stdout, target.gateway.serverName),
    keepalived: Object.fromEntries(keepalived.filter(([, text]) => text !== '')),
  };
}

/** The same from the text of `nginx -T`. */
export function parseSettings(dump: string, serverName: string): GatewaySettings {
  const config = wholeConfig(dumpedFiles(dump));
  const http = config.find(({ name }) => name === 'http')?.block ?? [];
  const upstream = (wanted: string): readonly Directive[] =>
    http.find(({ name, words }) => name === 'upstream' && words[0] === wanted)?.block ?? [];
  return {
    servers: (wanted) =>
      upstream(wanted)
        .filter(({ name }) => name === 'server')
        .map(({ words }) => upstreamServer(words)),
    directive: (path, name) => inForce(placeOf(config, serverName, path), name)?.join(' ') ?? null,
  };
}

/** nginx's time values (`5s`, `500ms`, `1m30s`, bare numbers are seconds) in seconds. */
export function seconds(value: string): number {
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };
  const parts = [...value.matchAll(/(\d+)(ms|s|m|h|d)?/g)];
  return parts.reduce((total, [, amount, unit]) => total + Number(amount) * (units[unit ?? 's'] ?? 1), 0);
}
