import { DEFAULT_UPSTREAM_IDLE_S, nginxSeconds } from '../../environments/harness/config.ts';
import { withoutComments } from './rate-limit-zones.ts';

/** A `server` line of an upstream block. */
export interface UpstreamServer {
  readonly host: string;
  readonly port: number;
  readonly weight: number;
  readonly backup: boolean;
  /** Marked as out of rotation for good. */
  readonly down: boolean;
  /** Failures that take the server out for `failTimeout_s`; nginx's own values where the line gives none. */
  readonly maxFails: number;
  readonly failTimeout_s: number;
}

/** An `upstream` block as nginx runs it. */
export interface UpstreamBlock {
  readonly name: string;
  /** The block itself, comments left out. */
  readonly text: string;
  readonly servers: readonly UpstreamServer[];
  /** Idle connections kept by each worker; undefined without the directive. */
  readonly keepalive: number | undefined;
  /** How long an idle connection is kept; nginx's own value without the directive. */
  readonly idle_s: number;
  /** Size of the memory that workers share; undefined without it. */
  readonly zone_kb: number | undefined;
}

/** The pools of the document. */
export const ADMIN_POOL = 'admin_backend';
export const CUSTOMER_POOL = 'customer_backend';

/** The upstream blocks of a configuration (`nginx -T`). Such a block has no block inside. */
export function upstreamBlocks(config: string): UpstreamBlock[] {
  return [...withoutComments(config).matchAll(/\bupstream\s+(\S+)\s*\{([^}]*)\}/g)].map(
    ([text, name = '', body = '']) => {
      const value = (directive: string): string | undefined =>
        new RegExp(`(?:^|[;\\s])${directive}\\s+([^;]+?)\\s*;`).exec(body)?.[1];
      const keepalive = value('keepalive');
      return {
        name,
        text: text.replaceAll(/^\s*\n/gm, ''),
        servers: [...body.matchAll(/\bserver\s+([^;]+);/g)].map(([, line = '']) => serverOf(line)),
        keepalive: keepalive === undefined ? undefined : Number(keepalive),
        idle_s: nginxSeconds(value('keepalive_timeout') ?? '') ?? DEFAULT_UPSTREAM_IDLE_S,
        zone_kb: kilobytes(value('zone')?.split(/\s+/)[1]),
      };
    },
  );
}

/** One pool by name; a configuration without it has an empty one. */
export function pool(config: string, name: string): UpstreamBlock {
  return (
    upstreamBlocks(config).find((block) => block.name === name) ?? {
      name,
      text: `no upstream ${name}`,
      servers: [],
      keepalive: undefined,
      idle_s: DEFAULT_UPSTREAM_IDLE_S,
      zone_kb: undefined,
    }
  );
}

/** Servers that take part in balancing, in the order of the block. */
export function active({ servers }: UpstreamBlock): readonly UpstreamServer[] {
  return servers.filter(({ backup, down }) => !backup && !down);
}

/** Names of the servers that take part in balancing, in the order of the block. */
export function primaries(block: UpstreamBlock): string[] {
  return active(block).map(({ host }) => host);
}

/** An nginx size (`64k`, `1m`, `65536`) in KiB. */
function kilobytes(size: string | undefined): number | undefined {
  const [, count, unit] = /^(\d+)([km]?)$/i.exec(size ?? '') ?? [];
  if (count === undefined) return undefined;
  return Number(count) * ({ k: 1, m: 1024 }[unit?.toLowerCase() ?? ''] ?? 1 / 1024);
}

function serverOf(line: string): UpstreamServer {
  const [address = '', ...parameters] = line.trim().split(/\s+/);
  const colon = address.lastIndexOf(':');
  const value = (name: string): string | undefined =>
    parameters.find((parameter) => parameter.startsWith(`${name}=`))?.slice(name.length + 1);
  return {
    host: colon < 0 ? address : address.slice(0, colon),
    port: colon < 0 ? 80 : Number(address.slice(colon + 1)),
    weight: Number(value('weight') ?? 1),
    backup: parameters.includes('backup'),
    down: parameters.includes('down'),
    maxFails: Number(value('max_fails') ?? 1),
    failTimeout_s: nginxSeconds(value('fail_timeout') ?? '10s') ?? 10,
  };
}
