import { leakyBucket } from '../../../measurement/token-bucket.ts';
import type { HttpObservation, HttpStep } from '../../../conformance/clients/protocol.ts';
import type { Flooded } from '../../../conformance/checks/rate-limit-flood.ts';

export const TARGET = { address: '198.18.0.101', port: 443 };

export function httpStep(id: string, at_ms = 0): HttpStep {
  return {
    kind: 'http',
    id,
    at_ms,
    from: '198.18.32.1',
    target: TARGET,
    protocol: 'http/1.1',
    request: { method: 'GET', path: '/x' },
    timeout_ms: 1000,
  };
}

/** An answer as the agent tells it. */
export function answer(
  id: string,
  sent_ms: number,
  status: number | null,
  more: Partial<HttpObservation> = {},
): HttpObservation {
  return {
    kind: 'http',
    id,
    intended_ms: sent_ms,
    sent_ms,
    done_ms: sent_ms + 4,
    localPort: 40_000,
    status,
    headers: [],
    firstByte_ms: sent_ms + 3,
    body_base64: '',
    bodyBytes: 0,
    bodySha256: '',
    closedByPeer: false,
    ...more,
  };
}

/** A flood whose answers have these statuses. */
export function statuses(...list: readonly (number | null)[]): Flooded {
  return {
    steps: list.map((_, index) => httpStep(String(index))),
    observations: list.map((status, index) => answer(String(index), index, status)),
  };
}

export interface Limiter {
  readonly rate_perMin: number;
  readonly burst: number;
  readonly refusal?: number;
}

/** What a limiter of these settings makes of so many requests at once (and of even pressure from the first second on). */
export function floodAt(
  { rate_perMin, burst, refusal = 429 }: Limiter,
  count: number,
  pressure?: { interval_ms: number; window_ms: number },
): Flooded {
  const decide = leakyBucket({ rate_perS: rate_perMin / 60, burst });
  const extra = pressure ? Math.floor(pressure.window_ms / pressure.interval_ms) : 0;
  const at = [
    0,
    ...Array.from({ length: count - 1 }, (_, index) => 50 + index * 3),
    ...Array.from({ length: extra }, (_, index) => 1000 + index * (pressure?.interval_ms ?? 0)),
  ];
  return {
    steps: at.map((at_ms, index) => httpStep(String(index), at_ms)),
    observations: at.map((at_ms, index) => answer(String(index), at_ms, decide(at_ms + 2 + 1e6) ? 200 : refusal)),
  };
}
