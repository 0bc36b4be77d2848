import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { serveAgent } from '../../../conformance/clients/agent.ts';
import { AgentError, longestRun_ms, RemoteAgent } from '../../../conformance/clients/remote-agent.ts';
import { httpServer, httpStep, scripted, webSocketStep } from './servers.ts';

let arrivalsFolder = '';

beforeAll(async () => {
  arrivalsFolder = await mkdtemp(join(tmpdir(), 'gateproof-agent-'));
  await writeFile(join(arrivalsFolder, 'admin-1.ndjson'), '{"at":1,"url":"/m1"}\n');
});

afterAll(() => rm(arrivalsFolder, { recursive: true, force: true }));

/** An agent in this process, behind the same streams as one in a container. */
function connected() {
  const input = new PassThrough();
  const output = new PassThrough();
  const served = serveAgent({ input, output, arrivalsFolder }).then(() => output.end());
  return { remote: new RemoteAgent({ stdin: input, stdout: output }), input, output, served };
}

describe('over a pair of streams', () => {
  test('ping, arrivals and schedules at the same time', async () => {
    await using server = await httpServer((request, response) => {
      setTimeout(() => response.end(), request.url === '/slow' ? 400 : 0);
    });
    const { remote, served } = connected();
    const order: string[] = [];
    const note = (name: string) => () => void order.push(name);
    const slow = remote.schedule([httpStep(server.target, { path: '/slow' })]);
    const quick = remote.schedule([httpStep(server.target, { path: '/quick' })]);
    await Promise.all([
      slow.then(note('slow')),
      quick.then(note('quick')),
      remote.ping(),
      expect(remote.arrivals('m1')).resolves.toEqual([{ at: 1, url: '/m1' }]),
    ]);
    expect(order).toEqual(['quick', 'slow']);
    expect((await slow).observations).toMatchObject([{ kind: 'http', status: 200 }]);
    await remote.close();
    await served;
  });

  test('a refused schedule says what and why', async () => {
    const { remote } = connected();
    const bad = remote.schedule([httpStep({ address: '127.0.0.1', port: 9 }, {}, { from: 'nowhere' })]);
    await expect(bad).rejects.toThrow(
      'the vantage agent failed at a schedule of 1 steps: step "step": from is "nowhere"',
    );
    await remote.ping();
    await remote.close();
  });

  test('an aborted schedule is stopped at the agent too', async () => {
    const closed = Promise.withResolvers<void>();
    await using server = await scripted((socket) => {
      socket.resume().on('end', closed.resolve).on('close', closed.resolve);
    });
    const { remote } = connected();
    const controller = new AbortController();
    const running = remote.schedule([httpStep(server.target, {}, { timeout_ms: 60_000 })], {
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(new Error('enough')), 60);
    await expect(running).rejects.toThrow('enough');
    // Long before the step's own time is over.
    await closed.promise;
    await remote.close();
  });

  test('what is not a request is answered with its fault', async () => {
    const { input, output } = connected();
    const answers: string[] = [];
    output.on('data', (piece: Buffer) => answers.push(piece.toString()));
    input.write('nonsense\n\n{"op":"dance","seq":7}\n{"op":"ping"}\n');
    await expect.poll(() => answers.join('').split('\n').length).toBe(4);
    const replies = answers
      .join('')
      .trim()
      .split('\n')
      .map((text) => JSON.parse(text) as { seq: number; message: string });
    expect(replies.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual([-1, -1, 7]);
    expect(replies.find(({ seq }) => seq === 7)?.message).toBe('unknown op "dance"');
    input.end();
  });
});

describe('an agent that dies', () => {
  test('rejects what is pending, and says what it printed last', async () => {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const remote = new RemoteAgent({ stdin: new PassThrough(), stdout, stderr }, 'inspector agent');
    const pending = remote.arrivals('m1');
    stderr.write('Error: Cannot find package\n');
    setImmediate(() => stdout.end('half a line'));
    const failure: unknown = await pending.catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AgentError);
    expect(String(failure)).toContain(
      'the inspector agent is gone (its output ended) after 0 answers, asked for the arrivals of m1',
    );
    expect(String(failure)).toContain('Error: Cannot find package\nhalf a line');
    await expect(remote.ping()).rejects.toThrow('is gone');
  });

  test('is noticed at its input as well', async () => {
    const stdin = new PassThrough();
    const remote = new RemoteAgent({ stdin, stdout: new PassThrough() });
    const pending = remote.ping();
    stdin.destroy(new Error('write EPIPE'));
    await expect(pending).rejects.toThrow('its input broke (write EPIPE)');
  });
});

test('the longest run counts steps that wait for one another', () => {
  const target = { address: '127.0.0.1', port: 9 };
  const one = httpStep(target, {}, { timeout_ms: 1000, at_ms: 500 });
  expect(longestRun_ms([one])).toBe(2500);
  expect(
    longestRun_ms([
      { ...one, connection: 'c' },
      { ...one, connection: 'c' },
    ]),
  ).toBe(3500);
});

test('as a program: answers on standard output, ends with its input', async () => {
  await using server = await httpServer((_request, response) => response.end('hi'));
  const program = join(import.meta.dirname, '../../../conformance/clients/agent.ts');
  const child = spawn(process.execPath, [program], { env: { ...process.env, ARRIVALS_DIR: arrivalsFolder } });
  const exit = once(child, 'exit');
  const remote = new RemoteAgent({ stdin: child.stdin, stdout: child.stdout, stderr: child.stderr });
  await remote.ping();
  const steps = [httpStep(server.target), webSocketStep(server.target, { id: 'ws' })];
  const { observations } = await remote.schedule(steps);
  // A plain server ignores the upgrade and answers as usual: a refusal.
  expect(observations).toMatchObject([{ status: 200 }, { status: 200, kind: 'websocket' }]);
  expect(await remote.arrivals('m1')).toHaveLength(1);
  await remote.close();
  expect(await exit).toEqual([0, null]);
});
