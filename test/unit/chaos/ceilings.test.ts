import { describe, expect, test } from 'vitest';

import instance from '../../../chaos/experiments/production-gateway/instance-connection-ceiling.ts';
import postgres from '../../../chaos/experiments/production-gateway/postgres-restart.ts';
import server from '../../../chaos/experiments/production-gateway/server-connection-ceiling.ts';
import slow from '../../../chaos/experiments/production-gateway/slow-headers.ts';
import type { HoldResult } from '../../../chaos/prober/hold-settings.ts';
import type { Experiment } from '../../../chaos/runner/experiment.ts';
import { parseSettings } from '../../../chaos/runner/settings.ts';
import { madeTrial } from './trials.ts';

const SETTINGS = { keepalived: {}, nginx: parseSettings('# configuration file /etc/nginx/nginx.conf:\nhttp { }', 'g') };
const TIMES = { injected_ms: 4_000, reverted_ms: 16_000, healed_ms: 18_000, end_ms: 30_000 };
const answer = (): string => 'customer-1';

const results = (count: number, kind: string, servedBy?: string, took_ms = 5): HoldResult[] =>
  Array.from({ length: count }, () => ({
    begun_ms: 0,
    sent_ms: 100,
    done_ms: 100 + took_ms,
    kind,
    ...(servedBy === undefined ? {} : { servedBy }),
  }));

function verdicts(
  declared: Experiment,
  title: string,
  held: readonly HoldResult[],
  texts: Readonly<Record<string, readonly string[]>> = {},
): readonly string[] {
  const data = { ...madeTrial({ ...TIMES, answer }), collected: { [title]: [JSON.stringify(held)], ...texts } };
  return declared.judge([data], SETTINGS).map(({ verdict }) => verdict);
}

describe('the ceiling of the virtual server', () => {
  const of = (held: readonly HoldResult[]): readonly string[] => verdicts(server, 'held requests', held);
  const served = (count: number): HoldResult[] => results(count, 'status-200', 'customer-1', 37_000);

  test('is kept, exceeded, or met too early', () => {
    expect(of([...served(994), ...results(106, 'status-503')])).toEqual(['conforms', 'conforms', 'deviates']);
    expect(of(served(1_100))).toEqual(['deviates', 'deviates', 'inconclusive']);
    expect(of([...served(700), ...results(400, 'status-503')])).toEqual(['deviates', 'conforms', 'deviates']);
  });

  test('is no reason to give the virtual address away', () => {
    const lost = [...results(1_000, 'held'), ...results(100, 'status-503')];
    const afterwards = (node: string): readonly string[] =>
      verdicts(server, 'held requests', lost, { 'nodes with the virtual address afterwards': [node] });
    expect(afterwards('gateway-2')[1]).toBe('deviates');
    expect(afterwards('gateway-1')[1]).toBe('inconclusive');
  });

  test('late refusals and lost requests are no verdict', () => {
    expect(of([...served(994), ...results(106, 'status-503', undefined, 300)])[1]).toBe('inconclusive');
    expect(of([...served(900), ...results(200, 'ECONNRESET')])[0]).toBe('inconclusive');
  });
});

describe('the ceiling of one instance', () => {
  const of = (held: readonly HoldResult[]): readonly string[] => verdicts(instance, 'held requests', held);
  const at = (count: number, name: string): HoldResult[] => results(count, 'status-200', name, 9_000);

  test('is kept and spills over, or is not', () => {
    expect(of([...at(497, 'customer-5'), ...at(63, 'customer-6')])).toEqual(['conforms', 'conforms']);
    expect(of(at(560, 'customer-5'))).toEqual(['deviates', 'deviates']);
    expect(of([...at(497, 'customer-5'), ...results(63, 'status-502', undefined, 9_000)])).toEqual([
      'conforms',
      'deviates',
    ]);
  });

  test('requests that were not in progress together tell nothing', () => {
    expect(
      of([
        ...at(500, 'customer-5'),
        ...at(59, 'customer-6'),
        { begun_ms: 0, sent_ms: 20_000, done_ms: 29_000, kind: 'status-200' },
      ]),
    ).toEqual(['inconclusive', 'inconclusive']);
  });
});

describe('slow headers', () => {
  const of = (held: readonly HoldResult[]): readonly string[] => verdicts(slow, 'slow connections', held);
  test('are closed or stay', () => {
    expect(of(results(600, 'closed'))).toEqual(['conforms']);
    expect(of(results(600, 'held'))).toEqual(['deviates']);
    expect(of(results(10, 'closed'))).toEqual(['inconclusive']);
  });
});

describe('health and its database', () => {
  const of = (down: string, up: string): string | undefined => {
    const notes = {
      [`health without the database: ${down}`]: 5_000,
      [`health with the database again: ${up}`]: 20_000,
    };
    return postgres.judge([madeTrial({ ...TIMES, answer, notes })], SETTINGS)[0]?.verdict;
  };
  const ten = (status: string): string => Array.from({ length: 10 }, () => status).join(' ');
  test('says that it is gone, and recovers', () => {
    expect(of(ten('503'), ten('200'))).toBe('conforms');
    expect(of(ten('200'), ten('200'))).toBe('deviates');
    expect(of(ten('503'), ten('503'))).toBe('deviates');
    expect(of('503', '200')).toBe('inconclusive');
  });
});
