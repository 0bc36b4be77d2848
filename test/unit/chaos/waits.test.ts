import { describe, expect, test } from 'vitest';

import { judgeWaits } from '../../../chaos/judgements/waits.ts';

const waits = (...waited_s: number[]) => ({ what: 'a wait', promised_s: 5, early_s: 0.5, late_s: 0.5, waited_s });

describe('waits that a time-out ends', () => {
  test('all in time', () => {
    expect(judgeWaits([waits(5, 5.4), waits(4.6)])).toEqual({ verdict: 'conforms' });
  });

  test('too early, and far too late, deviate', () => {
    expect(judgeWaits([waits(4.4)]).verdict).toBe('deviates');
    expect(judgeWaits([waits(5), waits(5, 7)])).toEqual({
      verdict: 'deviates',
      reason: 'a wait took 7.00 s, promised are 5 s',
    });
  });

  test('a little late, and never seen, say nothing', () => {
    expect(judgeWaits([waits(5.9)]).verdict).toBe('inconclusive');
    expect(judgeWaits([waits(5), waits()])).toEqual({ verdict: 'inconclusive', reason: 'a wait was not seen' });
  });

  test('a broken promise is told though another wait was not seen', () => {
    expect(judgeWaits([waits(), waits(7)]).verdict).toBe('deviates');
  });
});
