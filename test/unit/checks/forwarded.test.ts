import { describe, expect, test } from 'vitest';
import { commonAddress, directiveValues } from '../../../conformance/checks/client-address.ts';
import { exactly, judgeForwarded, judgeIds, matching, valuesOf } from '../../../conformance/checks/forwarded.ts';
import type { Received } from '../../../conformance/checks/forwarded.ts';
import type { HeaderList } from '../../../conformance/clients/protocol.ts';
import { arrival } from './observations.ts';

const CLIENT = '198.18.32.1';

function received(headers: HeaderList, sent: Readonly<Record<string, string>> = {}): Received {
  return { route: 'api', client: CLIENT, sent, arrival: arrival('customer-services', headers) };
}

describe('headers as received', () => {
  const rules = { 'X-Real-IP': exactly(({ client }) => client) };

  test('all lines of a header are seen, whatever its case', () => {
    const headers: HeaderList = [
      ['X-A', '1'],
      ['x-a', '2'],
    ];
    expect(valuesOf(arrival('customer-services', headers), 'X-a')).toEqual(['1', '2']);
    expect(valuesOf(undefined, 'X-A')).toEqual([]);
  });

  test('the promised value once conforms', () => {
    expect(judgeForwarded('peer', [received([['x-real-ip', CLIENT]])], rules, 'because').verdict).toBe('conforms');
    expect(judgeForwarded('peer', [received([['x-real-ip', CLIENT]])], rules, 'because').reason).toBeUndefined();
  });

  test.each([
    ['absent', []],
    [
      '2 lines',
      [
        ['X-Real-IP', CLIENT],
        ['X-Real-IP', '1.2.3.4'],
      ],
    ],
    ['1.2.3.4 instead of', [['X-Real-IP', '1.2.3.4']]],
  ] satisfies [string, HeaderList][])('%s deviates', (told, headers) => {
    const outcome = judgeForwarded('peer', [received(headers)], rules);
    expect(outcome.verdict).toBe('deviates');
    expect(outcome.observed).toContain(told);
  });

  test('a request that no backend received deviates', () => {
    const outcome = judgeForwarded('peer', [{ ...received([]), arrival: undefined }], rules);
    expect(outcome.observed).toContain('no backend received it');
  });

  test('patterns judge the only line', () => {
    const rule = matching(/^\d+$/, 'number');
    expect(rule(['12'], received([]))).toBeUndefined();
    expect(rule(['0.012'], received([]))).toContain('is no number');
    expect(rule([], received([]))).toBe('absent');
  });
});

describe('request ids', () => {
  const id = (value: string, sent = {}): Received => received([['X-Request-ID', value]], sent);

  test('different ones conform', () => {
    expect(judgeIds('ids', 'X-Request-ID', [id('a'), id('b')]).verdict).toBe('conforms');
  });

  test('a repeated, a missing and the client’s own one deviate', () => {
    expect(judgeIds('ids', 'X-Request-ID', [id('a'), id('a')]).observed).toContain('a 2 times');
    expect(judgeIds('ids', 'X-Request-ID', [received([])]).observed).toContain('absent');
    expect(judgeIds('ids', 'X-Request-ID', [id('forged', { 'X-Request-ID': 'forged' })]).observed).toContain(
      'own value',
    );
  });
});

describe('networks of a configuration', () => {
  test('values of a directive, without comments', () => {
    const config =
      'http {\n  set_real_ip_from 10.0.0.0/8;\n  # set_real_ip_from 192.0.2.0/24;\n  set_real_ip_from 198.18.63.160/28;\n}';
    expect(directiveValues(config, 'set_real_ip_from')).toEqual(['10.0.0.0/8', '198.18.63.160/28']);
  });

  test('an address that two networks share', () => {
    expect(commonAddress('198.18.32.0/19', '198.18.63.160/28')).toBe('198.18.63.161');
    expect(commonAddress('198.18.32.0/19', '198.18.64.0/18')).toBeUndefined();
    expect(commonAddress('10.200.128.0/17', '10.0.0.0/8', 5)).toBe('10.200.128.5');
  });
});
