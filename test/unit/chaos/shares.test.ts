import { describe, expect, test } from 'vitest';
import { judgeShare, shareOf, sharesAfter } from '../../../chaos/judgements/shares.ts';
import type { Step } from '../../../chaos/operations/journal.ts';
import { madeTrial } from './trials.ts';

const weight = (at_ms: number, value: number): Step => ({ at_ms, step: 'weight', on: 'admin-3', what: '', value });
const { probes } = madeTrial({
  // Every tenth request until 5 s, every fifth after that.
  answer: (at_ms) => ((at_ms / 10) % (at_ms < 5_000 ? 10 : 5) === 0 ? 'admin-3' : 'admin-1'),
  injected_ms: 0,
  reverted_ms: 10_000,
  healed_ms: 10_000,
  end_ms: 10_000,
});

describe('the share of an instance', () => {
  test('is counted in a window', () => {
    expect(shareOf(probes, 'admin-3', { from_ms: 0, to_ms: 4_999 })).toMatchObject({ got: 50, of: 500 });
    expect(shareOf(probes, 'admin-3', { from_ms: 20_000, to_ms: 30_000 })).toBeNull();
  });

  test('is told for each weight, without the edges, until the next step or the end of the window', () => {
    const steps = [weight(1_000, 10), { ...weight(3_000, 0), step: 'watched' }, weight(5_000, 25)];
    const shares = sharesAfter(steps, probes, { kind: 'weight', window_ms: 4_000 });
    expect([...shares.keys()]).toEqual([10, 25]);
    expect(shares.get(10)).toMatchObject({ got: 17, of: 161 });
    expect(shares.get(25)).toMatchObject({ got: 73, of: 361 });
    expect(sharesAfter(steps, probes, { kind: 'asked-weight', window_ms: 4_000 }).size).toBe(0);
  });

  test.each([
    ['within the tolerance', 0.105, 'conforms'],
    ['below the interval', 0.3, 'deviates'],
    ['above the interval', 0.02, 'deviates'],
    ['neither here nor there', 0.115, 'inconclusive'],
  ])('%s', (_, expected, verdict) => {
    const share = shareOf(probes, 'admin-3', { from_ms: 0, to_ms: 4_999 });
    expect(judgeShare(share, { expected, tolerance: 0.01 }).verdict).toBe(verdict);
  });

  test('without an answer says nothing', () => {
    expect(judgeShare(null, { expected: 0.1, tolerance: 0.01 }).verdict).toBe('inconclusive');
  });
});
