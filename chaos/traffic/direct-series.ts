/** Requests to one instance without a gateway between, so that no second try hides what it does. */
import type { SeriesConfig } from '../prober/protocol.ts';
import type { ChaosTarget } from '../runner/target.ts';

export interface DirectTraffic {
  readonly name: string;
  readonly interval_ms: number;
  readonly timeout_ms: number;
  /** What is asked of the instance (header `x-behave`). */
  readonly behave?: Readonly<Record<string, unknown>>;
}

/** A series of requests from a peer's network to an instance itself. */
export function directSeries(target: ChaosTarget, instance: string, traffic: DirectTraffic): SeriesConfig {
  const { behave, ...rest } = traffic;
  const { address, port } = target.endpoint(instance);
  return {
    kind: 'new-connection',
    ...rest,
    address,
    port,
    method: 'GET',
    path: '/api/v1/ping',
    host: instance,
    headers: { ...(behave ? { 'x-behave': JSON.stringify(behave) } : {}) },
    expect: [200],
    servedByMember: 'instance',
  };
}
