import { describe, expect, test } from 'vitest';
import { compareDocument } from '../../../environments/ledger/document.ts';
import { parseLedger } from '../../../environments/ledger/ledger.ts';
import { claimsYaml, DOCUMENT } from './fixture.ts';

const ledger = parseLedger('demo', claimsYaml());

describe('a document', () => {
  test('that is the same', () => {
    expect(compareDocument(ledger, DOCUMENT)).toEqual({ same: true, sections: [], claims: [] });
  });

  test('that differs in white space alone is the same', () => {
    expect(compareDocument(ledger, DOCUMENT.replaceAll('100 requests', '100   requests  ')).same).toBe(true);
  });

  test('with a changed number names the section and the claim', () => {
    const { same, sections, claims } = compareDocument(ledger, DOCUMENT.replace('burst of 20', 'burst of 30'));
    expect(same).toBe(false);
    expect(sections.map(({ section, state }) => [section, state])).toEqual([['Limits', 'changed']]);
    expect(claims.map(({ claim, state }) => [claim, state])).toEqual([['demo.limits.burst', 'changed']]);
  });

  test('with lines put before a section: the claims below only moved', () => {
    const { claims } = compareDocument(ledger, DOCUMENT.replace('## Routes', 'A new line.\n\n## Routes'));
    expect(claims.map(({ claim, state, now }) => [claim, state, now])).toEqual([
      ['demo.routes.api', 'moved', [[12, 14]]],
      ['demo.latency.p95', 'moved', [[17, 17]]],
    ]);
  });

  test('with a line moved within a changed section: the text is found again', () => {
    const text = DOCUMENT.replace('Each client', 'An introduction.\nEach client');
    const rate = compareDocument(ledger, text).claims.find(({ claim }) => claim === 'demo.limits.rate');
    expect(rate).toMatchObject({ state: 'moved', now: [[5, 5]] });
  });

  test('without a section names it as missing, and a new one as added', () => {
    const { sections, claims } = compareDocument(
      ledger,
      DOCUMENT.replace('## Times', '## Latency').replace('200', '300'),
    );
    expect(sections.map(({ section, state }) => `${section} ${state}`)).toEqual(['Times missing', 'Latency added']);
    expect(claims).toMatchObject([{ claim: 'demo.latency.p95', state: 'changed', now: null }]);
  });
});
