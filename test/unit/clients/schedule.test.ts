import { describe, expect, test } from 'vitest';
import { ScheduleClock } from '../../../conformance/clients/clock.ts';
import { LocalAgent } from '../../../conformance/clients/local-agent.ts';
import type { HttpStep, Step, Target } from '../../../conformance/clients/protocol.ts';
import { runTimeline } from '../../../conformance/clients/scheduler.ts';
import { http2Server, httpServer, httpsServer, httpStep, rawStep, scripted, webSocketStep } from './servers.ts';

const agent = new LocalAgent();
const nowhere: Target = { address: '127.0.0.1', port: 9 };

function burst(target: Target, count: number, rest: Partial<HttpStep> = {}): HttpStep[] {
  return Array.from({ length: count }, (_, n) => httpStep(target, { path: `/${n}` }, { id: `s${n}`, ...rest }));
}

/** What responses of both versions have. */
interface Answerable {
  end(text: string): unknown;
}

function sentTimes(observations: readonly { sent_ms: number | null }[]): number[] {
  return observations.map(({ sent_ms }) => sent_ms ?? Infinity);
}

describe('a burst on connections that are there already', () => {
  test.each(['http/1.1', 'h2'] as const)(
    '60 requests leave together, and the lateness is told (%s)',
    async (protocol) => {
      await using server = protocol === 'h2' ? await http2Server() : await httpsServer(() => undefined);
      // Nobody is answered before all have asked: a sender that waits for answers would end in time-outs.
      const held: Answerable[] = [];
      server.server.on('request', (_request: unknown, response: Answerable) => {
        held.push(response);
        if (held.length === 60) for (const waiting of held) waiting.end('ok');
      });
      const steps = burst(server.target, 60, { protocol, preconnect: true, at_ms: 50 });
      const { observations, lateness_ms_max } = await agent.run(steps);
      expect(observations.every((observation) => observation.kind === 'http' && observation.status === 200)).toBe(true);
      const sent = sentTimes(observations).toSorted((a, b) => a - b);
      expect(sent[0]).toBeGreaterThanOrEqual(50);
      // How near the 60 are depends on the machine; that the agent says so does not.
      expect(lateness_ms_max).toBeCloseTo((sent[59] ?? 0) - 50, 1);
      expect(lateness_ms_max).toBeLessThan(1000);
    },
  );

  test('handshakes are not part of the schedule', async () => {
    let connections = 0;
    await using server = await httpsServer((_request, response) => response.end('ok'));
    server.server.on('secureConnection', () => (connections += 1));
    const { observations } = await agent.run(burst(server.target, 120, { preconnect: true }));
    expect(connections).toBe(120);
    expect(observations.every((observation) => observation.kind === 'http' && observation.status === 200)).toBe(true);
  });

  test('one that could not be opened is an observation with its error', async () => {
    const { observations } = await agent.run([httpStep(nowhere, {}, { preconnect: true, at_ms: 10 })]);
    expect(observations).toMatchObject([{ status: null, sent_ms: null, error: { code: 'ECONNREFUSED' } }]);
    expect(observations[0]?.done_ms).toBeGreaterThanOrEqual(10);
  });

  test('a server that never finishes the handshake holds the schedule up for the step’s time only', async () => {
    await using silent = await scripted(() => undefined);
    await using server = await httpServer((_request, response) => response.end('ok'));
    const { observations } = await agent.run([
      httpStep({ ...silent.target, tls: {} }, {}, { id: 'stuck', preconnect: true, timeout_ms: 100 }),
      httpStep(server.target, {}, { id: 'fine', preconnect: true }),
    ]);
    expect(observations).toMatchObject([{ error: { code: 'TIMEOUT' } }, { status: 200 }]);
  });
});

describe('open loop', () => {
  test('slow answers do not move what comes after', async () => {
    const ANSWER_MS = 500;
    await using server = await httpServer((_request, response) => setTimeout(() => response.end('ok'), ANSWER_MS));
    const steps = burst(server.target, 10).map((step, n) => ({ ...step, at_ms: n * 10, preconnect: true }));
    const { observations, lateness_ms_max } = await agent.run(steps);
    for (const { intended_ms, sent_ms } of observations) {
      expect(sent_ms).toBeGreaterThanOrEqual(intended_ms);
      // One after the other, the second would leave half a second late.
      expect((sent_ms ?? Infinity) - intended_ms).toBeLessThan(ANSWER_MS - 100);
    }
    expect(lateness_ms_max).toBeGreaterThan(0);
  });

  test('a busy process is told by its lateness', async () => {
    // The server lives in this process: its work keeps the schedule from its second step.
    await using server = await httpServer((_request, response) => {
      const until = performance.now() + 500;
      while (performance.now() < until);
      response.end('ok');
    });
    const steps = [httpStep(server.target), rawStep(nowhere, { id: 'second', at_ms: 300 })];
    expect((await agent.run(steps)).lateness_ms_max).toBeGreaterThan(100);
  });

  test('entries start in order of time, those of one time as given', async () => {
    const order: string[] = [];
    const entry = (name: string, at_ms: number) => ({ at_ms, start: () => void order.push(name) });
    const context = { clock: new ScheduleClock(), signal: new AbortController().signal };
    await runTimeline([entry('c', 12), entry('a', 0), entry('d', 12), entry('b', 3)], context);
    expect(order).toEqual(['a', 'b', 'c', 'd']);
  });

  test('observations come in the order of the steps', async () => {
    await using server = await httpServer((_request, response) => response.end('ok'));
    const steps = [httpStep(server.target, {}, { id: 'late', at_ms: 40 }), httpStep(server.target, {}, { id: 'soon' })];
    expect((await agent.run(steps)).observations.map(({ id }) => id)).toEqual(['late', 'soon']);
  });
});

test('a stopped schedule drops what runs and what was to come', async () => {
  await using server = await scripted(() => undefined);
  const controller = new AbortController();
  const kinds: Step[] = [
    httpStep(server.target, {}, { id: 'http' }),
    httpStep({ ...server.target, tls: {} }, {}, { id: 'tls' }),
    webSocketStep(server.target, { id: 'ws' }),
    httpStep(server.target, {}, { id: 'later', at_ms: 2000 }),
  ];
  setTimeout(() => controller.abort(), 60);
  const begun = performance.now();
  const { observations } = await agent.run(kinds, { signal: controller.signal });
  expect(performance.now() - begun).toBeLessThan(1500);
  expect(observations.map(({ id, error }) => [id, error?.code])).toEqual([
    ['http', 'CANCELLED'],
    ['tls', 'CANCELLED'],
    ['ws', 'CANCELLED'],
    ['later', 'CANCELLED'],
  ]);
});

describe('schedules that cannot be run', () => {
  test.each([
    ['its id is used twice', [httpStep(nowhere), httpStep(nowhere)]],
    ['at_ms is -1', [httpStep(nowhere, {}, { at_ms: -1 })]],
    ['timeout_ms is 0', [rawStep(nowhere, { timeout_ms: 0 })]],
    ['expected an IP address', [httpStep(nowhere, {}, { from: 'localhost' })]],
    ['readRate_bytesPerS is 0', [httpStep(nowhere, {}, { readRate_bytesPerS: 0 })]],
    [
      'shared with a step of another',
      [
        httpStep(nowhere, {}, { connection: 'c' }),
        httpStep(nowhere, {}, { connection: 'c', id: 'b', from: '127.0.0.2' }),
      ],
    ],
  ])('%s', async (message, steps) => {
    await expect(agent.run(steps)).rejects.toThrow(message);
  });
});
