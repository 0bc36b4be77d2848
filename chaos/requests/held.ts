/** Many slow requests of customers that are in progress at the same time. */
import { heldRequests, heldResults } from '../faults/held-requests.ts';
import type { HoldResult } from '../prober/hold-settings.ts';
import type { Collected, TrialData } from '../runner/experiment.ts';
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';

export const HELD = 'held requests';
/** Below the connections that a gateway admits from one address. */
const PER_ADDRESS = 8;

export interface HeldCustomers {
  readonly count: number;
  /** Time over which they are opened, ms. */
  readonly open_ms: number;
  /** Above 1 the rate begins low and grows; see HoldSettings. */
  readonly easing?: number;
  /** What an instance waits before it answers, ms: longer than the opening. */
  readonly delay_ms: number;
  /** When those without an answer are given up, ms. */
  readonly hold_ms: number;
}

/** Requests that instances answer late. */
export function heldCustomers({ delay_ms, ...counted }: HeldCustomers): Fault {
  return heldRequests('with late answers', {
    ...counted,
    perAddress: PER_ADDRESS,
    path: '/api/v1/ping',
    headers: {
      Authorization: 'Bearer valid:holder-{from}:user',
      'Cache-Control': 'no-cache',
      'x-behave': JSON.stringify({ delay_ms }),
    },
  });
}

/** How all of them ended, for `heldIn`. */
export async function collectHeld(target: ChaosTarget): Promise<Collected> {
  return { texts: { [HELD]: [JSON.stringify((await heldResults(target)) ?? [])] } };
}

/** How the held requests of a trial ended. */
export function heldIn(one: TrialData): readonly HoldResult[] {
  return JSON.parse(one.collected[HELD]?.[0] ?? '[]') as readonly HoldResult[];
}
