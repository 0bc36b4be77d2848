import { describe, expect, test } from 'vitest';

import { directAnswers, shows } from '../../../chaos/faults/misbehave.ts';
import type { DirectAnswer, Misbehaviour } from '../../../chaos/faults/misbehave.ts';
import { scaled } from '../../../chaos/faults/scaled-waits.ts';

const ordinary: DirectAnswer = { status: 200, exit: 0, time_s: 0.01, contentType: 'application/json', size: 20 };
const ended = (exit: number): DirectAnswer => ({ status: 0, exit, time_s: 1, contentType: '', size: 0 });

describe('what shows a misbehaviour', () => {
  const cases: readonly (readonly [Misbehaviour, DirectAnswer])[] = [
    [{ status: 503 }, { ...ordinary, status: 503 }],
    [{ delay_ms: 500 }, { ...ordinary, time_s: 0.51 }],
    [{ delay_ms: 4_000 }, ended(28)],
    [{ headerDelay_ms: 2_000 }, ended(28)],
    [{ hang: true }, ended(28)],
    [{ reset: true }, ended(56)],
    [{ reset: true }, ended(52)],
    [{ truncate: true }, ended(18)],
    [{ listening: false }, ended(7)],
    [{ body: '{"status":"degraded"}' }, { ...ordinary, size: 21 }],
    [{ contentType: 'text/html' }, { ...ordinary, contentType: 'text/html' }],
  ];

  test.each(cases)('%j', (behaviour, answer) => {
    expect(shows(behaviour, answer)).toBe(true);
    expect(shows(behaviour, ordinary)).toBe(false);
  });
});

test('lines of curl are read, with a type of several words', () => {
  expect(directAnswers('200 0 0.012 34 application/json; charset=utf-8\n000 7 0.001 0 \n')).toEqual([
    { status: 200, exit: 0, time_s: 0.012, size: 34, contentType: 'application/json; charset=utf-8' },
    { status: 0, exit: 7, time_s: 0.001, size: 0, contentType: '' },
  ]);
});

test('waits for instances are a tenth, others stay', () => {
  expect(scaled('proxy_read_timeout 60s; proxy_next_upstream_timeout 10s; keepalive_timeout 60s;')).toBe(
    'proxy_read_timeout 6000ms; proxy_next_upstream_timeout 1000ms; keepalive_timeout 60s;',
  );
});
