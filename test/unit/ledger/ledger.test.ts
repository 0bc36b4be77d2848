import { describe, expect, test } from 'vitest';
import { DataError, UsageError } from '../../../environments/ledger/errors.ts';
import { listEnvironments, loadLedger, parseLedger, requireEnvironment } from '../../../environments/ledger/ledger.ts';
import { bool, num, numbers, str, strings } from '../../../environments/ledger/values.ts';
import { claimsYaml } from './fixture.ts';

/** Breaks the fixture and returns the message that names the fault. */
function messageAfter(from: string | RegExp, to: string): string {
  const text = claimsYaml().replace(from, to);
  expect(text).not.toBe(claimsYaml());
  try {
    parseLedger('demo', text);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    expect((error as DataError).exitCode).toBe(64);
    return (error as DataError).message;
  }
  throw new Error('the broken file was accepted');
}

describe('a claims file', () => {
  test('that is right becomes a ledger', () => {
    const ledger = parseLedger('demo', claimsYaml());
    expect(ledger.claims.map(({ id, topic }) => [id, topic])).toContainEqual(['demo.limits.burst', 'limits']);
    expect(ledger.claims[0]!.conflictsWith).toEqual(['demo.limits.burst']);
    expect(ledger.claims[0]!.at.line).toBe(claimsYaml().split('\n').indexOf('  - id: demo.limits.rate') + 1);
  });

  test.each([
    [
      'a value outside a list',
      'level: must',
      'level: mast',
      /:\d+:\d+: expected 'claims\.0\.level' to be one of must.*seen "mast"\. Did you mean 'must'\?/,
    ],
    ['a mistyped key', 'statement:', 'statment:', /seen 'statment'. Did you mean 'statement'\?/],
    ['a missing key', '    check: Look at it.\n', '', /expected 'claims\.0' to have 'check'/],
    ['a wrong type', 'value: {rate_per_min: 100}', 'value: 100', /'claims\.0\.value' to be object, seen 100/],
    ['an id of another environment', 'id: demo.routes.api', 'id: other.routes.api', /begins with 'demo\.'/],
    ['an id that occurs twice', 'id: demo.routes.api', 'id: demo.latency.p95', /ids that occur once/],
    ['an unknown section', 'section: Times', 'section: Tines', /Did you mean 'Times'\?/],
    ['lines beyond the document', 'lines: [10, 12]', 'lines: [10, 1200]', /1 ≤ first ≤ last ≤ 15/],
    [
      'a conflict that is not mutual',
      'conflictsWith: [demo.limits.rate]',
      'conflictsWith: [demo.routes.api]',
      /mutual/,
    ],
    [
      'a conflict with nobody',
      'conflictsWith: [demo.limits.rate]',
      'conflictsWith: [demo.limits.none]',
      /no such claim/,
    ],
    ['a shortened hash', /sha256: [0-9a-f]{64}\nsections/, 'sha256: abc\nsections', /SHA-256 in hexadecimal/],
  ])('with %s says where and how to mend it', (_, from, to, message) => {
    expect(messageAfter(from, to)).toMatch(message);
  });

  test('that is not YAML names the line', () => {
    const line =
      claimsYaml()
        .split('\n')
        .findIndex((text) => text.includes('value: {path')) + 1;
    expect(messageAfter('value: {path: /api}', 'value: {path: /api')).toMatch(
      new RegExp(`environments/demo/claims\\.yaml:(${line}|${line + 1}|${line + 2}):\\d+: expected YAML that parses`),
    );
  });

  test('places name the line of the fault itself', () => {
    const text = claimsYaml().replace('level: must', 'level: mast');
    const line = text.split('\n').findIndex((row) => row.includes('mast')) + 1;
    expect(messageAfter('level: must', 'level: mast')).toContain(`claims.yaml:${line}:5:`);
  });
});

describe('values', () => {
  const [rate, burst] = parseLedger('demo', claimsYaml()).claims;

  test('are read with their types', () => {
    expect(num(rate!, 'rate_per_min')).toBe(100);
    expect(strings(burst!, 'paths')).toEqual(['/a', '/b']);
  });

  test('that are missing or of another type are errors in the data, with their place', () => {
    expect(() => num(rate!, 'burst')).toThrow(
      /claims\.yaml:\d+:\d+: expected a number at value\.burst of demo\.limits\.rate, seen nothing/,
    );
    expect(() => str(rate!, 'rate_per_min')).toThrow(DataError);
    expect(() => bool(rate!, 'rate_per_min')).toThrow(DataError);
    expect(() => numbers(burst!, 'paths')).toThrow(DataError);
    expect(() => num(rate!, 'rate_per_min', 'deeper')).toThrow(DataError);
  });
});

describe('environments', () => {
  test('are the folders with claims', () => {
    expect(listEnvironments()).toContain('production-gateway');
    expect(listEnvironments()).not.toContain('harness');
  });

  test('an unknown one is wrong usage, with what was probably meant', () => {
    expect(() => requireEnvironment('production-gatway')).toThrow(UsageError);
    try {
      requireEnvironment('production-gatway');
    } catch (error) {
      expect((error as UsageError).remedy).toContain("Did you mean 'production-gateway'?");
    }
  });

  test.each(listEnvironments())('%s loads', (environment) => {
    expect(loadLedger(environment).claims.length).toBeGreaterThan(0);
  });
});
