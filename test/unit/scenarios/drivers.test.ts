import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as later } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { Cells, kindOf } from '../../../scenarios/drivers/cells.ts';
import { watchLoop } from '../../../scenarios/drivers/loop.ts';
import { addressAfter } from '../../../scenarios/drivers/plan.ts';
import type { DriverEnd, DriverPlan } from '../../../scenarios/drivers/plan.ts';
import { shares } from '../../../environments/harness/addresses.ts';
import { driverPlan } from '../../../scenarios/engines/driven.ts';
import { segment } from '../../../scenarios/engines/k6.ts';
import { LoadSamples } from '../../../scenarios/engines/samples.ts';
import { endOf, linesOf } from './run-driver.ts';

const STEPS = [
  { name: 'warm-up', rate_perS: 40, start_s: 0, duration_s: 1, drain_s: 0 },
  { name: 'measured', rate_perS: 40, start_s: 1, duration_s: 2, drain_s: 15 },
];

/** What a reader makes of lines. */
function read(lines: readonly string[]): LoadSamples {
  const samples = new LoadSamples(STEPS, ['measured'], 15);
  for (const line of lines) samples.take(line);
  return samples;
}

test('cells are read as they were counted', () => {
  const lines: string[] = [];
  const cells = new Cells(STEPS, 'static', (line) => lines.push(line));
  cells.take({ intended_ms: 500, corrected_ms: 9, actual_ms: 9, status: 200 });
  for (const intended_ms of [1_000, 1_500, 2_999])
    cells.take({ intended_ms, corrected_ms: 30, actual_ms: 10, status: 200 });
  cells.take({ intended_ms: 2_000, corrected_ms: 1, actual_ms: 1, status: 429 });
  cells.take({ intended_ms: 2_000, corrected_ms: 1, actual_ms: 1, status: 503 });
  cells.take({ intended_ms: 2_000, corrected_ms: 1, actual_ms: 1, status: null });
  cells.drop(2_500, 1);
  cells.take({ intended_ms: 3_000, corrected_ms: 1, actual_ms: 1, status: 200 });
  cells.end();
  const samples = read(lines);
  expect(samples.seen).toBe(cells.counted);
  expect(samples.outcomes).toEqual({ answered: 3, refused: 1, failed: 2 });
  expect(samples.dropped).toBe(1);
  expect(samples.corrected.percentile_ms(50)).toBeCloseTo(30, 1);
  expect(samples.actual.percentile_ms(50)).toBeCloseTo(10, 1);
  expect(samples.buckets().map(({ at_s, achieved, errors }) => [at_s, achieved, errors])).toEqual([
    [0, 1, 0],
    [1, 2, 0],
    [2, 4, 2],
  ]);
  expect(samples.kinds.table().map(({ kind, requests }) => [kind, requests])).toEqual([
    ['answered', 3],
    ['limited', 1],
    ['status 503', 1],
    ['no answer', 1],
  ]);
});

