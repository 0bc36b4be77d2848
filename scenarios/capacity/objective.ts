/** A service-level objective: limits of latency percentiles and of the share of errors. */
import { proportionInterval } from '../../measurement/statistics.ts';
import type { LoadMeasurement } from '../engines/engine.ts';
import { worthOfFailed } from '../engines/seconds.ts';
import type { StepVerdict } from './search.ts';

export interface Objective {
  readonly latencies: readonly { readonly percentile: number; readonly limit_ms: number }[];
  /** Share below which failed requests must stay, 0–1, both excluded. */
  readonly errors: number;
}

/**
 * Reads `p95=800ms,p99=1.5s,errors=1%`.
 *
 * @throws RangeError that says what was not understood
 */
export function parseObjective(text: string): Objective {
  const latencies: { percentile: number; limit_ms: number }[] = [];
  let errors = 0.01;
  for (const part of text.split(',').map((one) => one.trim())) {
    const latency = /^p(\d+(?:\.\d+)?)=(\d+(?:\.\d+)?)(ms|s)$/i.exec(part);
    const share = /^errors=(\d+(?:\.\d+)?)%$/i.exec(part);
    if (latency) {
      const [, percentile = '', value = '', unit = 'ms'] = latency;
      latencies.push({ percentile: Number(percentile), limit_ms: Number(value) * (unit === 's' ? 1000 : 1) });
    } else if (share) errors = Number(share[1]) / 100;
    else throw new RangeError(`'${part}' is no objective; write p95=800ms, p99=1.5s or errors=1%`);
  }
  if (latencies.length === 0 || latencies.some(({ percentile }) => percentile <= 0 || percentile >= 100))
    throw new RangeError('an objective needs a percentile between 0 and 100, such as p95=800ms');
  // No number of requests shows that none ever fails, and none is needed where all may.
  if (!(1 - errors > 0 && 1 - errors < 1))
    throw new RangeError('errors must lie between 0 % and 100 %, both excluded, such as errors=0.1%');
  return { latencies, errors };
}

/** An objective as `parseObjective` reads it. */
export function writtenObjective({ latencies, errors }: Objective): string {
  const limits = latencies.map(({ percentile, limit_ms }) => `p${String(percentile)}=${String(limit_ms)}ms`);
  return [...limits, `errors=${percent(errors)}%`].join(',');
}

/** An objective in words. */
export function objectiveInWords({ latencies, errors }: Objective): string {
  const limits = latencies.map(({ percentile, limit_ms }) => `P${String(percentile)} below ${String(limit_ms)} ms`);
  return [...limits, `errors below ${percent(errors)} %`].join(' and ');
}

const percent = (share: number): string => String(Number((share * 100).toFixed(3)));

/**
 * What one step says: every limit is compared with the 95 % interval of its figure.
 *
 * @param heldUp requests that never found a free user because all of them waited: they failed
 */
export function judgeStep(
  { latencies, errors }: Objective,
  { corrected, outcomes, achieved, seconds }: LoadMeasurement,
  heldUp: number,
): Exclude<StepVerdict, 'invalid' | 'disturbed'> {
  const due = Math.max(1, achieved + heldUp);
  const worth = worthOfFailed(seconds);
  const failed = proportionInterval(worth * (outcomes.failed + heldUp), worth * due);
  const judged = [
    { kept: failed.upper < errors, broken: failed.lower >= errors },
    ...latencies.map(({ percentile, limit_ms }) => {
      const { lower, upper } = corrected.interval_ms(percentile);
      return { kept: upper !== null && upper < limit_ms, broken: lower !== null && lower >= limit_ms };
    }),
  ];
  if (judged.some(({ broken }) => broken)) return 'breaks';
  return judged.every(({ kept }) => kept) ? 'holds' : 'unclear';
}
