import { expect, test } from 'vitest';

import { readAccessLog } from '../../../chaos/requests/attempts.ts';
import { readArrivals } from '../../../chaos/requests/arrivals.ts';
import { readAnswers } from '../../../chaos/requests/send.ts';

const NAMES = new Map([['10.0.3.1:3001', 'customer-1']]);
const line = (upstreams: string): string =>
  JSON.stringify({ method: 'GET', uri: '/api/v1/x/1', status: 200, request_time: 0.012, upstream_addr: upstreams });

test('tries are read from the access log, with names for known addresses', () => {
  const text = [line('10.0.3.1:3001, 10.0.3.2:3001'), line('customer_backend'), line('-'), 'no JSON'].join('\n');
  expect(readAccessLog(text, NAMES).map(({ upstreams }) => upstreams)).toEqual([
    ['customer-1', '10.0.3.2:3001'],
    ['customer_backend'],
    [],
  ]);
});

test('answers are told apart, and one without an answer says why', () => {
  const written = (status: number, exit: number): string =>
    `==answer=={"status":"${String(status).padStart(3, '0')}","time_s":0.5,"exit":${exit},"url":"https://g/x","headers":{"retry-after":["60"]}}==answer==`;
  expect(readAnswers(`{"a":1}${written(503, 0)}${written(0, 28)}`)).toEqual([
    { status: 503, time_s: 0.5, url: 'https://g/x', headers: { 'retry-after': ['60'] }, body: '{"a":1}', problem: '' },
    { status: 0, time_s: 0.5, url: 'https://g/x', headers: { 'retry-after': ['60'] }, body: '', problem: 'curl 28' },
  ]);
});

test('arrivals come in order, without the line that is still being written', () => {
  const one = (at: number): string =>
    JSON.stringify({
      instance: 'customer-1',
      at,
      method: 'GET',
      url: '/',
      peer: { address: '10.0.1.1', port: 1 },
      pid: 7,
    });
  expect(readArrivals(`${one(20)}\n${one(10)}\n{"instance":"cus`).map(({ at }) => at)).toEqual([10, 20]);
});
