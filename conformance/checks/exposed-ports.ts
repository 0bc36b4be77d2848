import type { Evidence } from '../../reports/record/types.ts';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { judged, listed, table } from './exchange.ts';

/** How long a connection attempt may take; refused and unroutable ones end sooner, dropped ones here. ms */
const CONNECT_LIMIT_MS = 1500;
/** Patience with a port that must be open: a busy machine is no closed port. ms */
const OPEN_LIMIT_MS = 10_000;

/** The remote shell: promised to some addresses only, and to none that clients have. */
const SSH_PORT = 22;

/** A TCP port that something outside its own machine could connect to. */
export interface Listener {
  readonly address: string;
  readonly port: number;
}

/** Listening TCP sockets of `ss -Hltn`; those on loopback serve the machine alone and are left out. */
export function publicListeners(ss: string): Listener[] {
  const listeners = ss.split('\n').flatMap((line): Listener[] => {
    const local = line.trim().split(/\s+/)[3] ?? '';
    const match = /^(.*):(\d+)$/.exec(local);
    if (!match) return [];
    const address = (match[1] ?? '').replace(/[[\]]/g, '').replace(/%.*$/, '');
    return [{ address, port: Number(match[2]) }];
  });
  return listeners.filter(({ address }) => !/^127\.|^::1$/.test(address));
}

/** Names of upstream servers and their addresses, as a gateway's hosts file has them. */
export function upstreamHosts(
  hosts: string,
): { readonly name: string; readonly address: string; readonly port: number }[] {
  return hosts.split('\n').flatMap((line) => {
    const match = /^\s*(\d[\d.]+)\s+((admin|customer)-\d+)\s*$/.exec(line);
    return match ? [{ name: match[2] ?? '', address: match[1] ?? '', port: match[3] === 'admin' ? 3000 : 3001 }] : [];
  });
}

/** What is to be connected to, and what is promised about it. */
export interface ReachTarget extends Listener {
  readonly name: string;
  readonly mustBeOpen: boolean;
}

/** One attempt to connect. */
export interface Reach extends ReachTarget {
  readonly open: boolean;
  /** Why not, as the connecting side saw it. */
  readonly why: string;
}

/** Tries to open TCP connections from an ordinary client's address. */
export async function reach(
  context: CaseContext,
  targets: readonly ReachTarget[],
  from = context.fresh().address,
): Promise<Reach[]> {
  const { observations } = await context.session.vantage.schedule(
    targets.map(({ address, port, mustBeOpen }, index) => ({
      kind: 'raw',
      id: String(index),
      at_ms: 0,
      from,
      target: { address, port },
      writes: [],
      until: 'handshake',
      timeout_ms: mustBeOpen ? OPEN_LIMIT_MS : CONNECT_LIMIT_MS,
    })),
  );
  const byId = new Map(observations.map((seen) => [seen.id, seen]));
  return targets.map((target, index) => {
    const seen = byId.get(String(index));
    if (seen?.kind !== 'raw') throw new Error(`the agent returned no observation for ${target.name}`);
    return { ...target, open: seen.handshake_ms !== null, why: seen.error?.code ?? 'nothing' };
  });
}

/** What is open although nothing promises it, and closed although it must be open. */
export function portFaults(reached: readonly Reach[]): string[] {
  return reached.flatMap(({ name, port, open, why, mustBeOpen }) => {
    if (open && !mustBeOpen) return [`${name}:${String(port)} is open`];
    return !open && mustBeOpen ? [`${name}:${String(port)} is closed (${why})`] : [];
  });
}

function reachTable(title: string, reached: readonly Reach[]): Evidence {
  return table(
    title,
    ['target', 'port', 'from the client network'],
    reached.map(({ name, port, open, why }) => [name, port, open ? 'open' : why]),
  );
}

/** The gateway on its public side: the promised ports, some that must be closed, and each port that it listens on. */
async function gatewayTargets(
  context: CaseContext,
  promised: readonly number[],
  closed: readonly number[],
): Promise<ReachTarget[]> {
  const { gateway } = context;
  const address = gateway.service.addresses['edge'] ?? '';
  const { stdout } = await gateway.exec(['ss', '-Hltn']);
  const all = new Set([...promised, ...closed, ...publicListeners(stdout).map(({ port }) => port)]);
  return [...all]
    .sort((a, b) => a - b)
    .map((port) => ({ name: gateway.service.name, address, port, mustBeOpen: promised.includes(port) }));
}

/** Backends must be reachable through the gateway alone: their ports are closed to clients, the gateway's are open. */
export async function singleEntryPoint(
  context: CaseContext,
  entry: readonly number[],
  hidden: readonly number[],
): Promise<Outcome> {
  const { gateway } = context;
  const { stdout } = await gateway.exec(['cat', '/etc/hosts']);
  const backends = upstreamHosts(stdout).flatMap(({ name, address }) =>
    hidden.map((port) => ({ name, address, port, mustBeOpen: false })),
  );
  const reached = await reach(context, [...backends, ...(await gatewayTargets(context, entry, hidden))]);
  const faults = portFaults(reached);
  return judged(
    faults.length === 0 && backends.length > 0,
    `from the client network only the gateway's ports ${entry.join(' and ')} can be reached`,
    faults.length === 0
      ? `${String(backends.length)} ports of backends closed, the gateway open on ${entry.join(' and ')} alone`
      : listed(faults, 6),
    [reachTable('connection attempts', reached)],
  );
}

/** Of all ports that a gateway listens on, clients must reach only these; the remote shell not at all. */
export async function gatewayFirewall(context: CaseContext, promised: readonly number[]): Promise<Outcome> {
  const open = promised.filter((port) => port !== SSH_PORT);
  const reached = await reach(context, await gatewayTargets(context, open, [SSH_PORT]));
  const faults = portFaults(reached);
  return judged(
    faults.length === 0,
    `clients reach TCP ${open.join(' and ')} of the gateway and no other port`,
    faults.length === 0
      ? `open: ${reached
          .filter((one) => one.open)
          .map(({ port }) => String(port))
          .join(', ')}`
      : listed(faults, 6),
    [reachTable('ports that the gateway listens on, and those that are promised', reached)],
  );
}
