import { describe, expect, test } from 'vitest';
import type { Baseline, Waivers } from '../../../environments/ledger/baseline.ts';
import { judge } from '../../../environments/ledger/judge.ts';
import type { UnjudgedRecord } from '../../../reports/record/derive.ts';
import type { Verdict } from '../../../reports/record/types.ts';

const TODAY = '2026-03-01';
const none = { entries: [] };

type Verdicts = Readonly<Record<string, Verdict>>;

/** The parts of a record that a judgement reads; the rest is not looked at. */
function record(
  documented: Verdicts,
  more: { partial?: boolean; hardened?: Verdicts; notes?: string[] } = {},
): UnjudgedRecord {
  const variant = (name: string, verdicts: Verdicts): object => ({
    name,
    claims: Object.entries(verdicts).map(([id, verdict]) => ({ id, verdict })),
    experiments: [],
    scenarios: [],
  });
  return {
    run: { partial: more.partial ?? false },
    variants: [variant('documented', documented), ...(more.hardened ? [variant('hardened', more.hardened)] : [])],
    calibration: [],
    notes: (more.notes ?? []).map((text) => ({ at: '', level: 'error', text })),
  } as unknown as UnjudgedRecord;
}

function baselineOf(...claims: string[]): Baseline {
  return {
    entries: claims.map((claim) => ({
      claim,
      variant: 'documented',
      verdict: 'deviates',
      mechanism: 'm',
      remedy: 'r',
    })),
  };
}

function waiverOf(claim: string, expires: string): Waivers {
  return { entries: [{ claim, reason: 'because', owner: 'ops', expires }] };
}

describe('exit codes', () => {
  test.each<[string, UnjudgedRecord, Baseline, number]>([
    ['all conform', record({ a: 'conforms' }), none, 0],
    ['a known deviation', record({ a: 'deviates' }), baselineOf('a'), 0],
    ['a new deviation', record({ a: 'deviates' }), none, 1],
    ['an inconclusive result', record({ a: 'conforms', b: 'inconclusive' }), none, 2],
    ['a partial run', record({ a: 'conforms' }, { partial: true }), none, 2],
    ['an error', record({ a: 'conforms', b: 'error' }), none, 3],
    ['a failure of the harness outside any claim', record({ a: 'conforms' }, { notes: ['it broke'] }), none, 3],
    ['nothing selected', record({}), none, 3],
    ['nothing but claims that cannot be judged here', record({ a: 'not-applicable', b: 'not-run' }), none, 3],
    ['a baseline deviation that vanished', record({ a: 'conforms' }), baselineOf('a'), 0],
    ['a baseline deviation that was not measured', record({ a: 'not-run', b: 'conforms' }), baselineOf('a'), 0],
    [
      'a known deviation in the other variant',
      record({ a: 'deviates' }, { hardened: { a: 'deviates' } }),
      baselineOf('a'),
      1,
    ],
    [
      'an inconclusive result that the baseline knows as a deviation',
      record({ a: 'inconclusive' }),
      baselineOf('a'),
      2,
    ],
  ])('%s', (_, input, baseline, exitCode) => {
    const { gate } = judge(input, baseline, none, TODAY);
    expect(gate.exitCode).toBe(exitCode);
    expect(gate.holds).toBe(exitCode === 0);
    expect(gate.sentence).not.toBe('');
  });
});

describe('dispositions', () => {
  test('of known deviations carry mechanism, remedy and story', () => {
    const story = { title: 't', steps: ['s'] };
    const entries = baselineOf('a').entries.map((entry) => ({ ...entry, story }));
    const { claims, gate } = judge(record({ a: 'deviates' }), { entries }, none, TODAY);
    expect(claims.documented?.['a']).toEqual({ disposition: 'known', reason: 'm', remedy: 'r', story });
    expect(gate.knownDeviations).toEqual(['documented/a']);
  });

  test('of vanished deviations warn', () => {
    const { claims, gate } = judge(record({ a: 'conforms' }), baselineOf('a'), none, TODAY);
    expect(claims.documented?.['a']?.disposition).toBe('fixed');
    expect(gate.vanished).toEqual(['documented/a']);
    expect(gate.warnings).toEqual([expect.stringContaining('take it out of the baseline')]);
  });

  test.each([
    ['the day before its last', '2026-03-02', 'waived', 0],
    ['its last day', '2026-03-01', 'waived', 0],
    ['the day after', '2026-02-28', 'new', 1],
  ])('of a waiver: %s', (_, expires, disposition, exitCode) => {
    const { claims, gate } = judge(record({ a: 'deviates' }), none, waiverOf('a', expires), TODAY);
    expect(claims.documented?.['a']?.disposition).toBe(disposition);
    expect(gate.exitCode).toBe(exitCode);
    expect(gate.warnings.length).toBe(exitCode);
  });

  test('a waiver holds in every variant unless it names one', () => {
    const both = record({ a: 'deviates' }, { hardened: { a: 'deviates' } });
    expect(judge(both, none, waiverOf('a', '2027-01-01'), TODAY).gate.exitCode).toBe(0);
    const one: Waivers = { entries: [{ ...waiverOf('a', '2027-01-01').entries[0]!, variant: 'documented' }] };
    expect(judge(both, none, one, TODAY).gate.newDeviations).toEqual(['hardened/a']);
  });
});