test('a kind is one of few: by status, and by the cache state of an answer where headers are seen', () => {
  expect(kindOf(200)).toBe('answered');
  expect(kindOf(200, { cacheState: undefined })).toBe('upstream');
  expect(kindOf(200, { cacheState: 'HIT' })).toBe('hit');
  expect(kindOf(200, { cacheState: `made up ${String(Math.random())}` })).toBe('other');
  expect(kindOf(503, { cacheState: 'STALE' })).toBe('status 503');
  expect(kindOf(429)).toBe('limited');
  expect(kindOf(null)).toBe('no answer');
});

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Lets a driver ask a server; `answer` handles the n-th request. */
async function driven(
  program: string,
  answer: (response: ServerResponse, number: number) => void,
  connections: number,
  timeout_s = 5,
): Promise<string[]> {
  let number = 0;
  server = createServer((_, response) => {
    answer(response, (number += 1));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const plan: DriverPlan = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    serverName: 'demo',
    headers: {},
    route: 'static',
    steps: STEPS,
    rate_perS: 40,
    connections,
    firstAddress: '127.0.0.1',
    timeout_s,
  };
  return linesOf(program, plan);
}

test.each(['connections.ts', 'autocannon.ts'])('%s tells how late its event loop was', async (program) => {
  const lines = await driven(program, (response) => response.end('ok'), 8);
  expect(endOf(lines).loopDelay_ms).toBeGreaterThanOrEqual(0);
});

test('an event loop that is kept busy is late', async () => {
  const loop = watchLoop(0);
  await later(30);
  const until_ms = performance.now() + 200;
  while (performance.now() < until_ms);
  await later(30);
  expect(loop.stop()).toBeGreaterThan(150);
});

describe('connections', () => {
  const end = (lines: readonly string[]): DriverEnd['connections'] => endOf(lines).connections;
  const ok = (response: ServerResponse): void => {
    setTimeout(() => response.end('ok'), 2);
  };

  test('are held when each is answered twice', async () => {
    const lines = await driven('connections.ts', ok, 40);
    expect(end(lines)).toMatchObject({ held: 40, lost: 0 });
    expect(read(lines).outcomes).toEqual({ answered: 40, refused: 0, failed: 0 });
  });

  test('are lost when they are refused or closed', async () => {
    const lines = await driven(
      'connections.ts',
      (response, number) => {
        if (number <= 10) response.statusCode = 503;
        if (number > 10 && number <= 15) response.setHeader('Connection', 'close');
        ok(response);
      },
      40,
    );
    expect(end(lines)).toMatchObject({ held: 25, lost: 15 });
  });

  test('requests of the measured step that wait together are counted', async () => {
    const lines = await driven(
      'connections.ts',
      (response, number) => {
        // Forty open their connection first.
        const waits = number > 40 && number <= 48;
        if (number > 48) response.statusCode = 503;
        setTimeout(() => response.end('ok'), waits ? 1_500 : 1);
      },
      40,
    );
    expect(end(lines)?.waiting).toBe(8);
  });
});

describe('h2load', () => {
  /** Runs the program with this script in place of the tool, or with none. */
  async function h2load(script: string | null): Promise<{ readonly code: unknown; readonly lines: readonly string[] }> {
    const folder = mkdtempSync(join(tmpdir(), 'gateproof-path-'));
    for (const tool of ['sh', 'cat', 'date']) symlinkSync(`/bin/${tool}`, join(folder, tool));
    if (script !== null) writeFileSync(join(folder, 'h2load'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    const plan: DriverPlan = {
      url: 'http://127.0.0.1:9/',
      serverName: 'demo',
      headers: {},
      route: 'static',
      steps: STEPS,
      rate_perS: 2_000,
      connections: 20,
      firstAddress: '127.0.0.1',
      timeout_s: 5,
    };
    const file = join(import.meta.dirname, '../../../scenarios/drivers/h2load.ts');
    const child = spawn(process.execPath, [file, JSON.stringify(plan)], {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { PATH: folder },
    });
    const lines: string[] = [];
    createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const code = await new Promise((resolve) => child.once('close', resolve));
    rmSync(folder, { recursive: true });
    return { code, lines };
  }

  test('that cannot be started is a broken generator, not a silent gateway', async () => {
    expect((await h2load(null)).code).toBe(1);
  });

  test('waited in vain for what ended with the time-out, and not for what ended at once', async () => {
    const entry = (took_us: number, status: number): string =>
      `printf '%s\\t${status}\\t${took_us}\\n' "$(date +%s%6N)"`;
    const summary = "echo 'requests: 3 total, 3 started, 3 done, 1 succeeded'";
    const { code, lines } = await h2load([entry(2_000, 200), entry(4_999_000, -1), entry(900, -1), summary].join('\n'));
    expect(code).toBe(0);
    const kinds = read(lines).kinds.table();
    expect(kinds.map(({ kind }) => kind).toSorted()).toEqual(['answered', 'no answer', 'time-out']);
  });
});

describe('autocannon', () => {
  const drive = async (answer: (number: number) => number, connections: number): Promise<LoadSamples> =>
    read(
      await driven(
        'autocannon.ts',
        (response, number) => setTimeout(() => response.end('ok'), answer(number)),
        connections,
      ),
    );

  test('sends what it was asked for, and says when it could not', async () => {
    const samples = await drive(() => 2, 8);
    expect(samples.outcomes.failed + samples.outcomes.refused).toBe(0);
    expect(samples.outcomes.answered).toBeGreaterThanOrEqual(78);
    expect(samples.outcomes.answered + samples.dropped).toBeLessThanOrEqual(82);
    expect(samples.corrected.percentile_ms(50)).toBeLessThan(60);
  });

  test('a stall that a closed loop hides is in the dropped and the corrected', async () => {
    // From about the second second on one answer takes two and a half: its connection sends nothing meanwhile.
    const samples = await drive((number) => (number === 60 ? 2_500 : 2), 2);
    expect(samples.dropped).toBeGreaterThan(20);
    expect(samples.corrected.percentile_ms(100)).toBeGreaterThan(1_400);
  });
});

test.each([
  ['autocannon.ts', 4],
  ['connections.ts', 40],
])('%s tells hits, refusals, errors, time-outs and closed connections apart', async (program, connections) => {
  const lines = await driven(
    program,
    (response, number) => {
      // Forty requests warm up. Of the measured ones each fifth waits for ever, or is cut off.
      const turn = number <= 40 ? 0 : number % 5;
      if (turn === 1) response.setHeader('X-Cache-Status', 'HIT');
      if (turn === 2) response.statusCode = 429;
      if (turn === 3) response.statusCode = 502;
      if (number === 44) return;
      if (number === 49) response.destroy();
      else response.end('ok');
    },
    connections,
    1,
  );
  const kinds = read(lines)
    .kinds.table()
    .map(({ kind }) => kind);
  expect(kinds.toSorted()).toEqual(['hit', 'limited', 'no answer', 'status 502', 'time-out', 'upstream']);
});

test('addresses follow each other', () => {
  expect([0, 254, 255, 65_535].map((n) => addressAfter('198.18.64.1', n))).toEqual([
    '198.18.64.1',
    '198.18.64.255',
    '198.18.65.0',
    '198.19.64.0',
  ]);
});

describe('the plan of a driver', () => {
  const plan = {
    baseUrl: 'https://api.example',
    hosts: { 'api.example': '198.18.0.101' },
    steps: STEPS,
    routes: [{ name: 'static', method: 'GET', path: '/static/app.js', weight: 1 }],
    headers: {},
    backends: [],
    virtualUsers: 3,
    timeout_s: 15,
  } as const;

  test('asks the gateway by its address, from addresses of the block', () => {
    expect(driverPlan({ plan, measured: ['measured'], clientBlock: '198.18.64.0/18' })).toMatchObject({
      url: 'https://198.18.0.101/static/app.js',
      serverName: 'api.example',
      connections: 3,
      firstAddress: '198.18.64.1',
    });
  });

  test('refuses what the tool cannot do', () => {
    const two = { ...plan, routes: [...plan.routes, ...plan.routes] };
    expect(() => driverPlan({ plan: two, measured: ['measured'], clientBlock: '198.18.64.0/18' })).toThrow(RangeError);
    expect(() => driverPlan({ plan, measured: ['measured'], clientBlock: '198.18.64.0/30' })).toThrow(
      '3 users need more',
    );
  });
});

test('segments of several generators cover the load once', () => {
  expect(segment(0, 1)).toEqual([]);
  const of3 = [0, 1, 2].map((n) => segment(n, 3));
  expect(of3.map(([, range]) => range)).toEqual(['0/3:1/3', '1/3:2/3', '2/3:3/3']);
  for (const [, , , sequence] of of3) expect(sequence).toBe('0/3,1/3,2/3,3/3');
});

test('parts of a block of addresses do not overlap', () => {
  expect(shares('198.18.64.0/18', 1)).toEqual(['198.18.64.0/18']);
  expect(shares('198.18.64.0/18', 3)).toEqual(['198.18.64.0/20', '198.18.80.0/20', '198.18.96.0/20']);
});
