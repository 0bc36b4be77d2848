import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { validateXML } from 'xmllint-wasm';
import { junitOutcome, renderJunit } from '../../../reports/render/junit.ts';
import { renderPictures } from '../../../reports/render/pictures.ts';
import { renderSarif, sarifLog } from '../../../reports/render/sarif.ts';
import { renderSummary } from '../../../reports/render/summary.ts';
import { emptyRecord, fullRecord, hostileRecord, partialRecord } from './fixtures.ts';
import type { RunRecord } from '../../../reports/record/types.ts';

const RECORDS: readonly (readonly [string, RunRecord])[] = [
  ['full', fullRecord()],
  ['partial', partialRecord()],
  ['empty', emptyRecord()],
  ['hostile', hostileRecord()],
];

function schemaFile(name: string): string {
  return readFileSync(new URL(`./schemas/${name}`, import.meta.url), 'utf8');
}

/** Replaces the results of one claim in the documented variant. */
function withClaim(change: Partial<RunRecord['variants'][number]['claims'][number]>): RunRecord {
  const record = fullRecord();
  return {
    ...record,
    variants: record.variants.map((variant) => ({
      ...variant,
      claims: variant.claims.map((claim, index) =>
        index === 0 && variant.name === 'documented' ? { ...claim, ...change } : claim,
      ),
    })),
  };
}

describe('JUnit', () => {
  test.each(RECORDS)('of the %s record fits the schema', async (_name, record) => {
    const { valid, errors } = await validateXML({
      xml: [{ fileName: 'junit.xml', contents: renderJunit(record) }],
      schema: [schemaFile('junit.xsd')],
    });
    expect(errors.map((error) => error.message)).toEqual([]);
    expect(valid).toBe(true);
  });

  test('the schema refuses what is no JUnit', async () => {
    const broken = renderJunit(fullRecord()).replace('tests="', 'proofs="');
    const { valid } = await validateXML({
      xml: [{ fileName: 'junit.xml', contents: broken }],
      schema: [schemaFile('junit.xsd')],
    });
    expect(valid).toBe(false);
  });

  test('what counts as what', () => {
    expect(junitOutcome({ verdict: 'conforms' })).toBe('passed');
    expect(junitOutcome({ verdict: 'deviates', disposition: 'known' })).toBe('passed');
    expect(junitOutcome({ verdict: 'deviates', disposition: 'waived' })).toBe('passed');
    expect(junitOutcome({ verdict: 'deviates', disposition: 'new' })).toBe('failure');
    expect(junitOutcome({ verdict: 'deviates' })).toBe('failure');
    expect(junitOutcome({ verdict: 'error' })).toBe('error');
    for (const verdict of ['inconclusive', 'not-applicable', 'not-run'] as const)
      expect(junitOutcome({ verdict })).toBe('skipped');
  });

  test('one suite per variant and topic, one case per claim, known deviations with what is known', () => {
    const record = fullRecord();
    const xml = renderJunit(record);
    const claims = record.variants.flatMap((variant) => variant.claims);
    expect(xml.match(/<testcase /g)).toHaveLength(claims.length);
    expect(xml.match(/<testsuite /g)).toHaveLength(2 * new Set(claims.map((claim) => claim.topic)).size);
    expect(xml).not.toContain('<failure');
    expect(xml).toMatch(/<system-out>Claim: A cached answer[^]*?Mechanism: The cache key/);
  });

  test('a new deviation is a failure, an error an error, and both are counted', () => {
    const fresh = renderJunit(withClaim({ disposition: 'new' }));
    expect(fresh).toMatch(/<failure type="deviates" message="B received A’s body from the cache">/);
    expect(fresh).toMatch(/<testsuites [^>]*failures="1" errors="0"/);
    expect(renderJunit(withClaim({ verdict: 'error' }))).toMatch(/<testsuites [^>]*failures="0" errors="1"/);
  });
});

