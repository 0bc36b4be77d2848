import { describe, expect, test } from 'vitest';
import { batches } from '../../../conformance/checks/ban-causes.ts';
import { elapsed_ms } from '../../../conformance/checks/ban-trial.ts';
import type { HttpObservation } from '../../../conformance/clients/protocol.ts';
import type { Planned } from '../../../conformance/gateway.ts';
import { answer } from './observations.ts';

/** A client whose requests get these statuses, one after the other. */
function answered(statuses: readonly (number | null)[]) {
  const left = [...statuses];
  const sizes: number[] = [];
  return {
    sizes,
    all: (plan: readonly Planned[]): Promise<HttpObservation[]> => {
      sizes.push(plan.length);
      return Promise.resolve(plan.map(() => answer(left.shift() ?? null)));
    },
  };
}

const PLAN = Array.from({ length: 4 }, () => [{ path: '/a' }, { path: '/b' }]);

describe('failures are caused', () => {
  test('until they are enough', async () => {
    const client = answered([200, 429, 429, 429, 429, 429]);
    expect(await batches(client, PLAN, 429, 3)).toBe(3);
    expect(client.sizes).toHaveLength(2);
  });

  test('until the client is cut off', async () => {
    const client = answered([429, 429, 429, null]);
    expect(await batches(client, PLAN, 429, 10)).toBe(3);
    expect(client.sizes).toHaveLength(2);
  });

  test('and counted, however few there are', async () => {
    const client = answered(Array.from({ length: 8 }, () => 200));
    expect(await batches(client, PLAN, 429, 1)).toBe(0);
    expect(client.sizes).toHaveLength(4);
  });
});

describe('what is waited for', () => {
  test('takes its time', async () => {
    let looks = 0;
    const took = await elapsed_ms('the third look', 5000, () => Promise.resolve((looks += 1) === 3));
    expect(took).toBeGreaterThan(0);
    expect(looks).toBe(3);
  });

  test('may never come', async () => {
    expect(await elapsed_ms('nothing', 1, () => Promise.resolve(false))).toBeNull();
  });
});
