/** VRRP adverts are lost on their way into a node: a stated number of them, or all. */
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { must, removeRule } from './network-commands.ts';

/** VRRP's number among the IP protocols (RFC 5798, 5.1.1.4). */
const VRRP = '112';
/** IP packet of an advert with one address: 20 bytes of IP, 8 of VRRP, 4 of the address; version 2 ends with 8 of a password. */
const ADVERT_BYTES = { 2: 40, 3: 32 } as const;
const TIMEOUT_MS = 20_000;

export interface AdvertsLostOptions {
  /** Node that does not get them. */
  readonly at: string;
  /** Node that sends them. */
  readonly from: string;
  readonly count: number | 'all';
  readonly version: (target: ChaosTarget) => Promise<2 | 3>;
}

/** Drops adverts; undone by deleting the rule. The proof counts the packets that the rule has dropped. */
export function advertsLost({ at, from, count, version }: AdvertsLostOptions): Fault {
  const bytes = async (target: ChaosTarget): Promise<number | null> =>
    count === 'all' ? null : count * ADVERT_BYTES[await version(target)];
  const rule = async (target: ChaosTarget): Promise<string[]> => {
    const quota = await bytes(target);
    const source = target.addresses(from)['edge'] ?? '';
    return [
      ...['-p', VRRP, '-s', source],
      ...(quota === null ? [] : ['-m', 'quota', '--quota', String(quota)]),
      ...['-j', 'DROP'],
    ];
  };
  const dropped = async (target: ChaosTarget): Promise<number> => {
    const listed = await must(target, at, ['iptables', '-nvxL', 'INPUT']);
    return Number(/^\s*(\d+)\s+\d+\s+DROP\s+(?:112|vrrp)\b/m.exec(listed)?.[1] ?? 0);
  };
  return {
    name: `adverts-lost ${from} → ${at}: ${String(count)}`,
    services: [at],
    undo: async (target) => [
      {
        action: 'network-exec',
        service: at,
        containerId: target.containerId(at),
        argv: removeRule([], 'INPUT', await rule(target)),
      },
    ],
    inject: async (target) => {
      await must(target, at, ['iptables', '-I', 'INPUT', ...(await rule(target))]);
    },
    proveEffect: async (target) => {
      const wanted = count === 'all' ? 4 : count;
      const seen = await waitFor(`${String(wanted)} adverts dropped at ${at}`, TIMEOUT_MS, async () => {
        const now = await dropped(target);
        return now >= wanted ? now : null;
      });
      return `${String(seen)} adverts of ${from} dropped at ${at}`;
    },
    proveRemoval: async (target) => {
      const listed = await must(target, at, ['iptables', '-nvxL', 'INPUT']);
      if (/DROP\s+(?:112|vrrp)\b/.test(listed)) throw new Error(`${at} still drops adverts`);
      return `no rule of ${at} drops adverts`;
    },
  };
}
