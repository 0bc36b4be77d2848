import { describe, expect, test } from 'vitest';
import {
  bytes,
  duration,
  enumerate,
  figure,
  latency,
  moment,
  percent,
  plural,
  seconds,
} from '../../../reports/render/format.ts';
import { arrange, deviations } from '../../../reports/render/model.ts';
import {
  breaksFinding,
  experimentFinding,
  headline,
  instrumentsFinding,
  lede,
  ledgerFinding,
  scalingFinding,
  scenarioFinding,
  scope,
  scopeSentence,
  variantsFinding,
} from '../../../reports/render/sentences.ts';
import { emptyRecord, fullRecord, partialRecord } from './fixtures.ts';
import { inventedScaling, inventedScenario } from './fixture-loads.ts';
import { inventedExperiment } from './fixture-runs.ts';
import type { RunRecord, VariantName } from '../../../reports/record/types.ts';

const full = fullRecord();
const model = arrange(full);

/** The full record with one claim of the documented variant changed. */
function changed(
  id: string,
  change: Partial<RunRecord['variants'][number]['claims'][number]>,
  variant: VariantName = 'documented',
): RunRecord {
  return {
    ...full,
    variants: full.variants.map((own) =>
      own.name === variant
        ? { ...own, claims: own.claims.map((claim) => (claim.id === id ? { ...claim, ...change } : claim)) }
        : own,
    ),
  };
}

describe('the answer', () => {
  test.each([
    [fullRecord(), 'The gate holds: 0 new deviations.'],
    [fullRecord({ gate: { exitCode: 1, newDeviations: ['documented/a'] } }), 'The gate breaks: 1 new deviation.'],
    [
      fullRecord({ gate: { exitCode: 1, newDeviations: ['documented/a', 'hardened/a'] } }),
      'The gate breaks: 2 new deviations.',
    ],
    [partialRecord(), 'The gate cannot say: partial run.'],
    [fullRecord({ gate: { exitCode: 2 } }), 'The gate cannot say: 0 results inconclusive.'],
    [fullRecord({ gate: { exitCode: 3 } }), 'The harness failed: no verdict.'],
    [emptyRecord(), 'No verdict: nothing was measured.'],
  ])('reads right', (record, sentence) => {
    expect(headline(record)).toBe(sentence);
  });

  test('the lede counts what was judged, variant by variant', () => {
    expect(lede(model)).toBe(
      'The documented configuration keeps 67 of 83 judged promises. The hardened configuration keeps 81 of 82 judged promises. 1 cannot be kept with open-source nginx.',
    );
    expect(lede(arrange(emptyRecord()))).toBe('The run ended before any variant was started.');
  });

  test('the parts of the scope add up to the document, for any record', () => {
    for (const record of [full, partialRecord(), emptyRecord()]) {
      const { judged, notApplicable, open, outside, total } = scope(arrange(record));
      expect(judged + notApplicable + open + outside).toBe(total);
    }
    expect(scopeSentence(model)).toBe(
      'The document makes 107 claims: 82 judged in every variant, 1 not applicable here in at least one, 0 without a verdict, 24 outside this profile.',
    );
    expect(scopeSentence(arrange(partialRecord()))).toContain('40 judged, 0 not applicable here, 43 without a verdict');
  });
});

