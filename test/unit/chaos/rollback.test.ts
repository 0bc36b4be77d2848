import { describe, expect, test } from 'vitest';
import { judgeRollback, judgeRollbackTime, tellRollback } from '../../../chaos/judgements/rollback.ts';
import type { Step } from '../../../chaos/operations/journal.ts';
import { madeTrial } from './trials.ts';

const step = (name: string, at_ms: number, on = 'admin-3'): Step => ({ at_ms, step: name, on, what: `${name} it did` });
const times = { injected_ms: 0, reverted_ms: 20_000, healed_ms: 20_000, end_ms: 20_000, kind: 'status-500' };
/** Errors from the start of the release until the instance is out again. */
const { probes: errors } = madeTrial({
  ...times,
  answer: (at_ms) => (at_ms > 2_000 && at_ms < 2_100 ? null : 'admin-1'),
});
const { probes: none } = madeTrial({ ...times, answer: () => 'admin-1' });
const noticed = [step('stop', 1_000), step('too-many-errors', 4_000), step('no-new', 5_000), step('healthy', 8_000)];
const back = [...noticed, step('rolled-back', 9_000)];

describe('a release that fails', () => {
  test('conforms when it goes back and reaches no other instance', () => {
    expect(judgeRollback(back, errors, 'admin-3').verdict).toBe('conforms');
    expect(judgeRollbackTime(back, errors, 'admin-3', 60).verdict).toBe('conforms');
    expect(tellRollback(back, errors, 'admin-3')).toBe(
      'the version of before was back 5.0 s after errors were noticed, 0 requests reached admin-3 meanwhile; clients got 9 errors',
    );
  });

  test('deviates when it is called deployed in spite of errors', () => {
    const deployed = [step('stop', 1_000), step('asked-prometheus', 5_000), step('deployed', 6_000)];
    expect(judgeRollback(deployed, errors, 'admin-3')).toEqual({
      verdict: 'deviates',
      reason: 'errors were not noticed: asked-prometheus it did',
    });
    expect(judgeRollbackTime(deployed, errors, 'admin-3', 60).verdict).toBe('deviates');
    expect(judgeRollback(deployed, none, 'admin-3').verdict).toBe('inconclusive');
    expect(tellRollback(deployed, errors, 'admin-3')).toBe('no rollback; clients got 9 errors');
  });

  test('a rollback that is too slow, or under traffic, deviates', () => {
    expect(judgeRollbackTime(back, errors, 'admin-3', 4).verdict).toBe('deviates');
    const { probes } = madeTrial({ ...times, answer: (at_ms) => (at_ms > 2_000 && at_ms < 2_100 ? null : 'admin-3') });
    expect(judgeRollbackTime(back, probes, 'admin-3', 60).verdict).toBe('deviates');
  });

  test('without an end, or without a deployment, nothing is said', () => {
    expect(judgeRollback(noticed, errors, 'admin-3').verdict).toBe('inconclusive');
    expect(judgeRollback([], none, 'admin-3').verdict).toBe('inconclusive');
    expect(tellRollback([], none, 'admin-3')).toBe('nothing was deployed');
  });
});
