import { DEFAULT_UPSTREAM_IDLE_S, nginxSeconds } from '../../environments/harness/config.ts';
import { upstreamServer } from '../../environments/harness/upstream-server.ts';
import type { UpstreamServer } from '../../environments/harness/upstream-server.ts';
import { argsOf, configTree, everywhere } from './config-tree.ts';
import type { Directive } from './config-tree.ts';

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

/** The upstream blocks of a configuration (`nginx -T`). */
export function upstreamBlocks(config: string): UpstreamBlock[] {
  return everywhere(configTree(config), 'upstream').map(({ directive }) => {
    const words = (name: string): readonly string[] | undefined => argsOf(directive, name)[0];
    const keepalive = words('keepalive')?.[0];
    return {
      name: directive.args[0] ?? '',
      text: blockText(directive),
      servers: argsOf(directive, 'server').map(upstreamServer),
      keepalive: keepalive === undefined ? undefined : Number(keepalive),
      idle_s: nginxSeconds(words('keepalive_timeout')?.[0] ?? '') ?? DEFAULT_UPSTREAM_IDLE_S,
      zone_kb: kilobytes(words('zone')?.[1]),
    };
  });
}

/** A block as text, a directive a line. */
function blockText({ name, args, block = [] }: Directive): string {
  const lines = block.map((one) => `    ${[one.name, ...one.args].join(' ')};`);
  return [`${[name, ...args].join(' ')} {`, ...lines, '}'].join('\n');
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
