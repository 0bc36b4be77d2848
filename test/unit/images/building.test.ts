import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { describeCapabilities, isReady } from '../../../cli/doctor.ts';
import { capability } from '../../../cli/doctor/capability.ts';
import { nodeCpu } from '../../../environments/harness/image-node.ts';
import { followEngine } from '../../../environments/harness/image-stream.ts';
import { limiter } from '../../../environments/harness/images.ts';

describe('the engine answering', () => {
  test('is read line by line, however it is cut', async () => {
    const seen: string[] = [];
    await followEngine(Readable.from(['{"stream":"Step', ' 1"}\n{"stream":"done"}\n']), ({ stream }) =>
      seen.push(stream ?? ''),
    );
    expect(seen).toEqual(['Step 1', 'done']);
  });

  test('with an error throws its words', async () => {
    const answer = Readable.from([
      '{"stream":"x"}\n{"errorDetail":{"message":"no space left"},"error":"no space left"}\n',
    ]);
    await expect(followEngine(answer, () => undefined)).rejects.toThrow('no space left');
  });
});

describe('builds at the same time', () => {
  test('never exceed the limit, and a failed one frees its slot', async () => {
    const slots = limiter(2);
    let running = 0;
    let most = 0;
    const task = async (fails: boolean): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      if (fails) throw new Error('failed');
    };
    const results = await Promise.allSettled(
      [true, false, true, false, false].map((fails) => slots(() => task(fails))),
    );
    expect(most).toBe(2);
    expect(results.map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'rejected',
      'fulfilled',
      'fulfilled',
    ]);
  });
});

test('architectures have the names of Node', () => {
  expect(['amd64', 'aarch64', 'arm64'].map(nodeCpu)).toEqual(['x64', 'arm64', 'arm64']);
});

describe('doctor', () => {
  const engine = capability('Docker engine', { present: false, found: 'none' }, 'nothing starts', true);
  const netem = capability('netem', { present: false, found: 'no' }, 'no reordering');
  const unknown = capability('NET_ADMIN', { present: undefined, found: 'not built' }, 'nothing is measured', true);

  test('is not ready without what is needed', () => {
    expect(isReady([engine, netem])).toBe(false);
    expect(describeCapabilities([engine, netem])).toContain('Not ready: Docker engine.');
  });

  test('is ready when only extras are missing or something is unknown', () => {
    expect(isReady([netem, unknown])).toBe(true);
    expect(describeCapabilities([netem, unknown])).toContain('no reordering');
  });
});
