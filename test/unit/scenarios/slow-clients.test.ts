import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { LatencyHistogram } from '../../../measurement/histogram.ts';
import { encodedTimes } from '../../../scenarios/drivers/cells.ts';
import type { SlowKindSeen, SlowSeen } from '../../../scenarios/drivers/plan.ts';
import type { LoadMeasurement } from '../../../scenarios/engines/engine.ts';
import { driverPlan } from '../../../scenarios/engines/driven.ts';
import type { LoadSamples } from '../../../scenarios/engines/samples.ts';
import { judgeFigure } from '../../../scenarios/figures.ts';
import type { LoadSeen } from '../../../scenarios/figures.ts';
import { phaseTimes } from '../../../scenarios/phases.ts';
import slowClients from '../../../scenarios/definitions/production-gateway/slow-clients.ts';
import streaming from '../../../scenarios/definitions/production-gateway/streaming.ts';
import type { Scenario } from '../../../scenarios/scenario.ts';
import { runDriver } from './run-driver.ts';

const STEPS = [
  { name: 'warm-up', rate_perS: 40, start_s: 0, duration_s: 1, drain_s: 0 },
  { name: 'measured', rate_perS: 40, start_s: 1, duration_s: 2, drain_s: 15 },
];
const SLOW = { headers_perS: 20, bodies_perS: 10, readers_perS: 10, trickle_s: 1 };
/** A percentile of how long connections were there, s. */
const kept_s = (kind: SlowKindSeen | undefined, percentile: number): number =>
  LatencyHistogram.decoded(kind?.kept ?? '').percentile_ms(percentile) / 1000;
/** So many connections that were there for one time, and fewer for another. */
const kept = (count: number, s: number, others = 0, other_s = 0): string =>
  encodedTimes([...Array<number>(count).fill(s * 1000), ...Array<number>(others).fill(other_s * 1000)]);

/** Sixteen mebibytes: nobody reads them in a second. */
const LARGE = Buffer.alloc(16 * 1024 * 1024, 'x');

describe('the driver', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  /** Drives a server; a request with X-Behave is that of a slow reader. */
  async function drive(
    answer: (request: IncomingMessage, response: ServerResponse) => void,
    options: ServerOptions,
  ): Promise<{ readonly outcomes: LoadSamples['outcomes']; readonly slow: SlowSeen | undefined }> {
    server = createServer(options, answer);
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { samples, end } = await runDriver('slow-clients.ts', {
      url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
      serverName: 'demo',
      headers: { 'X-Behave': '{}' },
      route: 'ping',
      steps: STEPS,
      rate_perS: 40,
      connections: 8,
      firstAddress: '127.0.0.1',
      timeout_s: 5,
      slow: SLOW,
    });
    expect(end.requests).toBe(samples.seen);
    return { outcomes: samples.outcomes, slow: end.slow };
  }

  const good = (request: IncomingMessage, response: ServerResponse): void => {
    if (request.headers['x-behave'] !== undefined) response.end(LARGE);
    else request.resume().once('end', () => response.end('ok'));
  };

  test('is served by a server that closes endless headers and waits for the rest', async () => {
    const { outcomes, slow } = await drive(good, { headersTimeout: 500, connectionsCheckingInterval: 20 });
    expect(outcomes).toEqual({ answered: 80, refused: 0, failed: 0 });
    expect(kept_s(slow?.headers, 75)).toBeGreaterThan(0.49);
    expect(kept_s(slow?.headers, 100)).toBeLessThan(1.5);
    for (const kind of [slow?.headers, slow?.bodies, slow?.readers]) {
      expect(kind?.ended).toBeGreaterThanOrEqual(10);
      expect(kind?.served).toBe(kind?.ended);
    }
    expect(kept_s(slow?.bodies, 1)).toBeGreaterThan(0.9);
    expect(kept_s(slow?.readers, 1)).toBeGreaterThan(0.9);
  });

  test('sees headers that nobody closes, and slow clients that are refused or cut off', async () => {
    const { outcomes, slow } = await drive(
      (request, response) => {
        if (request.method === 'POST') response.writeHead(503, { Connection: 'close' }).end();
        else if (request.headers['x-behave'] === undefined) response.writeHead(502).end();
        else response.write('a beginning', () => response.destroy());
      },
      { headersTimeout: 0, requestTimeout: 0 },
    );
    expect(outcomes).toEqual({ answered: 0, refused: 0, failed: 80 });
    // Those of the beginning are there in the end.
    expect(kept_s(slow?.headers, 100)).toBeGreaterThan(2.5);
    expect(slow?.headers.served).toBe(slow?.headers.ended);
    for (const kind of [slow?.bodies, slow?.readers]) {
      expect(kind?.ended).toBeGreaterThan(10);
      expect(kind?.served).toBe(0);
    }
  });
});

test('slow clients have addresses of their own', () => {
  const plan = {
    baseUrl: 'https://api.example',
    hosts: {},
    steps: STEPS,
    routes: [{ name: 'ping', method: 'GET', path: '/api/v1/ping', weight: 1 }],
    headers: {},
    backends: [],
    virtualUsers: 40,
    timeout_s: 15,
  } as const;
  const run = { plan, measured: ['measured'] };
  expect(driverPlan({ ...run, clientBlock: '198.18.64.0/18' }, SLOW)).toMatchObject({ connections: 40, slow: SLOW });
  expect(() => driverPlan({ ...run, clientBlock: '198.18.64.0/19' }, SLOW)).not.toThrow();
  expect(() => driverPlan({ ...run, clientBlock: '198.18.64.0/20' }, SLOW)).toThrow('8040 users need more');
});

const sound = [{ rule: 'the generator ran to its end', holds: true, seen: 'exit code 0' }];
const starved = [{ rule: 'generator below 85 % of its CPU', holds: false, seen: '97 %' }];

