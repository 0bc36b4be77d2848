import { expect, test } from 'vitest';

import { IN_TURN, judgeInTurn } from '../../../chaos/judgements/in-turn.ts';
import type { Absence } from '../../../chaos/judgements/in-turn.ts';
import { madeTrial } from './trials.ts';

const TIMES = { injected_ms: 5_000, reverted_ms: 95_000, healed_ms: 95_000, end_ms: 100_000, interval_ms: 100 };

/** Three in turn: 4 s for the stop and its failover, 12 s without it, 4 s for its return, 2 s with all. */
const ABSENCES = ['a', 'b', 'c'].map((service, index): Absence => {
  const stopped_ms = 5_000 + 22_000 * index;
  const [missing_ms, back_ms, rested_ms] = [stopped_ms + 4_000, stopped_ms + 16_000, stopped_ms + 20_000];
  return { service, series: ['made'], stopped_ms, missing_ms, back_ms, rested_ms };
});

/** @param fails whether a request fails that is sent so long after the stop of a service */
function judged(
  fails: (service: string, since_ms: number) => boolean,
  {
    absences = ABSENCES,
    hang_ms = 5,
    ...made
  }: { absences?: readonly Absence[]; hang_ms?: number; invalidReason?: string } = {},
) {
  const answer = (sent_ms: number): string | null => {
    const last = ABSENCES.findLast(({ stopped_ms }) => sent_ms >= stopped_ms);
    return last && fails(last.service, sent_ms - last.stopped_ms) ? null : 'any';
  };
  const trial = madeTrial({ ...TIMES, answer, ...made });
  const probes = trial.probes.map((probe) => (probe.ok ? probe : { ...probe, done_ms: probe.sent_ms + hang_ms }));
  const collected = { [IN_TURN]: absences.map((one) => JSON.stringify(one)) };
  return judgeInTurn('demo', [{ ...trial, series: { made: probes }, collected }], {
    absent_s: 12,
    failover_s: 3,
    notShown: 'for less long',
  });
}

test('nobody is missed when no request fails', () => {
  const judgement = judged(() => false);
  expect(judgement.verdict).toBe('conforms');
  expect(judgement.observed).toMatch(/^3 stopped in turn; of 3\d\d requests meanwhile none failed; for less long$/);
});

test('what fails during the failovers is no absence', () => {
  const judgement = judged((_, since_ms) => since_ms < 3_900 || (since_ms > 16_000 && since_ms < 19_900));
  expect(judgement.verdict).toBe('conforms');
  const [table] = judgement.evidence;
  expect(table?.kind === 'table' && table.rows[0]?.at(-1)).toMatch(/^7\d of 8\d$/);
});

test('one for which nobody takes over is named', () => {
  const judgement = judged((service, since_ms) => service === 'b' && since_ms < 16_000);
  expect(judgement).toMatchObject({ verdict: 'deviates', reason: 'nobody takes over for b' });
  expect(judgement.observed).toContain('without b failed');
});

test('requests that hang until the return, and longer, were sent without it', () => {
  const judgement = judged((service, since_ms) => service === 'b' && since_ms < 16_000, { hang_ms: 12_000 });
  expect(judgement).toMatchObject({ verdict: 'deviates', reason: 'nobody takes over for b' });
  // One that begins when it returns may meet the return itself.
  expect(judged((_, since_ms) => since_ms > 15_600 && since_ms < 16_000, { hang_ms: 2_000 }).verdict).toBe('conforms');
});

test('a moment in which all stood still is not an absence', () => {
  expect(judged((service, since_ms) => service === 'b' && since_ms >= 8_000 && since_ms < 8_900).verdict).toBe(
    'inconclusive',
  );
});

test('one that is tried again now and then while it is gone is missed too', () => {
  const judgement = judged((service, since_ms) => service === 'c' && since_ms > 10_000 && since_ms < 12_000);
  expect(judgement.verdict).toBe('deviates');
});

test('failures that come with all of them as well say nothing', () => {
  expect(judged((_, since_ms) => since_ms % 1_000 === 500).verdict).toBe('inconclusive');
  expect(judged((_, since_ms) => since_ms > 20_000 && since_ms < 20_500).verdict).toBe('inconclusive');
});

test('too few requests, nothing stopped, or a trial that does not count: inconclusive', () => {
  const short = ABSENCES.map((one) => ({ ...one, missing_ms: one.back_ms - 2_000 }));
  expect(judged(() => false, { absences: short }).reason).toContain('were sent without a');
  expect(judged(() => false, { absences: [] }).reason).toBe('nothing was stopped');
  expect(judged(() => true, { invalidReason: 'the prober was late' })).toMatchObject({
    verdict: 'inconclusive',
    reason: 'the prober was late',
  });
});

test('only the series that could reach what is left count', () => {
  const elsewhere = ABSENCES.map((one) => ({ ...one, series: ['others'] }));
  expect(judged(() => true, { absences: elsewhere }).verdict).toBe('inconclusive');
});
