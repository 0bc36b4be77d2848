import { describe, expect, test } from 'vitest';
import { clientsSaw } from '../../../chaos/judgements/clients.ts';
import { fewestServing, judgeFailures, overTrials, sentIn, windowOf } from '../../../chaos/judgements/procedure.ts';
import {
  judgeFinalWeights,
  judgeMonitoring,
  judgeOrder,
  judgeServing,
  lastWeights,
} from '../../../chaos/judgements/rollout.ts';
import type { Step } from '../../../chaos/operations/journal.ts';
import { madeTrial } from './trials.ts';

const step = (name: string, on: string, at_ms = 0, value?: number): Step => ({
  at_ms,
  step: name,
  on,
  what: name,
  ...(value === undefined ? {} : { value }),
});

const made = (answer: (sent_ms: number) => string | null, steps: readonly Step[] = []) => ({
  ...madeTrial({ answer, injected_ms: 1_000, reverted_ms: 4_000, healed_ms: 4_000, end_ms: 5_000 }),
  collected: { procedure: steps.map((one) => JSON.stringify(one)) },
});

describe('a procedure under load', () => {
  const before = { failed: 0, total: 100 };

  test.each([
    ['nothing failed', { failed: 0, total: 500 }, 'conforms'],
    ['a single failure may be the machine', { failed: 1, total: 500 }, 'inconclusive'],
    ['several failures and none before', { failed: 3, total: 500 }, 'deviates'],
    ['nothing was sent', { failed: 0, total: 0 }, 'inconclusive'],
  ])('%s', (_, during, verdict) => {
    expect(judgeFailures(during, before).verdict).toBe(verdict);
  });

  test('a machine that let requests fail before turns no verdict', () => {
    expect(judgeFailures({ failed: 5, total: 500 }, { failed: 1, total: 100 }).verdict).toBe('inconclusive');
  });

  test('has a window only when it did something', () => {
    expect(windowOf([])).toBeNull();
    expect(windowOf([step('out', 'admin-3', 5)])).toBeNull();
    expect(windowOf([step('out', 'admin-3', 5), step('done', 'deployment', 9)])).toEqual({ from_ms: 5, to_ms: 9 });
  });

  test('counts requests that were sent while it ran, and no others', () => {
    const steps = [step('out', 'admin-3', 2_000), step('done', 'deployment', 3_000)];
    const trial = made((at_ms) => (at_ms >= 2_500 && at_ms < 2_600 ? null : 'admin-1'), steps);
    const seen = clientsSaw([trial], ['made']);
    expect(seen.during).toEqual({ failed: 10, total: 101 });
    expect(seen.told).toBe('made: 10 of 101 failed (status-502)');
    expect(sentIn(trial.probes, { from_ms: 0, to_ms: 100 })).toHaveLength(11);
  });

  test('without a valid trial nothing is said', () => {
    const invalid = { ...made(() => 'admin-1') };
    const thrown = { ...invalid, trial: { ...invalid.trial, valid: false, invalidReason: 'late' } };
    expect(overTrials([thrown], () => ({ verdict: 'conforms' }))).toEqual({
      verdict: 'inconclusive',
      reason: 'no valid trial: late',
    });
  });

  test('the worst trial decides', () => {
    const verdicts = ['conforms', 'deviates'] as const;
    let next = 0;
    const trials = [made(() => 'admin-1'), made(() => 'admin-1')];
    expect(overTrials(trials, () => ({ verdict: verdicts[next++] ?? 'conforms' })).verdict).toBe('deviates');
  });
});

describe('instances that serve', () => {
  const window = { from_ms: 0, to_ms: 4_000 };
  const pool = ['admin-1', 'admin-2', 'admin-3'];

  test('are counted in every second, and a spare is none of them', () => {
    const { probes } = made((at_ms) => (at_ms < 2_000 ? `admin-${String(1 + ((at_ms / 10) % 3))}` : 'admin-4'));
    expect(fewestServing(probes, { from_ms: 0, to_ms: 1_900 }, pool, 10)).toBe(3);
    const { probes: two } = made((at_ms) => `admin-${String(1 + ((at_ms / 10) % 2))}`);
    expect(fewestServing(two, window, pool, 10)).toBe(2);
  });

  test('seconds with few answers say nothing', () => {
    expect(fewestServing([], window, pool, 10)).toBeNull();
    expect(judgeServing(null, 2).verdict).toBe('inconclusive');
    expect(judgeServing(1, 2).verdict).toBe('deviates');
    expect(judgeServing(2, 2).verdict).toBe('conforms');
  });
});

describe('rules of a rollout', () => {
  const normal = { 'admin-3': 50, 'admin-1': 100 };

  test('the order is that of the stops', () => {
    const stops = [step('stop', 'admin-3'), step('stop', 'admin-1')];
    expect(judgeOrder(stops, ['admin-3', 'admin-1']).verdict).toBe('conforms');
    expect(judgeOrder(stops, ['admin-1', 'admin-3']).verdict).toBe('deviates');
    expect(judgeOrder([], ['admin-1', 'admin-3']).verdict).toBe('inconclusive');
  });

  test('the last weight counts, set or asked for', () => {
    const weights = [
      step('weight', 'admin-3', 0, 10),
      step('weight', 'admin-3', 1, 50),
      step('weight', 'admin-1', 2, 100),
    ];
    expect(lastWeights(weights).get('admin-3')).toBe(50);
    expect(judgeFinalWeights(weights, normal).verdict).toBe('conforms');
    const asked = [step('asked-weight', 'admin-3', 0, 100), step('asked-weight', 'admin-1', 1, 100)];
    expect(judgeFinalWeights(asked, normal).verdict).toBe('deviates');
    expect(judgeFinalWeights([], normal).verdict).toBe('inconclusive');
  });

  test('a look at the end, at nothing, is no watching', () => {
    const deployed = step('deployed', 'admin-3');
    expect(judgeMonitoring([step('watched', 'admin-3'), deployed]).verdict).toBe('conforms');
    expect(judgeMonitoring([step('asked-prometheus', 'admin-3'), deployed]).verdict).toBe('deviates');
    expect(judgeMonitoring([]).verdict).toBe('inconclusive');
  });
});
