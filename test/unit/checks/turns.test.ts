import { expect, test } from 'vitest';
import { after, Turns, whenIdle } from '../../../conformance/turns.ts';

/** Work that goes on until it is told to end. */
function piece(): { readonly work: () => Promise<void>; readonly end: () => void; readonly begun: () => boolean } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let begun = false;
  return {
    work: () => {
      begun = true;
      return promise;
    },
    end: resolve,
    begun: () => begun,
  };
}

test('pieces beyond the number at a time wait, in the order in which they asked', async () => {
  const turns = new Turns(1);
  const [first, second, third] = [piece(), piece(), piece()];
  const all = [first, second, third].map(({ work }) => turns.take(work));
  await Promise.resolve();
  expect([first, second, third].map(({ begun }) => begun())).toEqual([true, false, false]);
  first.end();
  await all[0];
  await expect.poll(() => second.begun()).toBe(true);
  expect(third.begun()).toBe(false);
  second.end();
  third.end();
  await Promise.all(all);
});

test('a turn that lasts too long goes to the next, and the work still ends', async () => {
  const turns = new Turns(1);
  const [long, next] = [piece(), piece()];
  const work = turns.take(long.work, after(10));
  const following = turns.take(next.work);
  await expect.poll(() => next.begun()).toBe(true);
  long.end();
  next.end();
  await expect(Promise.all([work, following])).resolves.toBeDefined();
});

test('work that fails gives its turn back', async () => {
  const turns = new Turns(1);
  await expect(turns.take(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
  await expect(turns.take(() => Promise.resolve('fine'))).resolves.toBe('fine');
});

test('whenIdle gives up waiting for spare processors after its longest time', async () => {
  const began = performance.now();
  // More than all of the time can never be idle.
  await whenIdle({ share: 2, every_ms: 5, longest_ms: 40 })(new AbortController().signal);
  expect(performance.now() - began).toBeGreaterThanOrEqual(40);
});

test('whenIdle is quiet at the first look when any share will do', async () => {
  const began = performance.now();
  await whenIdle({ share: 0, every_ms: 5, longest_ms: 10_000 })(new AbortController().signal);
  expect(performance.now() - began).toBeLessThan(5_000);
});
