/**
 * A server whose truth is known, for the calibration of load engines. Modes:
 *
 * - `uniform`: answers after 5 to 100 ms, evenly spread
 * - `stall`: answers after 10 ms, except in the two seconds from the eighth on after the
 *   first request: then only once they are over
 * - `queue`: one request at a time, 10 ms each, so exactly 100 a second
 *
 * `GET /truth` answers with the percentiles of the times that it really took.
 *
 * Usage: node truth-server.ts <mode> <port>
 */
import { createServer } from 'node:http';
import hdr from 'hdr-histogram-js';

type Mode = 'uniform' | 'stall' | 'queue';

const SERVICE_MS = 10;
const UNIFORM_MS = { least: 5, most: 100 };
const STALL_MS = { from: 8_000, to: 10_000 };

const [mode, port] = [process.argv[2] as Mode, Number(process.argv[3])];
const took = hdr.build({
  lowestDiscernibleValue: 1,
  highestTrackableValue: 60_000_000,
  numberOfSignificantValueDigits: 3,
});
let first_ms: number | null = null;
let number = 0;
let free_ms = 0;

/** When the answer to a request that came now is due, on this server's clock. */
const due: Readonly<Record<Mode, (now_ms: number) => number>> = {
  // A golden-ratio walk: any stretch of requests has the same distribution.
  uniform: (now_ms) =>
    now_ms + UNIFORM_MS.least + ((number * 0.6180339887498949) % 1) * (UNIFORM_MS.most - UNIFORM_MS.least),
  stall: (now_ms) => {
    const since = now_ms - (first_ms ?? now_ms);
    const stalled = since >= STALL_MS.from && since < STALL_MS.to;
    return (stalled ? now_ms - since + STALL_MS.to : now_ms) + SERVICE_MS;
  },
  queue: (now_ms) => {
    free_ms = Math.max(free_ms, now_ms) + SERVICE_MS;
    return free_ms;
  },
};

createServer((request, response) => {
  if (request.url === '/truth') {
    const at = (percentile: number): number => took.getValueAtPercentile(percentile) / 1000;
    response.end(JSON.stringify({ p50_ms: at(50), p95_ms: at(95), p99_ms: at(99), requests: took.totalCount }));
    return;
  }
  const now_ms = performance.now();
  first_ms ??= now_ms;
  number += 1;
  setTimeout(
    () => {
      response.end('ok');
      took.recordValue(Math.round((performance.now() - now_ms) * 1000));
    },
    Math.max(0, due[mode](now_ms) - now_ms),
  );
}).listen(port, '127.0.0.1', () => process.stdout.write('listening\n'));
