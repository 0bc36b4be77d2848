import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Fine enough for a rule of 50 ms, and no load of its own. */
const RESOLUTION_MS = 10;

/** Watches how late this process' event loop is from then on; `stop` tells the 99th percentile, ms. */
export function watchLoop(from_ms: number): { stop(): number } {
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  setTimeout(() => loop.enable(), from_ms).unref();
  return {
    stop() {
      loop.disable();
      // Node counts the time between two looks, the wanted one included.
      return loop.count === 0 ? 0 : Math.max(0, Math.round(loop.percentile(99) / 1e5) / 10 - RESOLUTION_MS);
    },
  };
}
