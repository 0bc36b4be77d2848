/** What a worker tells of its own process, under the names that prom-client's default metrics have. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';

/** Rare enough that a score of workers cost a machine nothing; a stall of that length is seen for sure. */
const LOOP_RESOLUTION_MS = 50;

/**
 * Adds heap and event loop; two gauges in place of prom-client's thirty, whose timers come every
 * 10 ms. Of several workers heaps are added up, and of delays the worst counts.
 */
export function addProcessMetrics(registry: Registry): void {
  const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  loop.enable();
  const registers = [registry];
  new Gauge({
    name: 'nodejs_eventloop_lag_p99_seconds',
    help: 'How late the event loop was since the last scrape, 99th percentile.',
    aggregator: 'max',
    registers,
    collect() {
      // Node counts the time between two looks, the wanted one included.
      this.set(Math.max(0, loop.percentile(99) / 1e9 - LOOP_RESOLUTION_MS / 1000));
      loop.reset();
    },
  });
  new Gauge({
    name: 'nodejs_heap_size_used_bytes',
    help: 'Heap in use.',
    registers,
    collect() {
      this.set(process.memoryUsage().heapUsed);
    },
  });
}
