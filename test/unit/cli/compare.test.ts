import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { historyLines } from '../../../cli/commands/history.ts';
import { compareRuns } from '../../../cli/run/compare.ts';
import { historyOf } from '../../../cli/run/history.ts';
import { exitCodeOfComparison, runsComparisonLines } from '../../../cli/show-runs-comparison.ts';
import { UsageError } from '../../../environments/ledger/errors.ts';
import type { RunRecord } from '../../../reports/record/types.ts';
import { fullRecord } from '../reports/fixtures.ts';

const root = mkdtempSync(join(tmpdir(), 'gateproof-compare-'));
const NAMES = Array.from({ length: 12 }, (_, index) => `20260101t00000${String.fromCharCode(97 + index)}-aaa`);

/** The invented run, made slower by a factor and at another time. */
function run(name: string, factor: number, change: (record: RunRecord) => RunRecord = (record) => record): void {
  const record = fullRecord();
  const variants = record.variants.map((variant) => ({
    ...variant,
    scenarios: variant.scenarios.map((scenario) => ({
      ...scenario,
      verdict: 'conforms' as const,
      corrected: scenario.corrected.map((point) => ({ ...point, value_ms: point.value_ms * factor })),
    })),
  }));
  mkdirSync(join(root, name));
  writeFileSync(join(root, name, 'events.ndjson'), '');
  const made = change({ ...record, variants, run: { ...record.run, id: name } });
  writeFileSync(join(root, name, 'record.json'), JSON.stringify(made));
}

beforeAll(() => {
  NAMES.forEach((name, index) => {
    run(name, (index < 6 ? 1 : 1.5) * (1 + index / 1_000));
  });
  run('20260102t000000-bbb', 1, (record) => ({
    ...record,
    run: { ...record.run, host: { ...record.run.host, cores: 64 } },
  }));
});
afterAll(() => {
  rmSync(root, { recursive: true });
});

const request = { minimumEffect: 0.05, paired: false, mixed: false };
const [before, after] = [NAMES.slice(0, 6), NAMES.slice(6)];

test('a group of slower runs is worse, in words and by its exit code', () => {
  const comparison = compareRuns({ ...request, paired: true, before, after }, root);
  const p95 = comparison.metrics.find(({ name }) => name.endsWith('P95'));
  expect(p95?.change?.estimate).toBeCloseTo(0.5, 1);
  expect(runsComparisonLines(comparison).join('\n')).toContain('No verdict changed.');
  // Six pairs of many figures could not be significant after the correction, and it says so.
  expect(p95?.verdict).toBe('inconclusive');
  expect(exitCodeOfComparison(comparison)).toBe(2);
  const worse = { ...comparison, metrics: comparison.metrics.map((one) => ({ ...one, verdict: 'worse' as const })) };
  expect(exitCodeOfComparison(worse)).toBe(1);
});

test('loads without a figure, and pairs that were not made, are no green gate', () => {
  const comparison = compareRuns({ ...request, paired: true, before, after }, root);
  const unjudged = { ...comparison, metrics: [] };
  expect(exitCodeOfComparison(unjudged)).toBe(2);
  expect(runsComparisonLines(unjudged).join('\n')).toContain('No load could be judged');
  const noLoads = { ...unjudged, loads: false };
  expect(exitCodeOfComparison(noLoads)).toBe(0);
  expect(runsComparisonLines(noLoads)).toContain('There is no load to compare.');

  const none = { asked: 6, made: 0 };
  expect(exitCodeOfComparison(compareRuns({ ...request, paired: true, before: [], after: [] }, root), none)).toBe(2);
  const flat = comparison.metrics.map((one) => ({ ...one, verdict: 'no change shown' as const }));
  expect(exitCodeOfComparison({ ...comparison, metrics: flat }, { asked: 6, made: 6 })).toBe(0);
  expect(exitCodeOfComparison({ ...comparison, metrics: flat }, { asked: 7, made: 6 })).toBe(2);
  expect(runsComparisonLines(comparison, { asked: 7, made: 6 })[0]).toBe('Only 6 of 7 pairs were made.');
});

test('a verdict that turned is named', () => {
  const comparison = compareRuns({ ...request, before: ['20260101t00000a'], after: ['20260101t00000b'] }, root);
  const turned = { ...comparison, verdicts: [{ claim: 'hardened/x', was: 'conforms', is: 'deviates' }] as const };
  expect(runsComparisonLines(turned)).toContain('  hardened/x: conforms → deviates');
  expect(exitCodeOfComparison(turned)).toBe(1);
});

test('runs that were not made alike are refused, unless asked for', () => {
  const mixed = { ...request, before: NAMES.slice(0, 1), after: ['20260102'] };
  expect(() => compareRuns(mixed, root)).toThrow(UsageError);
  expect(compareRuns({ ...mixed, mixed: true }, root).differences).toHaveLength(1);
  expect(() => compareRuns({ ...request, paired: true, before, after: NAMES.slice(0, 2) }, root)).toThrow('no pairs');
});