describe('SARIF', () => {
  // The published schema holds a pattern that is no valid expression in Unicode mode.
  const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
  addFormats.default(ajv);
  const validate = ajv.compile(JSON.parse(schemaFile('sarif-2.1.0.json')) as object);

  test.each(RECORDS)('of the %s record fits the schema', (_name, record) => {
    validate(JSON.parse(renderSarif(record)));
    expect(validate.errors ?? []).toEqual([]);
  });

  test('the schema refuses what is no SARIF', () => {
    expect(validate({ ...sarifLog(fullRecord()), version: '1.0' })).toBe(false);
  });

  test('deviations and inconclusive results are results, at the ledger of the environment', () => {
    const [run] = sarifLog(withClaim({ verdict: 'inconclusive', reason: 'The generator was late.' })).runs;
    const results = run?.results ?? [];
    const record = fullRecord();
    const deviating = record.variants
      .flatMap((variant) => variant.claims)
      .filter((claim) => claim.verdict === 'deviates');
    expect(results).toHaveLength(deviating.length);
    expect(results.filter((result) => result.kind === 'open')).toHaveLength(1);
    for (const result of results) {
      expect(result.locations?.[0]?.physicalLocation?.artifactLocation?.uri).toBe(
        'environments/production-gateway/claims.yaml',
      );
      expect(run?.tool.driver.rules?.[result.ruleIndex ?? -1]?.id).toBe(result.ruleId);
      expect(result.kind === 'open').toBe(result.level === 'none');
    }
  });

  test('what is known or waived is suppressed with its reason, what is new is not', () => {
    const suppressions = (record: RunRecord): unknown => sarifLog(record).runs[0]?.results?.[0]?.suppressions;
    expect(suppressions(fullRecord())).toMatchObject([
      { kind: 'external', justification: expect.stringContaining('cache key') as string },
    ]);
    expect(suppressions(withClaim({ disposition: 'new' }))).toBeUndefined();
    const waiver = { reason: 'Being replaced.', owner: 'platform', expires: '2027-01-15' };
    expect(suppressions(withClaim({ disposition: 'waived', waiver }))).toMatchObject([
      { justification: 'Being replaced. (platform, until 2027-01-15)' },
    ]);
  });
});

describe('the summary', () => {
  test('answers first and counts everything', () => {
    const lines = renderSummary(fullRecord()).split('\n');
    expect(lines[0]).toBe('The gate holds: 0 new deviations.');
    expect(lines).toContain(
      '  documented: ✔ 67 conforms, ✘ 16 deviates, – 0 not applicable, ? 0 inconclusive, · 0 not run, ! 0 harness error; 83 in all',
    );
    expect(lines.at(-2)).toBe('Report: reports/runs/2026-11-21T02-14-07Z-k3f9/report.html (exit code 0)');
    expect(renderSummary(fullRecord(), '/tmp/x.html')).toContain('Report: /tmp/x.html (exit code 0)');
  });

  test('names new deviations with mechanism and the command', () => {
    const text = renderSummary(withClaim({ disposition: 'new' }));
    expect(text).toContain(
      'New deviations: 1\n  ✘ documented/production-gateway.caching.user-isolation: expected user B receives',
    );
    expect(text).toContain('because: The cache key is scheme');
    expect(text).toContain(
      'reproduce: gateproof verify production-gateway --only production-gateway.caching.user-isolation',
    );
  });

  test('says partial, also of an empty run', () => {
    expect(renderSummary(partialRecord())).toContain('Partial: The run was killed');
    expect(renderSummary(emptyRecord())).toContain('No verdict: nothing was measured.');
  });

  test('of a capacity search is not hidden behind counts of claims', () => {
    const record = fullRecord();
    const variants = record.variants.slice(1).map((one) => ({ ...one, claims: [], experiments: [], scenarios: [] }));
    const text = renderSummary({ ...record, variants });
    expect(text).toContain('Load:\n  hardened/api-mix');
    expect(text).not.toMatch(/ claims|conforms/);
  });

  test('cannot move a terminal’s cursor', () => {
    const text = renderSummary(withClaim({ disposition: 'new', observed: 'a\u001b[2J\rb\nc\u009bd' }));
    expect(text).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/);
    expect(text).toContain('observed a\uFFFD[2J b c\uFFFDd');
  });
});

describe('pictures', () => {
  test('are PNGs of what the record has', () => {
    const pictures = renderPictures(fullRecord());
    expect(pictures.map((picture) => picture.name)).toEqual([
      'summary.png',
      'trials-customer-instance-loss-documented.png',
      'latency-api-mix-hardened.png',
      'trials-customer-instance-loss-hardened.png',
    ]);
    for (const { png } of pictures) {
      expect(png.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n');
      expect(png.length).toBeGreaterThan(10_000);
    }
    expect(renderPictures(emptyRecord())).toEqual([]);
  });

  test('have names that stay in the folder', () => {
    for (const { name } of renderPictures(hostileRecord())) expect(name).toMatch(/^[\w-]+\.png$/);
  });
});
