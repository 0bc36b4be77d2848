import { describe, expect, test } from 'vitest';
import {
  BehaviourError,
  decide,
  parseBehaviour,
  parseInstanceBehaviour,
  shapes,
} from '../../../environments/apps/service/behaviour.ts';
import type { Occasion } from '../../../environments/apps/service/behaviour.ts';

function occasion(overrides: Partial<Occasion> = {}): Occasion {
  const seen = new Map<string, number>();
  const count = (key: string): number => {
    seen.set(key, (seen.get(key) ?? 0) + 1);
    return seen.get(key) ?? 0;
  };
  return { instance: 'customer-1', path: '/x', spared: ['/health', '/metrics'], count, ...overrides };
}

describe('reading a behaviour', () => {
  test('accepts every documented key', () => {
    const text =
      '{"status":503,"delay_ms":1,"headerDelay_ms":2,"headers":{"a":"b","c":["d","e"]},"headerBytes":9,"body":"x","bodyBytes":1,"contentType":"t",' +
      '"gzip":true,"stream":{"chunks":1,"interval_ms":0,"chunkBytes":1},"truncate":true,"reset":true,"hang":true,"closeAfter":true,' +
      '"neverRead":true,"only":["customer-1"],"paths":["/x"],"key":"k","first":1}';
    expect(parseBehaviour(text)).toMatchObject({ status: 503, first: 1 });
  });

  test.each([
    ['{"statu":503}', /unknown key "statu"; known: status/],
    ['{"toString":1}', /unknown key "toString"/],
    ['{"status":"503"}', /"status" must be a whole number from 200 to 599/],
    ['{"status":101}', /"status" must be/],
    ['{"delay_ms":-1}', /"delay_ms" must be/],
    ['{"headers":{"a":1}}', /"headers" must be/],
    ['{"stream":{"chunks":1}}', /"stream" must be/],
    ['{"first":1}', /"first" needs a "key"/],
    ['{"listening":false}', /unknown key "listening"/],
    ['[]', /not a JSON object/],
    ['{', /not JSON/],
  ])('refuses %s', (text, message) => {
    expect(() => parseBehaviour(text)).toThrow(BehaviourError);
    expect(() => parseBehaviour(text)).toThrow(message);
  });

  test('knows two more keys in the file of an instance', () => {
    expect(parseInstanceBehaviour('{"listening":false,"serviceTime":{"scale":2}}')).toEqual({
      listening: false,
      serviceTime: { scale: 2 },
    });
    expect(() => parseInstanceBehaviour('{"serviceTime":{"factor":2}}')).toThrow(BehaviourError);
  });
});

describe('deciding what holds', () => {
  test('lays the request over the instance, key by key', () => {
    expect(decide({ delay_ms: 5 }, { status: 503, delay_ms: 1 }, occasion()).behaviour).toEqual({
      delay_ms: 5,
      status: 503,
    });
  });

  test('applies on the named instances and paths only', () => {
    expect(decide({ status: 503, only: ['customer-2'] }, {}, occasion()).behaviour).toEqual({});
    expect(decide({ status: 503, paths: ['/y'] }, {}, occasion()).behaviour).toEqual({});
    expect(decide({ status: 503, only: ['customer-1'], paths: ['/x'] }, {}, occasion()).behaviour).toMatchObject({
      status: 503,
    });
  });

  test("spares health and metrics from an instance's file unless it names them", () => {
    const health = occasion({ path: '/health' });
    expect(decide({}, { status: 503 }, health).behaviour).toEqual({});
    expect(decide({}, { status: 503, paths: ['/health'] }, health).behaviour).toMatchObject({ status: 503 });
    expect(decide({ status: 503 }, {}, health).behaviour).toMatchObject({ status: 503 });
  });

  test('stops after the first so many of a key, and tells the count', () => {
    const here = occasion();
    const asked = { status: 500, key: 'k', first: 2 };
    const statuses = [1, 2, 3].map(() => decide(asked, {}, here));
    expect(statuses.map(({ behaviour }) => behaviour.status)).toEqual([500, 500, undefined]);
    expect(statuses.map(({ hits }) => hits)).toEqual([1, 2, 3]);
  });

  test('counts a key only where the behaviour applies', () => {
    const here = occasion();
    decide({ key: 'k', only: ['customer-2'] }, {}, here);
    expect(decide({ key: 'k' }, {}, here).hits).toBe(1);
  });

  test('tells a change of the answer from a mere delay', () => {
    expect(shapes({ delay_ms: 5, key: 'k' })).toBe(false);
    expect(shapes({ status: 200 })).toBe(true);
  });
});
