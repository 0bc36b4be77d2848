import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import type { DriverEnd } from '../../../scenarios/drivers/plan.ts';
import type { LoadSamples } from '../../../scenarios/engines/samples.ts';
import { runDriver } from './run-driver.ts';

const STEPS = [
  { name: 'warm-up', rate_perS: 100, start_s: 0, duration_s: 0.5, drain_s: 0 },
  { name: 'measured', rate_perS: 100, start_s: 0.5, duration_s: 1.5, drain_s: 1 },
];

let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
});

/** Lets the driver ask a stand-in for Redis, which is told each command's words. */
async function load(
  answer: (socket: Socket, words: readonly string[]) => void,
  connections = 10,
): Promise<{ samples: LoadSamples; end: DriverEnd }> {
  server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.setEncoding('utf8');
    // Odd parts of a command are the lengths of the even ones.
    socket.on('data', (sent: string) => {
      answer(
        socket,
        sent.split('\r\n').filter((part, at) => at > 0 && at % 2 === 0 && part !== ''),
      );
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return runDriver('redis.ts', {
    url: `redis://127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
    serverName: '127.0.0.1',
    headers: {},
    route: 'INCR and GET',
    steps: STEPS,
    rate_perS: 100,
    connections,
    firstAddress: '127.0.0.1',
    timeout_s: 1,
  });
}

/** As Redis answers: a count, then its text. */
function counting(): (words: readonly string[]) => string {
  const counts = new Map<string, number>();
  return ([name, key = '']) => {
    const count = counts.get(key) ?? 0;
    if (name === 'INCR') counts.set(key, count + 1);
    return name === 'INCR' ? `:${String(count + 1)}\r\n` : `$${String(String(count).length)}\r\n${String(count)}\r\n`;
  };
}

test('every command is due at its time, is answered and counted', async () => {
  const seen = new Map<string, number>();
  const reply = counting();
  const { samples, end } = await load((socket, words) => {
    seen.set(words.join(' '), (seen.get(words.join(' ')) ?? 0) + 1);
    const answer = reply(words);
    // In two pieces, as a network may deliver it.
    socket.write(answer.slice(0, 2));
    setImmediate(() => socket.write(answer.slice(2)));
  });
  expect(samples.outcomes).toMatchObject({ refused: 0, failed: 0 });
  expect(samples.outcomes.answered).toBeGreaterThanOrEqual(148);
  expect(samples.outcomes.answered).toBeLessThanOrEqual(152);
  expect(end.requests).toBe(samples.seen);
  // Each connection counts a key of its own, and reads what it counted.
  expect([...seen.keys()].filter((command) => command.startsWith('INCR'))).toHaveLength(10);
  expect(seen.get('GET gateproof:load:0')).toBeGreaterThanOrEqual(9);
});

test('a command that finds no free connection waits, and its wait counts', async () => {
  const reply = counting();
  // Two connections carry a hundred a second only if an answer takes less than 20 ms.
  const { samples } = await load((socket, words) => setTimeout(() => socket.write(reply(words)), 40), 2);
  expect(samples.actual.percentile_ms(50)).toBeLessThan(100);
  expect(samples.corrected.percentile_ms(50)).toBeGreaterThan(200);
});

test('errors of Redis, silence and lost connections are failures', async () => {
  const reply = counting();
  const { samples } = await load((socket, words) => {
    const key = words[1] ?? '';
    if (key.endsWith(':0')) socket.write('-LOADING Redis is loading the dataset in memory\r\n');
    else if (key.endsWith(':1')) socket.destroy();
    else if (!key.endsWith(':2')) socket.write(reply(words));
  });
  const kinds = new Map(samples.kinds.table().map(({ kind, outcome }) => [kind, outcome]));
  expect(kinds.get('error of Redis')).toBe('failed');
  expect(kinds.get('answered')).toBe('answered');
});
