import { expect, test } from 'vitest';
import { controlGate } from '../../../reports/record/controls.ts';
import type { ExperimentResult, VariantResult, Verdict } from '../../../reports/record/types.ts';

const one = (name: string, verdict: Verdict, control?: 'sabotage' | 'no-fault'): ExperimentResult => ({
  name,
  title: name,
  hypothesis: '',
  verifies: ['x.y'],
  verdict,
  observed: '',
  limit_s: null,
  trials: [],
  rollbacks: { done: 1, failed: 0 },
  duration_ms: 1,
  reproduce: '',
  ...(control ? { control } : {}),
});
const variant = (...experiments: readonly ExperimentResult[]): readonly VariantResult[] => [
  {
    name: 'hardened',
    adaptations: [],
    remedies: [],
    claims: [],
    experiments,
    scenarios: [],
    addressMap: {},
    started_ms: 0,
  },
];

test('a run without controls has the ordinary gate', () => {
  expect(controlGate(variant(one('a', 'deviates')))).toBeNull();
});

test('a sabotage must break the promise, and no fault must keep it', () => {
  expect(controlGate(variant(one('a', 'deviates', 'sabotage'), one('b', 'not-applicable', 'sabotage')))).toMatchObject({
    exitCode: 0,
    sentence: '1 of 2 negative controls held.',
  });
  expect(controlGate(variant(one('a', 'conforms', 'sabotage')))).toMatchObject({
    exitCode: 1,
    sentence: '0 of 1 negative controls held; not: hardened/a.',
  });
  expect(controlGate(variant(one('a', 'conforms', 'no-fault')))?.exitCode).toBe(0);
  expect(controlGate(variant(one('a', 'deviates', 'no-fault')))?.exitCode).toBe(1);
});

test('what could not tell leaves the gate open, and a failed rollback is an error', () => {
  expect(controlGate(variant(one('a', 'inconclusive', 'sabotage')))?.exitCode).toBe(2);
  expect(controlGate(variant(one('a', 'error', 'sabotage')))?.exitCode).toBe(3);
});
