import { describe, expect, test } from 'vitest';
import { planCapacity } from '../../../cli/run/plan.ts';
import type { Plan } from '../../../cli/run/plan.ts';
import { UsageError } from '../../../environments/ledger/errors.ts';
import { loadLedger } from '../../../environments/ledger/ledger.ts';
import { parseObjective } from '../../../scenarios/capacity/objective.ts';

const LEDGER = loadLedger('production-gateway');

const planned = (scenario: string): Promise<Plan> =>
  planCapacity(LEDGER, {
    scenario,
    objective: parseObjective('p95=800ms'),
    steps: 20,
    addresses_min: 1,
    replicas: [],
    variants: ['documented'],
  });

describe('the target of a capacity search', () => {
  test.each(['api-latency', 'login-storm', 'uploads', 'two-gateways'])('%s can be one', async (name) => {
    expect((await planned(name)).capacity?.name).toBe(name);
  });

  test.each([
    ['static-throughput', 'h2load'],
    ['all-clients-limit', 'autocannon'],
    ['open-connections', 'the search sets the rate of k6 only'],
    ['waiting-requests', 'the search sets the rate of k6 only'],
    ['go-live', 'several rates'],
    ['gateway-phases', 'a changed gateway (phases logged)'],
    ['gateway-overhead', 'what the gateway adds'],
  ])('%s cannot, and those that can are named', async (name, why) => {
    const refused: unknown = await planned(name).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(UsageError);
    expect((refused as UsageError).message).toContain(why);
    expect((refused as UsageError).remedy).toMatch(/^Choose another --target: api-latency, login-storm, /);
    expect((refused as UsageError).remedy).not.toContain(name);
  });
});