test('the history of runs alike finds the change', () => {
  rmSync(join(root, '20260102t000000-bbb'), { recursive: true });
  const all = historyOf('production-gateway', root);
  const { runs, trends } = all;
  expect(runs).toEqual(NAMES);
  const p95 = trends.find(({ name }) => name.endsWith('P95'));
  expect(p95?.changes.map(({ index }) => index)).toEqual([6]);
  expect(historyLines(all).join('\n')).toContain(`since ${NAMES[6] ?? ''}`);
});

test('runs of a configuration of the user have a history of their own', () => {
  const configuration = { path: 'my/configuration', sha256: 'ab12' };
  const own = '20260103t000000-own';
  run(own, 1, (record) => ({ ...record, run: { ...record.run, configuration } }));
  const all = historyOf('production-gateway', root);
  rmSync(join(root, own), { recursive: true });
  expect(all.runs).toEqual([own]);
  expect(all.leftOut).toBe(NAMES.length);
  expect(historyLines(all)[0]).toContain('1 runs with figures of the configuration in my/configuration; 12 made');
});

test('a figure that a run lacks keeps its history over the others', () => {
  const other = mkdtempSync(join(tmpdir(), 'gateproof-history-'));
  for (const name of NAMES) cpSync(join(root, name), join(other, name), { recursive: true });
  const last = NAMES.at(-1) ?? '';
  const file = join(other, last, 'record.json');
  const record = JSON.parse(readFileSync(file, 'utf8')) as RunRecord;
  const variants = record.variants.map((variant) => ({
    ...variant,
    scenarios: variant.scenarios.map((scenario) => ({ ...scenario, name: 'another' })),
  }));
  writeFileSync(file, JSON.stringify({ ...record, variants }));
  const all = historyOf('production-gateway', other);
  rmSync(other, { recursive: true });
  const lines = historyLines(all).filter((line) => line.includes('P95'));
  expect(lines.find((line) => line.includes('api-mix P95'))).toMatch(
    new RegExp(`, in 11 of the runs; .* since ${NAMES[6] ?? ''}$`),
  );
  expect(lines.find((line) => line.includes('another P95'))).toContain('too few runs to tell a change, 11 needed');
});

test('a pair counts for a figure only when both of its runs have it', () => {
  const [first = '', second = '', ...others] = before;
  // The scenario of one run could not be judged: its figures are left out.
  run('20260103t000000-ccc', 1, (record) => ({
    ...record,
    variants: record.variants.map((variant) => ({
      ...variant,
      scenarios: variant.scenarios.map((scenario) => ({
        ...scenario,
        verdict: 'inconclusive' as const,
        validity: scenario.validity.map((rule) => ({ ...rule, holds: false })),
      })),
    })),
  }));
  const pairs = { before: [first, second, ...others], after: ['20260103t000000-ccc', ...after.slice(1)] };
  const [metric] = compareRuns({ ...request, paired: true, ...pairs }, root).metrics;
  expect(metric?.reason).toContain('5 and 5 runs');
});

test('a configuration that fails few requests more is worse, and none on both sides is no change', () => {
  const failing = (factor: number, errors: number, name: string): string => {
    run(name, factor, (record) => ({
      ...record,
      variants: record.variants.slice(1).map((variant) => ({
        ...variant,
        scenarios: variant.scenarios.map((scenario) => ({
          ...scenario,
          buckets: scenario.buckets.map(({ endings: _, ...second }) => ({ ...second, dropped: 0, errors })),
        })),
      })),
    }));
    return name;
  };
  const side = (letter: string, errors: number): string[] =>
    Array.from({ length: 12 }, (_, n) => failing(1 + n / 1_000, errors, `2026020${letter}t0000${String(10 + n)}-f`));
  const failures = (was: readonly string[], is: readonly string[]): string | undefined =>
    compareRuns({ ...request, paired: true, before: was, after: is }, root).metrics.find(({ name }) =>
      name.endsWith('failed'),
    )?.verdict;
  const [none, alike, some] = [side('1', 0), side('2', 0), side('3', 3)];
  expect(failures(none, alike)).toBe('no change shown');
  expect(failures(none, some)).toBe('worse');
});

test('two variants are compared by the figures of the scenario', () => {
  const only = (variant: 'documented' | 'hardened') => (record: RunRecord) => ({
    ...record,
    variants: record.variants.filter(({ scenarios }) => scenarios.length > 0).map((one) => ({ ...one, name: variant })),
  });
  run('20260104t000000-ddd', 1, only('documented'));
  run('20260104t000001-eee', 1, only('hardened'));
  const { metrics } = compareRuns(
    { ...request, before: ['20260104t000000-ddd'], after: ['20260104t000001-eee'] },
    root,
  );
  expect(metrics.length).toBeGreaterThan(0);
  for (const { name } of metrics) expect(name).not.toContain('/');
});
