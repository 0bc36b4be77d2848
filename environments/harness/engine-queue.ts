/**
 * Starts and removals of containers, one at a time. The engine counts the endpoints of
 * a network, and when containers come and go side by side it sometimes miscounts: a
 * network that is empty then "has active endpoints" and cannot be removed before the
 * engine starts again (moby issue 42119; measured with Engine 20.10).
 */
let last: Promise<unknown> = Promise.resolve();

/** Runs work when all that asked before has ended. */
export function inEngineQueue<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work);
  last = mine.catch(() => undefined);
  return mine;
}