describe('findings', () => {
  test('variants', () => {
    expect(variantsFinding(model)).toBe('2 named remedies mend 15 of the 16 broken promises.');
    expect(variantsFinding(arrange(partialRecord()))).toBe('The documented variant breaks 8 promises.');
    expect(variantsFinding(arrange(emptyRecord()))).toBe('No claim was measured in this run.');
  });

  test('what breaks', () => {
    expect(breaksFinding(model)).toBe(
      '16 promises are broken: proxy headers (3), rate limit (3), security headers (3) and 7 other topics.',
    );
    const fresh = changed('production-gateway.caching.user-isolation', { disposition: 'new' });
    expect(breaksFinding(arrange(fresh))).toMatch(/^1 deviation nobody knew\. 16 promises are broken/);
    expect(breaksFinding(arrange(emptyRecord()))).toBe('Nothing that was measured deviates from the document.');
  });

  test('the ledger', () => {
    expect(ledgerFinding(model)).toBe('83 promises, each with its verdict in both variants and the evidence for it.');
    expect(ledgerFinding(arrange(partialRecord()))).toBe('83 promises, each with its verdict and the evidence for it.');
  });

  test('an experiment', () => {
    const runs = (['documented', 'hardened'] as const).map((variant) => ({
      variant,
      experiment: inventedExperiment(variant, 12),
    }));
    expect(experimentFinding(runs)).toBe(
      'Documented: an outage of at most 1.28 s, within 1 s in 4 of 11 trials. Hardened: an outage of at most 0.71 s, within 1 s in 11 of 11 trials.',
    );
    const [first] = runs;
    if (first === undefined) throw new Error('no run');
    const quiet = {
      ...first.experiment,
      limit_s: null,
      trials: first.experiment.trials.slice(0, 1).map((trial) => ({ ...trial, lower_s: 0, upper_s: 0 })),
    };
    expect(experimentFinding([{ variant: 'documented', experiment: quiet }])).toBe('Documented: no outage in 1 trial.');
    const thrown = { ...quiet, trials: quiet.trials.map((trial) => ({ ...trial, valid: false })) };
    expect(experimentFinding([{ variant: 'hardened', experiment: thrown }])).toBe('Hardened: no valid trial.');
  });

  test('a scenario', () => {
    const scenario = inventedScenario();
    expect(scenarioFinding([{ variant: 'hardened', scenario }])).toBe(
      'Hardened: 3 of 3 latency promises hold (P99 688 ms).',
    );
    const late = {
      ...scenario,
      verdict: 'inconclusive' as const,
      reason: 'the generator reached 96.3 % of the offered rate.',
    };
    expect(scenarioFinding([{ variant: 'documented', scenario: late }])).toBe(
      'Documented: inconclusive, the generator reached 96.3 % of the offered rate.',
    );
    expect(scenarioFinding([])).toBe('No load in this run.');
  });

  test('replicas: a law with or without a peak, no difference, and nothing', () => {
    const scaling = inventedScaling();
    const says = (change: Partial<typeof scaling>): string =>
      scalingFinding([{ variant: 'documented', scaling: { ...scaling, ...change } }]);
    expect(says({})).toBe(
      'Documented: replicas of the customer pool carry 220 requests/s alone, and most when there are 9.7.',
    );
    const endless = { value: null, lower: 5, upper: null };
    expect(says({ law: { ...scaling.law!, peak_replicas: endless } })).toContain('show no peak');
    const { law: _, ...without } = scaling;
    const flat = scalingFinding([{ variant: 'hardened', scaling: { ...without, shows: 'no difference' } }]);
    expect(flat).toBe('Hardened: replicas of the customer pool made no difference that could be told.');
    expect(scalingFinding([{ variant: 'hardened', scaling: { ...without, shows: 'nothing' } }])).toContain(
      'could not be told',
    );
  });

  test('the instruments', () => {
    expect(instrumentsFinding(full)).toBe('All 3 instruments read known truths within tolerance.');
    const [first] = full.calibration;
    if (first === undefined) throw new Error('no instrument');
    expect(instrumentsFinding({ ...full, calibration: [first] })).toBe(
      'The instrument reads known truths within tolerance.',
    );
    expect(instrumentsFinding({ ...full, calibration: [{ ...first, holds: false }] })).toBe(
      '1 instrument of 1 read outside its tolerance: what they measured cannot be believed.',
    );
  });
});

describe('the order of deviations', () => {
  test('new first, then must before should, what needs the commercial edition after what does not', () => {
    const record = changed('production-gateway.high-availability.vrrp-standard', { disposition: 'new' });
    const order = deviations(arrange(record)).map((row) => row.short);
    expect(order[0]).toBe('high-availability.vrrp-standard');
    const levels = deviations(model).map((row) => row.claim.level);
    expect(levels).toEqual(
      levels.toSorted((a, b) => ['must', 'should', 'target'].indexOf(a) - ['must', 'should', 'target'].indexOf(b)),
    );
    const must = deviations(model).filter((row) => row.claim.level === 'must');
    expect(must.at(-1)?.short).toBe('session-affinity.cookie');
  });

  test('what hardening does to each', () => {
    const fate = (short: string): unknown => model.rows.find((row) => row.short === short)?.fate;
    expect(fate('caching.user-isolation')).toBe('mended');
    expect(fate('session-affinity.cookie')).toBe('plus');
    expect(fate('rate-limit.api-sustained')).toBeNull();
    const still = changed('production-gateway.caching.user-isolation', { verdict: 'deviates' }, 'hardened');
    expect(arrange(still).rows.find((row) => row.short === 'caching.user-isolation')?.fate).toBe('open');
  });
});

describe('numbers', () => {
  test('read as people write them', () => {
    expect([plural(0, 'claim'), plural(1, 'claim'), plural(1200, 'claim')]).toEqual([
      '0 claims',
      '1 claim',
      '1,200 claims',
    ]);
    expect([percent(0, 0), percent(999, 1000), percent(1, 1000), percent(1, 2), percent(2, 2)]).toEqual([
      '0 %',
      '99.9 %',
      '0.1 %',
      '50 %',
      '100 %',
    ]);
    expect([duration(40.4), duration(1250), duration(180_000), duration(6_420_000)]).toEqual([
      '40 ms',
      '1.3 s',
      '3 min',
      '1 h 47 min',
    ]);
    expect([seconds(3.2199), seconds(12.34), latency(271), latency(1874)]).toEqual([
      '3.22 s',
      '12.3 s',
      '271 ms',
      '1.87 s',
    ]);
    expect([figure(0.123_45), figure(12_345.6), bytes(812), bytes(212_000), bytes(6_800_000)]).toEqual([
      '0.123',
      '12,346',
      '812 B',
      '212 KB',
      '6.8 MB',
    ]);
    expect([enumerate([]), enumerate(['a']), enumerate(['a', 'b', 'c'])]).toEqual(['', 'a', 'a, b and c']);
    expect([moment('2026-11-21T02:14:07Z'), moment('never')]).toEqual(['21 November 2026 at 02:14 UTC', 'never']);
  });
});
