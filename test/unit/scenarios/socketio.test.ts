import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Server } from 'socket.io';
import type { ServerOptions } from 'socket.io';
import { afterEach, expect, test } from 'vitest';
import type { DriverEnd, DriverPlan } from '../../../scenarios/drivers/plan.ts';
import { LoadSamples } from '../../../scenarios/engines/samples.ts';

const RATE_PER_S = 4;
const STEPS = [
  { name: 'warm-up', rate_perS: RATE_PER_S, start_s: 0, duration_s: 1, drain_s: 0 },
  { name: 'measured', rate_perS: RATE_PER_S, start_s: 1, duration_s: 4, drain_s: 6 },
];

let listening: HttpServer | undefined;
let server: Server | undefined;
afterEach(() => {
  server?.disconnectSockets(true);
  listening?.closeAllConnections();
  listening?.close();
});

/** Leads users through sessions with a server that greets as the instance of the given names, in turn. */
async function visit(instances: readonly string[], options: Partial<ServerOptions>) {
  listening = createServer();
  server = new Server(listening, options);
  let sessions = 0;
  server.on('connection', (socket) => {
    socket.emit('hello', { instance: instances[sessions++ % instances.length] });
    socket.on('echo', (data: unknown, done: (value: unknown) => void) => {
      done(data);
    });
  });
  await new Promise<void>((resolve) => listening?.listen(0, '127.0.0.1', resolve));
  const plan: DriverPlan = {
    url: `http://127.0.0.1:${String((listening.address() as AddressInfo).port)}/socket.io/`,
    serverName: 'demo.test',
    headers: {},
    route: 'socket.io',
    steps: STEPS,
    rate_perS: RATE_PER_S,
    connections: 16,
    firstAddress: '127.0.0.1',
    timeout_s: 6,
  };
  const file = join(import.meta.dirname, '../../../scenarios/drivers/socketio.ts');
  const child = spawn(process.execPath, [file, JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = (await text(child.stdout)).split('\n');
  const samples = new LoadSamples(STEPS, ['measured'], plan.timeout_s);
  for (const line of lines) samples.take(line);
  const end = JSON.parse(lines.find((line) => line.startsWith('{"requests":')) ?? '{}') as DriverEnd;
  return { samples, end };
}

test('sessions are polled, upgraded, answered, and users come back to their instance', async () => {
  const { samples, end } = await visit(['customer-1'], {});
  expect(samples.outcomes).toEqual({ answered: 16, refused: 0, failed: 0 });
  expect(samples.dropped).toBe(0);
  expect(end).toEqual({ requests: 20, tallies: { returned: 4, moved: 0 } });
});

test('users who meet another instance are counted', async () => {
  const { end } = await visit(['a', 'b', 'c'], {});
  expect(end.tallies).toEqual({ returned: 0, moved: 4 });
});

test('a session that stays with polling has failed', async () => {
  const { samples } = await visit(['customer-1'], { allowUpgrades: false });
  expect(samples.outcomes.answered).toBe(0);
  expect(samples.outcomes.failed).toBeGreaterThan(0);
});
