import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';

import { addressWalk } from '../../../chaos/prober/addresses.ts';
import { newConnections } from '../../../chaos/prober/new-connection.ts';
import { startSeries } from '../../../chaos/prober/prober.ts';
import type { NewConnectionSeries, ProbeEnd, ProbeRecord } from '../../../chaos/prober/protocol.ts';
import { lateness_ms_p99 } from '../../../chaos/prober/session.ts';

let close = (): unknown => undefined;
afterEach(() => close());

async function serve(listener: RequestListener): Promise<NewConnectionSeries> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  close = () => {
    server.closeAllConnections();
    return server.close();
  };
  const { port } = server.address() as AddressInfo;
  return {
    kind: 'new-connection',
    name: 's',
    address: '127.0.0.1',
    port,
    method: 'GET',
    path: '/',
    host: 'h',
    interval_ms: 10,
    timeout_ms: 200,
    expect: [200],
    servedByMember: 'instance',
  };
}

const probe = (series: NewConnectionSeries): Promise<ProbeEnd> =>
  new Promise((resolve) => newConnections(series).send(0, resolve));

test('a whole answer with an expected status is a success, and says who gave it', async () => {
  const series = await serve((_, response) => response.end(JSON.stringify({ instance: 'customer-2' })));
  expect(await probe(series)).toEqual({ ok: true, kind: 'status-200', servedBy: 'customer-2' });
});

test('an unexpected status, a cut answer, silence and a closed port are failures of their own kind', async () => {
  let behave: RequestListener = () => undefined;
  const series = await serve((request, response) => behave(request, response));
  behave = (_, response) => response.writeHead(502).end('bad');
  expect(await probe(series)).toEqual({ ok: false, kind: 'status-502' });
  behave = (request, response) => {
    response.writeHead(200, { 'Content-Length': 100 });
    response.write('half', () => request.socket.end());
  };
  expect(await probe(series)).toEqual({ ok: false, kind: 'truncated' });
  behave = (request) => request.socket.end();
  expect(await probe(series)).toEqual({ ok: false, kind: 'closed-without-answer' });
  behave = () => undefined;
  expect(await probe(series)).toEqual({ ok: false, kind: 'timeout' });
  close();
  expect(await probe(series)).toEqual({ ok: false, kind: 'ECONNREFUSED' });
});

test('probes go out on schedule though no answer comes', async () => {
  const series = await serve(() => undefined);
  const probes: ProbeRecord[] = [];
  const running = startSeries(series, { probe: (one) => probes.push(one), loss: () => undefined });
  await new Promise((resolve) => setTimeout(resolve, 105));
  await running.stop();
  const intended = probes.map((one) => one.intended_ms).toSorted((a, b) => a - b);
  expect(intended.length).toBeGreaterThanOrEqual(9);
  for (const [index, at_ms] of intended.entries()) {
    expect(at_ms - (intended[0] ?? 0)).toBeCloseTo(index * 10, 6);
  }
  expect(probes.every((one) => one.kind === 'timeout' && one.sent_ms >= one.intended_ms)).toBe(true);
});

test('what is due while too many probes are open is told as capped, not left out', async () => {
  const series = { ...(await serve(() => undefined)), open_max: 2, interval_ms: 5 };
  const probes: ProbeRecord[] = [];
  const third = Promise.withResolvers<void>();
  const probe = (one: ProbeRecord): void => {
    probes.push(one);
    if (probes.length === 3) third.resolve();
  };
  const running = startSeries(series, { probe, loss: () => undefined });
  await third.promise;
  await running.stop();
  expect(probes.slice(0, 3).map(({ kind }) => kind)).toEqual(['capped', 'capped', 'capped']);
  expect(probes.filter(({ kind }) => kind === 'timeout')).toHaveLength(2);
});

test('addresses are walked through, without network and broadcast address', () => {
  const next = addressWalk('198.18.32.0/30', 1);
  expect([next(), next(), next()]).toEqual(['198.18.32.2', '198.18.32.1', '198.18.32.2']);
  expect(addressWalk('198.18.32.0/19', 255)()).toBe('198.18.33.0');
  expect(() => addressWalk('198.18.32.0', 0)).toThrow(RangeError);
  expect(() => addressWalk('198.18.32.0/32', 0)).toThrow(RangeError);
});

test('lateness is how long after its time a probe went out', () => {
  const probes = [0, 1, 2].map((late_ms) => ({ intended_ms: 0, sent_ms: late_ms, done_ms: 5, ok: true, kind: '' }));
  expect(lateness_ms_p99(probes)).toBeCloseTo(1.98);
  expect(lateness_ms_p99([])).toBe(0);
});
