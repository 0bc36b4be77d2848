import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadBaseline, loadWaivers } from '../../../environments/ledger/baseline.ts';
import { parseLedger } from '../../../environments/ledger/ledger.ts';
import type { Ledger } from '../../../environments/ledger/ledger.ts';
import { claimsYaml } from './fixture.ts';

let ledger: Ledger;

beforeEach(() => {
  ledger = { ...parseLedger('demo', claimsYaml()), dir: mkdtempSync(join(tmpdir(), 'gateproof-')) };
});

afterEach(() => rmSync(ledger.dir, { recursive: true }));

const write = (name: string, text: string): void => writeFileSync(join(ledger.dir, name), text);

const ENTRY = `
- claim: demo.limits.rate
  mechanism: The limit of the location replaces the one of the server.
  remedy: Repeat it in the location.
`;

describe('baseline.yaml', () => {
  test('may be absent', () => {
    expect(loadBaseline(ledger).entries).toEqual([]);
  });

  test('is about the documented variant unless it says so', () => {
    write('baseline.yaml', ENTRY);
    expect(loadBaseline(ledger).entries).toMatchObject([{ claim: 'demo.limits.rate', variant: 'documented' }]);
  });

  test.each([
    ['without a mechanism', ENTRY.replace(/.*mechanism.*\n/, ''), /baseline\.yaml:2:\d+: .*'mechanism'/],
    [
      'with an unknown claim',
      ENTRY.replace('rate', 'rates'),
      /baseline\.yaml:2:3: .*Did you mean 'demo\.limits\.rate'/,
    ],
    ['with a claim twice', ENTRY + ENTRY, /one entry a claim/],
  ])('%s is refused with its place', (_, text, message) => {
    write('baseline.yaml', text);
    expect(() => loadBaseline(ledger)).toThrow(message);
  });
});

describe('waivers.yaml', () => {
  const waiver = (expires: string): string =>
    `- {claim: demo.limits.rate, reason: waiting for the vendor, owner: ops, expires: ${expires}}`;

  test('keeps reason, owner and last day', () => {
    write('waivers.yaml', waiver('2026-12-31'));
    expect(loadWaivers(ledger).entries).toMatchObject([{ owner: 'ops', expires: '2026-12-31' }]);
  });

  test.each(['2026-02-30', 'soon', '31.12.2026'])('refuses %s as a day', (day) => {
    write('waivers.yaml', waiver(day));
    expect(() => loadWaivers(ledger)).toThrow(/waivers\.yaml:1:\d+: .*expires.*YYYY-MM-DD/);
  });
});
