/** A node gets the packet filter that its configuration names: what no rule accepts is dropped. */
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { must } from './network-commands.ts';

const FILE = '/usr/local/etc/packet-policy.rules';
const CHAIN = 'GATEPROOF-POLICY';

/**
 * Rules of a node's own, as arguments of iptables.
 *
 * Answers to its own connections pass by `! --syn`, not by connection tracking: that would let
 * unicast adverts of the other node in once this one has sent some, which no multicast advert
 * of the document's setting would enjoy.
 */
async function rulesOf(target: ChaosTarget, node: string): Promise<string[]> {
  const { stdout, exitCode } = await target.exec(node, ['cat', FILE]);
  if (exitCode !== 0) throw new Error(`${node} has no ${FILE}`);
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** Why a topology cannot show it; null when it can. */
export async function hasPolicy(target: ChaosTarget, nodes: readonly string[]): Promise<string | null> {
  for (const node of nodes) {
    const { exitCode } = await target.exec(node, ['test', '-f', FILE]);
    if (exitCode !== 0) return `${node} has no packet filter of its own (${FILE})`;
  }
  return null;
}

/** Loads the rules on each node; undone by taking the chain out. */
export function packetPolicy(nodes: readonly string[]): Fault {
  const listed = (target: ChaosTarget, node: string): Promise<string> => must(target, node, ['iptables', '-S']);
  return {
    name: `packet-policy ${nodes.join(', ')}`,
    services: nodes,
    undo: async (target) =>
      nodes.map((service) => ({
        action: 'network-exec',
        service,
        containerId: target.containerId(service),
        argv: [
          'sh',
          '-c',
          `while iptables -D INPUT -j ${CHAIN} 2>/dev/null; do :; done; iptables -F ${CHAIN} 2>/dev/null; iptables -X ${CHAIN} 2>/dev/null; true`,
        ],
      })),
    inject: async (target) => {
      for (const node of nodes) {
        const rules = (await rulesOf(target, node)).map((rule) => `iptables -A ${CHAIN} ${rule}`);
        const script = [
          `iptables -N ${CHAIN}`,
          ...rules,
          `iptables -A ${CHAIN} -j DROP`,
          `iptables -A INPUT -j ${CHAIN}`,
        ];
        await must(target, node, ['sh', '-ec', script.join('\n')]);
      }
    },
    proveEffect: async (target) => {
      for (const node of nodes) {
        const rules = await listed(target, node);
        if (!rules.includes(`-A INPUT -j ${CHAIN}`) || !rules.includes(`-A ${CHAIN} -j DROP`))
          throw new Error(`the packet filter is not in force at ${node}: ${rules}`);
      }
      return `in force at ${nodes.join(' and ')}: ${(await rulesOf(target, nodes[0] ?? '')).join('; ')}; the rest is dropped`;
    },
    proveRemoval: async (target) => {
      for (const node of nodes)
        if ((await listed(target, node)).includes(CHAIN)) throw new Error(`${node} still filters packets`);
      return `${nodes.join(' and ')} filter nothing`;
    },
  };
}
