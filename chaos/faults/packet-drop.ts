/** Packets between services are dropped, or refused, by the packet filter of the service that they leave from or come to. */
import type { Fault, UndoAction } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { describeExchange, exchange } from './link-probe.ts';
import type { ExchangeEnd, LinkProtocol } from './link-probe.ts';
import { cutConnections, must, removeRule } from './network-commands.ts';

const PROOF_TIMEOUT_MS = 10_000;
/** Three times what a healthy exchange may take on a busy machine, and the second SYN comes after 1 s. */
const PROBE_LIMIT_S = 2;

/**
 * `both`: no packet passes. `answers`: requests arrive, answers are lost. `refuse`: connecting is refused at once.
 * `connect`: nobody answers who connects, and the connections of before are cut, so that everybody has to.
 */
export type DropKind = 'both' | 'answers' | 'refuse' | 'connect';

export interface PacketDropOptions {
  /** Services that connect. */
  readonly from: readonly string[];
  /** Service that they connect to; the rules stand in its network namespace. */
  readonly to: string;
  readonly protocol: LinkProtocol;
  readonly kind: DropKind;
}

/** Rules with their chain, in the network namespace of the service that is connected to. */
export function dropRules(port: number, peer: string, kind: DropKind): readonly (readonly [string, ...string[]])[] {
  const [toPort, fromPort] = [
    ['-p', 'tcp', '--dport', String(port)],
    ['-p', 'tcp', '--sport', String(port)],
  ];
  const incoming: [string, ...string[]] = ['INPUT', '-s', peer, ...toPort];
  const outgoing: [string, ...string[]] = ['OUTPUT', '-d', peer, ...fromPort, '-j', 'DROP'];
  if (kind === 'connect') return [[...incoming, '--syn', '-j', 'DROP']];
  if (kind === 'refuse') return [[...incoming, '-j', 'REJECT', '--reject-with', 'tcp-reset']];
  return kind === 'answers' ? [outgoing] : [[...incoming, '-j', 'DROP'], outgoing];
}

/** Declares it; undone by deleting the rules. */
export function packetDrop({ from, to, protocol, kind }: PacketDropOptions): Fault {
  const rules = (target: ChaosTarget) => {
    const { port } = target.endpoint(to);
    return from.flatMap((service) => dropRules(port, target.endpoint(service).address, kind));
  };
  const undo = (target: ChaosTarget): UndoAction[] =>
    rules(target).map(([chain, ...rule]) => ({
      action: 'network-exec',
      service: to,
      containerId: target.containerId(to),
      argv: removeRule([], chain, rule),
    }));
  const expected: ExchangeEnd = kind === 'refuse' ? 'refused' : 'timeout';
  const proved = async (target: ChaosTarget, wanted: ExchangeEnd): Promise<string> => {
    await Promise.all(
      from.map((service) =>
        waitFor(`${service} → ${to}: ${wanted}`, PROOF_TIMEOUT_MS, async () => {
          const seen = await exchange(target, service, to, { protocol, limit_s: PROBE_LIMIT_S });
          return seen.how === wanted && describeExchange(seen);
        }),
      ),
    );
    return `an exchange ${from.join(', ')} → ${to} ends with: ${wanted}`;
  };
  return {
    name: `packet-drop ${from.join(', ')} → ${to}: ${kind}`,
    services: [to],
    undo: async (target) => undo(target),
    inject: async (target) => {
      for (const [chain, ...rule] of rules(target)) await must(target, to, ['iptables', '-I', chain, ...rule]);
      if (kind !== 'connect') return;
      for (const service of from) await cutConnections(target, service, target.endpoint(to));
    },
    proveEffect: (target) => proved(target, expected),
    proveRemoval: (target) => proved(target, 'answered'),
  };
}