const THERE: SlowSeen = {
  headers: { ended: 4_000, served: 4_000, kept: kept(4_000, 10.1) },
  bodies: { ended: 400, served: 400, kept: kept(400, 12.2) },
  readers: { ended: 200, served: 200, kept: kept(200, 12.1) },
};

/** Forty seconds in which so many of 800 ordinary requests were answered. */
function seen(answered: number, slow: SlowSeen, rest: Partial<LoadMeasurement> = {}): LoadSeen {
  return {
    shape: { rate_perS: 20, warmup_s: 14, measured_s: 40 },
    sutCores: 1,
    measured: {
      offered: 800,
      achieved: 800,
      outcomes: { answered, refused: 0, failed: 800 - answered },
      generatorCpu: { share: 0.2, throttled_ms: 0, othersShare: 0 },
      slow,
      ...rest,
    } as unknown as LoadSeen['measured'],
    resources: [],
  };
}

const verdicts = ({ figures = [] }: Scenario, load: LoadSeen, validity = sound): string[] =>
  figures.map((figure) => judgeFigure(figure, load, validity).verdict);

describe('slow clients beside ordinary users', () => {
  const headers = (change: Partial<SlowSeen['headers']>): SlowSeen => ({
    ...THERE,
    headers: { ...THERE.headers, ...change },
  });

  test('are closed in time, and nobody notices', () => {
    expect(verdicts(slowClients, seen(800, THERE))).toEqual(['conforms', 'conforms']);
  });

  test('may stay too long, or push others out', () => {
    expect(verdicts(slowClients, seen(800, headers({ kept: kept(1_000, 5, 3_000, 53) })))).toEqual([
      'conforms',
      'deviates',
    ]);
    expect(verdicts(slowClients, seen(800, headers({ kept: kept(4_000, 12) })))).toEqual(['conforms', 'deviates']);
    expect(verdicts(slowClients, seen(700, THERE))).toEqual(['deviates', 'conforms']);
    expect(verdicts(slowClients, seen(0, headers({ kept: kept(1_000, 5, 3_000, 53) })))).toEqual([
      'deviates',
      'deviates',
    ]);
  });

  test('are kept too long by a gateway that forgets some, not by one that stalls now and then', () => {
    expect(verdicts(slowClients, seen(800, headers({ kept: kept(3_600, 10.1, 400, 40) })))[1]).toBe('deviates');
    expect(verdicts(slowClients, seen(800, headers({ kept: kept(3_900, 10.1, 100, 11.5) })))[1]).toBe('conforms');
    const slowed = { generatorCpu: { share: 0.2, throttled_ms: 0, othersShare: 0.3 } };
    expect(verdicts(slowClients, seen(800, headers({ kept: kept(4_000, 12) }), slowed))[1]).toBe('inconclusive');
  });

  test('that were refused excuse no harm, but nothing was shown without any', () => {
    const refused = headers({ served: 3_000 });
    expect(verdicts(slowClients, seen(800, refused))).toEqual(['inconclusive', 'inconclusive']);
    expect(verdicts(slowClients, seen(700, headers({ served: 3_000, kept: kept(1_000, 5, 3_000, 53) })))).toEqual([
      'deviates',
      'deviates',
    ]);
    const none = { ended: 400, served: 0, kept: kept(0, 0) };
    expect(verdicts(slowClients, seen(800, { ...THERE, bodies: none }))).toEqual(['inconclusive', 'inconclusive']);
    expect(verdicts(slowClients, seen(800, { ...THERE, readers: { ...none, ended: 0 } }))).toEqual([
      'inconclusive',
      'inconclusive',
    ]);
  });

  test('show no harm that a starved generator may have done', () => {
    expect(verdicts(slowClients, seen(700, headers({ kept: kept(1_000, 5, 3_000, 53) })), starved)).toEqual([
      'inconclusive',
      'inconclusive',
    ]);
  });
});

describe('streams to and from slow clients', () => {
  /** So many slow requests of 12 s whose backend was occupied for a time, between ordinary ones that waited for theirs. */
  function written(count: number, upstream_s: number, rest: Partial<LoadMeasurement> = {}): LoadSeen {
    const line = (n: number, request_s: number, occupied_s: number): string =>
      [(1_700_000_000 + n / 100).toFixed(3), 200, request_s.toFixed(3), '0.001', occupied_s.toFixed(3)].join(' ');
    const lines = Array.from({ length: 800 }, (_, n) => line(n, 5, 4.9)).concat(
      Array.from({ length: count }, (_, n) => line(n, 12.1, upstream_s)),
    );
    const slow = { ...THERE, headers: { ended: 0, served: 0, kept: kept(0, 0) } };
    return { ...seen(800, slow, rest), phases: phaseTimes(lines) };
  }

  test('occupy a backend for a moment, or for as long as the client takes', () => {
    expect(verdicts(streaming, written(600, 0.4))).toEqual(['conforms']);
    expect(verdicts(streaming, written(600, 12))).toEqual(['deviates']);
    expect(verdicts(streaming, written(600, 1.2))).toEqual(['deviates']);
  });

  test('show nothing when the gateway did not write them down, or the machine was slow', () => {
    expect(verdicts(streaming, written(500, 0.4))).toEqual(['inconclusive']);
    expect(verdicts(streaming, written(0, 0))).toEqual(['inconclusive']);
    const slowed = { generatorCpu: { share: 0.2, throttled_ms: 0, othersShare: 0.3 } };
    expect(verdicts(streaming, written(600, 1.2, slowed))).toEqual(['inconclusive']);
    expect(verdicts(streaming, written(600, 0.4, slowed))).toEqual(['conforms']);
  });
});
