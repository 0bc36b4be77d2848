/** Calibration of the limiter estimator: servers with known buckets, real sockets, a schedule of bursts and a steady stream. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { CalibrationResult } from '../../reports/record/types.ts';
import { monotonic_ms } from '../clock.ts';
import { estimateLimiter } from '../token-bucket.ts';
import type { LeakyBucket, LimiterEstimate, LimiterObservation } from '../token-bucket.ts';

/** Relative width that the interval of the rate must not exceed for the estimate to be of use. */
export const RATE_TOLERANCE = 0.1;

/** Buckets of the documented limiter's shape at rates that take seconds, not minutes, to show. */
export const KNOWN_BUCKETS: readonly LeakyBucket[] = [
  { rate_perS: 100 / 60, burst: 20 },
  { rate_perS: 10, burst: 5 },
  { rate_perS: 5, burst: 10 },
];

/** What the estimator says about a real server with this bucket. */
export async function measureBucket(bucket: LeakyBucket): Promise<LimiterEstimate> {
  const server = spawn(
    process.execPath,
    [fileURLToPath(new URL('./limiter-server.ts', import.meta.url)), JSON.stringify(bucket)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  try {
    const [line] = (await once(createInterface({ input: server.stdout }), 'line')) as [string];
    const { port } = JSON.parse(line) as { port: number };
    return estimateLimiter(await runSchedule(port, schedule(bucket)));
  } finally {
    server.kill('SIGKILL');
  }
}

/** All buckets, as results for the run record: the estimate must hold the truth, name one burst, and be narrow. */
export async function calibrateLimiter(buckets: readonly LeakyBucket[] = KNOWN_BUCKETS): Promise<CalibrationResult[]> {
  const estimates = await Promise.all(buckets.map(measureBucket));
  return buckets.flatMap((bucket, index): CalibrationResult[] => {
    const estimate = estimates[index];
    const rate = estimate?.rate_perS ?? { min: 0, max: 0 };
    const burst = estimate?.burst ?? { min: -1, max: -1 };
    const name = `limiter of ${round(bucket.rate_perS)}/s, burst ${bucket.burst}`;
    const middle = (rate.min + rate.max) / 2;
    return [
      {
        instrument: `${name}: rate`,
        truth: round(bucket.rate_perS),
        measured: round(middle),
        tolerance: round(bucket.rate_perS * RATE_TOLERANCE),
        unit: 'requests/s',
        holds:
          rate.min <= bucket.rate_perS &&
          bucket.rate_perS <= rate.max &&
          (rate.max - rate.min) / 2 <= bucket.rate_perS * RATE_TOLERANCE,
      },
      {
        instrument: `${name}: burst`,
        truth: bucket.burst,
        measured: (burst.min + burst.max) / 2,
        tolerance: 0,
        unit: 'requests',
        holds: burst.min === bucket.burst && burst.max === bucket.burst,
      },
    ];
  });
}

/** A burst that overflows the bucket, then a stream at three times the rate: the first shows the burst, the second the rate. */
function schedule(bucket: LeakyBucket): number[] {
  const burst = Array.from({ length: bucket.burst + 6 }, () => 0);
  const gap_ms = 1000 / (bucket.rate_perS * 3);
  const stream = Array.from({ length: 36 }, (_, index) => (index + 1) * gap_ms);
  return [...burst, ...stream];
}

function runSchedule(port: number, at_ms: readonly number[]): Promise<LimiterObservation[]> {
  const started_ms = monotonic_ms() + 20;
  return Promise.all(
    at_ms.map(async (offset_ms) => {
      await new Promise((resolve) => setTimeout(resolve, started_ms + offset_ms - monotonic_ms()));
      return ask(port);
    }),
  );
}

async function ask(port: number): Promise<LimiterObservation> {
  const sent_ms = monotonic_ms();
  const outgoing = request({ host: '127.0.0.1', port, agent: false });
  outgoing.end();
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const done_ms = monotonic_ms();
  response.resume();
  return { sent_ms, done_ms, accepted: response.statusCode === 200 };
}

const round = (value: number): number => Math.round(value * 1000) / 1000;