describe('experiments, scenarios and instruments', () => {
  const base = record({ a: 'conforms' });
  const withExperiment = (experiment: object): UnjudgedRecord => ({
    ...base,
    variants: [{ ...base.variants[0]!, experiments: [experiment as never] }],
  });

  test('an experiment speaks for claims that have no result of their own', () => {
    const input = withExperiment({
      name: 'x',
      verifies: ['a', 'b'],
      verdict: 'deviates',
      rollbacks: { done: 1, failed: 0 },
    });
    expect(judge(input, none, none, TODAY).gate.newDeviations).toEqual(['documented/b']);
  });

  test('a failed roll-back is a failure of the harness', () => {
    const input = withExperiment({
      name: 'x',
      verifies: ['a'],
      verdict: 'conforms',
      rollbacks: { done: 0, failed: 1 },
    });
    expect(judge(input, none, none, TODAY).gate.exitCode).toBe(3);
  });

  test('a scenario speaks promise by promise', () => {
    const scenario = { verifies: ['p', 'q'], verdict: 'deviates', promises: [{ claim: 'p', verdict: 'conforms' }] };
    const input = { ...base, variants: [{ ...base.variants[0]!, scenarios: [scenario as never] }] };
    expect(judge(input, none, none, TODAY).gate.newDeviations).toEqual(['documented/q']);
  });

  test('an instrument that is off leaves the gate open', () => {
    const input = { ...base, calibration: [{ instrument: 'prober', holds: false } as never] };
    expect(judge(input, none, none, TODAY).gate.exitCode).toBe(2);
  });
});

/** A small generator, so that a failing case can be replayed. */
function* randoms(seed: number): Generator<number> {
  let state = seed;
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

describe('whatever the record', () => {
  const verdicts: readonly Verdict[] = ['conforms', 'deviates', 'inconclusive', 'not-applicable', 'error', 'not-run'];
  const cases = Array.from({ length: 400 }, (_, seed) => {
    const random = randoms(seed + 1);
    const next = (): number => random.next().value as number;
    const ids = ['a', 'b', 'c', 'd'].slice(0, Math.floor(next() * 5));
    const results = (): Verdicts => Object.fromEntries(ids.map((id) => [id, verdicts[Math.floor(next() ** 2 * 6)]!]));
    const input = record(results(), { hardened: results(), partial: next() < 0.2 });
    const known = ids.filter(() => next() < 0.4);
    return {
      seed,
      input,
      known,
      baseline: baselineOf(...known),
      waivers: next() < 0.5 ? waiverOf('a', '2026-02-01') : none,
    };
  });

  test('the graver exit code wins', () => {
    for (const { seed, input, known, baseline, waivers } of cases) {
      const all = input.variants.flatMap(({ name, claims }) =>
        claims.map(({ id, verdict }) => ({ name, id, verdict })),
      );
      const has = (verdict: Verdict): boolean => all.some((result) => result.verdict === verdict);
      const executed = all.some(({ verdict }) => verdict !== 'not-run' && verdict !== 'not-applicable');
      const fresh = all.some(
        ({ name, id, verdict }) => verdict === 'deviates' && !(name === 'documented' && known.includes(id)),
      );
      const expected = has('error') || !executed ? 3 : fresh ? 1 : has('inconclusive') || input.run.partial ? 2 : 0;
      expect(judge(input, baseline, waivers, TODAY).gate.exitCode, `seed ${seed}`).toBe(expected);
    }
  });

  test('every deviation is new, known or waived, and nothing else is', () => {
    for (const { seed, input, baseline, waivers } of cases) {
      const { gate } = judge(input, baseline, waivers, TODAY);
      const deviating = input.variants.flatMap(({ name, claims }) =>
        claims.filter(({ verdict }) => verdict === 'deviates').map(({ id }) => `${name}/${id}`),
      );
      const told = [...gate.newDeviations, ...gate.knownDeviations, ...gate.waived];
      expect(told.toSorted(), `seed ${seed}`).toEqual(deviating.toSorted());
    }
  });

  test('a longer baseline never makes the gate worse', () => {
    for (const { seed, input, baseline, waivers } of cases) {
      const before = judge(input, baseline, waivers, TODAY).gate;
      const after = judge(input, baselineOf('a', 'b', 'c', 'd'), waivers, TODAY).gate;
      expect(after.newDeviations.length, `seed ${seed}`).toBeLessThanOrEqual(before.newDeviations.length);
    }
  });
});
