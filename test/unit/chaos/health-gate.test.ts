import { describe, expect, test } from 'vitest';
import { judgeGate, reachedAfterStart } from '../../../chaos/judgements/rollout.ts';
import type { Step } from '../../../chaos/operations/journal.ts';
import { madeTrial } from './trials.ts';

const step = (name: string, at_ms: number, on = 'admin-3'): Step => ({ at_ms, step: name, on, what: name });
const { probes } = madeTrial({
  answer: () => 'admin-1',
  injected_ms: 0,
  reverted_ms: 20_000,
  healed_ms: 20_000,
  end_ms: 20_000,
});

describe('a release that never becomes healthy', () => {
  const stopped = [step('started', 1_000), step('stopped', 5_000)];

  test('conforms when nobody met it and the deployment ended', () => {
    expect(reachedAfterStart(stopped, probes, 'admin-3')).toBe(0);
    expect(judgeGate(stopped, 0).verdict).toBe('conforms');
  });

  test('deviates when clients met it, or when nothing ends', () => {
    expect(reachedAfterStart([step('started', 1_000, 'admin-1'), ...stopped], probes, 'admin-1')).toBe(401);
    expect(judgeGate(stopped, 5).verdict).toBe('deviates');
    expect(judgeGate([step('started', 1_000), step('polls-on', 5_000)], 0).verdict).toBe('deviates');
  });

  test('says nothing when it was not installed, or became healthy', () => {
    expect(reachedAfterStart([], probes, 'admin-3')).toBeNull();
    expect(judgeGate([], null).verdict).toBe('inconclusive');
    expect(judgeGate([step('started', 0), step('healthy', 1)], 0).verdict).toBe('inconclusive');
  });
});
