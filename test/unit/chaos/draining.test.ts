import { describe, expect, test } from 'vitest';
import { countDrained, judgeDrained, tellDrained } from '../../../chaos/judgements/draining.ts';
import type { Step } from '../../../chaos/operations/journal.ts';
import type { SessionProbe } from '../../../chaos/prober/session.ts';

const step = (name: string, at_ms: number): Step => ({ at_ms, step: name, on: 'admin-3', what: name });
const steps = [step('out', 900), step('no-new', 1_000), step('stop', 20_000)];
const probe = (sent_ms: number, took_ms: number, servedBy?: string): SessionProbe => ({
  intended_ms: sent_ms,
  sent_ms,
  done_ms: sent_ms + took_ms,
  ok: servedBy !== undefined,
  kind: servedBy === undefined ? 'status-502' : 'status-200',
  ...(servedBy === undefined ? {} : { servedBy }),
});
/** Sixty requests between the step that takes the instance out and its stop. */
const reads = Array.from({ length: 60 }, (_, index) =>
  probe(2_000 + index * 50, 5, `admin-${String(1 + (index % 2))}`),
);

describe('draining', () => {
  test('conforms when what was in flight is answered and nothing new came', () => {
    const seen = countDrained(steps, 'admin-3', reads, [probe(500, 20_000, 'admin-3'), probe(600, 5, 'admin-1')]);
    expect(seen).toEqual({ sent: 60, reachedIt: 0, inFlight: 1, cut: 0 });
    expect(judgeDrained(seen).verdict).toBe('conforms');
  });

  test('deviates when a request in flight fails, or is answered by another instance in the end', () => {
    for (const end of [probe(500, 9_000), probe(500, 9_000, 'admin-1')]) {
      const seen = countDrained(steps, 'admin-3', reads, [end]);
      expect(tellDrained(seen)).toBe('0 of 60 new requests reached it; 1 of 1 requests in flight were cut');
      expect(judgeDrained(seen).verdict).toBe('deviates');
    }
  });

  test('deviates when a new request reaches it', () => {
    const seen = countDrained(steps, 'admin-3', [...reads, probe(1_500, 5, 'admin-3')], []);
    expect(seen?.reachedIt).toBe(1);
    expect(judgeDrained(seen).verdict).toBe('deviates');
  });

  test('requests of before and after are none of its business', () => {
    const seen = countDrained(steps, 'admin-3', [probe(950, 5, 'admin-3'), probe(21_000, 5, 'admin-3')], []);
    expect(seen).toEqual({ sent: 0, reachedIt: 0, inFlight: 0, cut: 0 });
  });

  test('says nothing without a procedure, or without requests', () => {
    expect(countDrained([], 'admin-3', reads, [])).toBeNull();
    expect(judgeDrained(null).verdict).toBe('inconclusive');
    expect(tellDrained(null)).toBe('no instance was taken out');
    expect(judgeDrained({ sent: 60, reachedIt: 0, inFlight: 0, cut: 0 }).verdict).toBe('inconclusive');
    expect(judgeDrained({ sent: 3, reachedIt: 0, inFlight: 2, cut: 0 }).verdict).toBe('inconclusive');
  });
});
