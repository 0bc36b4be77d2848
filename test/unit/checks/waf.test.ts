import { describe, expect, test } from 'vitest';
import {
  BENIGN,
  CROSS_SITE_SCRIPTING,
  NULL_BYTES,
  OTHER_ATTACKS,
  SQL_INJECTION,
} from '../../../conformance/checks/attack-corpus.ts';
import { judgeBlocking, judgeRuleSet, judgeStaging, toDetection } from '../../../conformance/checks/waf.ts';
import type { Tried } from '../../../conformance/checks/waf.ts';

const evidence = { kind: 'log', title: '', lines: [] } as const;
const attack: Tried = { name: 'union in the query', mark: 'm-1z', status: 403, arrivals: 0, evidence };
const harmless: Tried = { name: 'words in the query', mark: 'm-2z', status: 200, arrivals: 1, evidence };

describe('blocking', () => {
  test('refuses attacks and serves the rest', () => {
    expect(judgeBlocking(403, [attack], [harmless]).verdict).toBe('conforms');
  });

  test('is broken by an attack that passes, is answered otherwise, or reaches a backend behind its refusal', () => {
    for (const passed of [{ status: 200, arrivals: 1 }, { status: 400 }, { arrivals: 1 }, { status: null }])
      expect(judgeBlocking(403, [{ ...attack, ...passed }], [harmless]).verdict).toBe('deviates');
  });

  test('is broken by a harmless request that is refused', () => {
    expect(judgeBlocking(403, [attack], [{ ...harmless, status: 403, arrivals: 0 }])).toMatchObject({
      verdict: 'deviates',
      observed: expect.stringContaining('words in the query: 403') as string,
    });
  });
});

describe('staging', () => {
  const passed: Tried = { ...attack, status: 200, arrivals: 1 };

  test('lets attacks pass and logs each', () => {
    expect(judgeStaging({ attacks: [passed], logged: 1 }).verdict).toBe('conforms');
    expect(judgeStaging({ attacks: [passed], logged: 0 }).verdict).toBe('deviates');
    expect(judgeStaging({ attacks: [attack], logged: 1 }).verdict).toBe('deviates');
  });

  test('is one word in the configuration', () => {
    expect(toDetection('waf/mode.conf', '# On\nSecRuleEngine On\n')).toBe('# On\nSecRuleEngine DetectionOnly\n');
    expect(toDetection('nginx.conf', 'modsecurity on;')).toBe('modsecurity on;');
  });
});

test('a rule set is known by name, by its scores and by rules beside it', () => {
  const line =
    'ModSecurity: Access denied [file "/usr/share/modsecurity-crs/rules/949.conf"] [msg "Inbound Anomaly Score Exceeded"] [ver "OWASP_CRS/3.3.7"]';
  expect(judgeRuleSet('OWASP CRS', { log: [line], ownIds: [10_010, 900_200] }).verdict).toBe('conforms');
  expect(judgeRuleSet('OWASP CRS', { log: [line], ownIds: [900_200] }).verdict).toBe('deviates');
  expect(judgeRuleSet('OWASP CRS', { log: [], ownIds: [10_010] }).verdict).toBe('deviates');
});

test('every sample carries its mark where the arrival log shows it, under a name of its own', () => {
  const corpus = [...SQL_INJECTION, ...CROSS_SITE_SCRIPTING, ...OTHER_ATTACKS];
  for (const { request } of [...corpus, ...BENIGN, ...NULL_BYTES]) expect(request('m-1z').path).toContain('m-1z');
  for (const group of [SQL_INJECTION, CROSS_SITE_SCRIPTING, OTHER_ATTACKS, BENIGN])
    expect(new Set(group.map(({ name }) => name)).size).toBe(group.length);
});
