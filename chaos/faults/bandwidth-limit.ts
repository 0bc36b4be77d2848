/** What a service sends is slowed down by the kernel's token bucket filter. */
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { must } from './network-commands.ts';
import { exchange } from './link-probe.ts';

/** A bucket of two full segments, and room for what waits. */
const BURST_BYTES = 3_200;
const QUEUE_MS = 400;
/** The answer that proves it takes a second at the limited rate, and a small part of it without. */
const PROOF_S = 1;
const PROOF_LIMIT_S = 10;

export interface BandwidthLimitOptions {
  readonly rate_kbitps: number;
  /** Peer that asks for the answer which proves the rate. */
  readonly seenFrom: string;
}

/** Limits the first interface of an HTTP service; undone by deleting the filter. */
export function bandwidthLimit(service: string, { rate_kbitps, seenFrom }: BandwidthLimitOptions): Fault {
  const bodyBytes = (rate_kbitps * 1_000 * PROOF_S) / 8;
  const measure = async (target: ChaosTarget): Promise<number> => {
    const options = { protocol: 'http', limit_s: PROOF_LIMIT_S, bodyBytes } as const;
    const { how, took_ms } = await exchange(target, seenFrom, service, options);
    if (how !== 'answered') throw new Error(`${seenFrom} → ${service}: ${how}`);
    return took_ms;
  };
  return {
    name: `bandwidth-limit ${service}: ${String(rate_kbitps)} kbit/s`,
    services: [service],
    undo: async (target) => [
      {
        action: 'network-exec',
        service,
        containerId: target.containerId(service),
        argv: ['sh', '-c', 'if tc qdisc show dev eth0 | grep -q tbf; then tc qdisc del dev eth0 root; fi'],
      },
    ],
    inject: async (target) => {
      await must(target, service, ['tc', ...tbf(rate_kbitps)]);
    },
    proveEffect: async (target) => {
      const took_ms = await measure(target);
      if (took_ms < PROOF_S * 500)
        throw new Error(`${String(bodyBytes)} bytes came in ${String(took_ms)} ms: no limit`);
      return `${String(bodyBytes)} bytes took ${String(took_ms)} ms`;
    },
    proveRemoval: async (target) => {
      const took_ms = await measure(target);
      if (took_ms > PROOF_S * 500) throw new Error(`${String(bodyBytes)} bytes still take ${String(took_ms)} ms`);
      return `${String(bodyBytes)} bytes took ${String(took_ms)} ms`;
    },
  };
}

/** Arguments of tc for the filter. */
export function tbf(rate_kbitps: number): readonly string[] {
  const shape = [
    'rate',
    `${String(rate_kbitps)}kbit`,
    'burst',
    String(BURST_BYTES),
    'latency',
    `${String(QUEUE_MS)}ms`,
  ];
  return ['qdisc', 'add', 'dev', 'eth0', 'root', 'tbf', ...shape];
}
