import { estimateLimiter } from '../../measurement/token-bucket.ts';
import type { LimiterEstimate } from '../../measurement/token-bucket.ts';
import type { Evidence } from '../../reports/record/types.ts';
import { inconclusive, judge, together } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { answers, counts, exchangeOf, ownFault, sort } from './rate-limit-flood.ts';
import type { Flooded } from './rate-limit-flood.ts';

/**
 * How far nginx's clock may lag: it stands still within a turn of the event loop, and
 * no turn lasts longer than the slowest answer took. The bounds are an ordinary turn
 * on a machine with other work to do, and what a queue is not to be taken for.
 */
const CLOCK_LAG_MS = { least: 25, most: 250 };

/** How far apart the burst sizes may lie that explain the answers; documented ones differ by ten and more. */
const TOLERATED_AMBIGUITY = 4;

/** A rate is known when all that explain the answers lie this close together, relative to the promised one; documented ones differ twofold. */
const RATE_WIDTH = 0.5;

/**
 * By so much a promised rate may be missed: nginx keeps rates in whole thousandths of a
 * request a second, and a bucket that began by a clock that lagged seems to fill faster.
 */
export const RATE_TOLERANCE = 0.03;

/** Burst sizes and rates that explain what was accepted and refused. */
export function limiterOf(flooded: Flooded): LimiterEstimate {
  const { accepted, refused } = sort(flooded);
  const known = [
    ...accepted.map((seen) => ({ seen, accepted: true })),
    ...refused.map((seen) => ({ seen, accepted: false })),
  ];
  const observations = known.flatMap(({ seen, accepted }) =>
    seen.sent_ms === null ? [] : [{ sent_ms: seen.sent_ms, done_ms: seen.done_ms, accepted }],
  );
  const slowest_ms = Math.max(0, ...observations.map(({ sent_ms, done_ms }) => done_ms - sent_ms));
  return estimateLimiter(observations, {
    clockLag_ms: Math.min(CLOCK_LAG_MS.most, Math.max(CLOCK_LAG_MS.least, slowest_ms)),
  });
}

/** Requests that take longer than this, all of them, were queued. */
const QUEUE_MS = 1000;

export interface PromisedLimit {
  readonly rate_perMin: number;
  /** Requests that may come at once above the rate. */
  readonly burst: number;
  /** Status of a refusal; any when absent. */
  readonly status?: number;
}

/**
 * Judges the size of a burst (and the status of a refusal) at a promised rate:
 * the promise holds when no answer contradicts it, and the measurement is sound
 * when few other sizes would explain the answers as well. A limiter that queues
 * shows by requests that time out: it needs twice their time for a flood.
 */
export function judgeLimit(promised: PromisedLimit, flooded: Flooded, name = ''): Outcome {
  const rate_perS = promised.rate_perMin / 60;
  const expected =
    `${String(promised.burst + 1)} accepted at once, then ${String(promised.rate_perMin)} a minute` +
    (promised.status === undefined ? '' : `, refused with ${String(promised.status)}`);
  const sizes = sizesAt(limiterOf(flooded), rate_perS);
  const observed = `${named(name)}${describe(flooded, sizes, promised.rate_perMin)}`;
  const proof = proofOf(flooded, name);
  const fault = ownFault(flooded);
  if (fault !== undefined) return inconclusive(expected, observed, fault, proof);
  const broken = noAnswer(flooded) ?? wrongStatus(flooded, promised.status);
  if (broken !== undefined) return judge(false, expected, observed, proof, broken);
  if (!sizes.includes(promised.burst)) {
    return judge(false, expected, observed, proof, sort(flooded).refused.length === 0 ? unlimited(flooded) : undefined);
  }
  if (Math.max(...sizes) - Math.min(...sizes) > TOLERATED_AMBIGUITY) {
    return inconclusive(
      expected,
      observed,
      'the requests were spread over too long a time to tell the size of the burst',
      proof,
    );
  }
  return judge(true, expected, observed, proof);
}

/**
 * Judges the rate under sustained pressure, whatever the burst: it holds when the
 * promised rate explains the answers, and is known when no much different one does.
 */
export function judgeRate(
  rate_perMin: number,
  flooded: Flooded,
  name = '',
  { rate_perS }: LimiterEstimate = limiterOf(flooded),
): Outcome {
  const expected = `${String(round(rate_perMin))} a minute under sustained pressure`;
  const proof = proofOf(flooded, name);
  const seen = `${named(name)}${counts(flooded.observations)}`;
  const fault = ownFault(flooded);
  if (fault !== undefined) return inconclusive(expected, seen, fault, proof);
  const { refused } = sort(flooded);
  if (refused.length === 0) return judge(false, expected, seen, proof, noAnswer(flooded) ?? unlimited(flooded));
  if (rate_perS === null) return judge(false, expected, `${seen}; no steady rate explains it`, proof);
  const [min, max] = [rate_perS.min * 60, rate_perS.max * 60];
  const observed = `${seen}; ${Number.isFinite(max) ? `${String(round(min))}–${String(round(max))}` : `more than ${String(round(min))}`} a minute`;
  if (rate_perMin < min * (1 - RATE_TOLERANCE) || rate_perMin > max * (1 + RATE_TOLERANCE))
    return judge(false, expected, observed, proof);
  if (max - min > RATE_WIDTH * rate_perMin)
    return inconclusive(expected, observed, 'too few answers to tell the rate', proof);
  return judge(true, expected, observed, proof);
}

/**
 * Judges size of the burst and sustained rate of one flood. The rate is that of the
 * promised burst: on a busy machine other sizes may explain the answers too, each
 * with rates of its own, and whether the size is known is judged beside it.
 */
export function judgeLimitAndRate(promised: PromisedLimit, flooded: Flooded, name?: string): Outcome {
  const estimate = limiterOf(flooded);
  const own = estimate.consistent.find(({ burst }) => burst === promised.burst);
  const known = own ? { ...estimate, rate_perS: { min: own.min_perS, max: own.max_perS } } : estimate;
  const limit = judgeLimit(promised, flooded, name);
  const rate = judgeRate(promised.rate_perMin, flooded, name, known);
  // The counts of the answers are said once.
  const repeated = `${named(name ?? '')}${counts(flooded.observations)}; `;
  const observed = rate.observed.startsWith(repeated) ? rate.observed.slice(repeated.length) : rate.observed;
  return together([limit, { ...rate, observed, evidence: [] }]);
}

/**
 * Judges the size of a burst where no rate is promised: it is known when the
 * flood was followed by some pressure, which tells the rate well enough.
 */
export function judgeBurst(promised: Pick<PromisedLimit, 'burst' | 'status'>, flooded: Flooded, name = ''): Outcome {
  const expected = `${named(name)}${String(promised.burst + 1)} accepted at once${promised.status === undefined ? '' : `, the others refused with ${String(promised.status)}`}`;
  const { burst } = limiterOf(flooded);
  const { refused } = sort(flooded);
  const size =
    refused.length === 0 || !burst
      ? 'none'
      : burst.min === burst.max
        ? String(burst.min)
        : `${String(burst.min)}–${String(burst.max)}`;
  const observed = `${named(name)}${counts(flooded.observations)}; burst ${size}`;
  const proof = proofOf(flooded, name);
  const fault = ownFault(flooded);
  if (fault !== undefined) return inconclusive(expected, observed, fault, proof);
  const broken = noAnswer(flooded) ?? wrongStatus(flooded, promised.status);
  if (broken !== undefined) return judge(false, expected, observed, proof, broken);
  if (refused.length === 0) return judge(false, expected, observed, proof, unlimited(flooded));
  if (!burst || promised.burst < burst.min || promised.burst > burst.max)
    return judge(false, expected, observed, proof);
  if (burst.max - burst.min > TOLERATED_AMBIGUITY)
    return inconclusive(
      expected,
      observed,
      'the requests were spread over too long a time to tell the size of the burst',
      proof,
    );
  return judge(true, expected, observed, proof);
}

/** Requests that a window of 60 s may admit beyond the promised number before it counts: what 10 s of measuring cannot tell. */
const WINDOW_SLACK = { certain: 2, possible: 10 };

/**
 * Judges "no more than so many in any 60 seconds" from a flood and the pressure
 * after it: a bucket admits its burst at once and its rate on top.
 */
export function judgeWindow(limit: number, window_s: number, flooded: Flooded): Outcome {
  const expected = `at most ${String(limit)} in any ${String(window_s)} s`;
  const proof = proofOf(flooded, '');
  const fault = ownFault(flooded);
  const seen = counts(flooded.observations);
  if (fault !== undefined) return inconclusive(expected, seen, fault, proof);
  const { consistent } = limiterOf(flooded);
  const { accepted } = sort(flooded);
  const admitted = consistent.map(
    ({ burst, min_perS, max_perS }) => [burst + 1 + min_perS * window_s, burst + 1 + max_perS * window_s] as const,
  );
  const least = Math.max(accepted.length, admitted.length === 0 ? 0 : Math.min(...admitted.map(([low]) => low)));
  const most = admitted.length === 0 ? Number.POSITIVE_INFINITY : Math.max(...admitted.map(([, high]) => high));
  const observed =
    `${seen}; this limiter admits ${String(Math.round(least))}` +
    `${most === Number.POSITIVE_INFINITY ? ' or more' : `–${String(Math.round(most))}`} in ${String(window_s)} s`;
  if (least > limit + WINDOW_SLACK.certain) {
    return judge(
      false,
      expected,
      observed,
      proof,
      'a leaky bucket admits its burst on top of its rate, and is no window',
    );
  }
  if (most > limit + WINDOW_SLACK.possible)
    return inconclusive(expected, observed, 'too few answers to tell the rate', proof);
  return judge(true, expected, observed, proof);
}

function sizesAt({ consistent }: LimiterEstimate, rate_perS: number): number[] {
  const [low, high] = [rate_perS * (1 - RATE_TOLERANCE), rate_perS * (1 + RATE_TOLERANCE)];
  return consistent.filter((one) => one.min_perS <= high && low <= one.max_perS).map(({ burst }) => burst);
}

function noAnswer(flooded: Flooded): string | undefined {
  const { lost } = sort(flooded);
  if (lost.length === 0) return undefined;
  const code = lost[0]?.error?.code ?? 'unknown';
  return `${String(lost.length)} requests got no answer (${code})${code === 'TIMEOUT' ? ': they were made to wait' : ''}`;
}

/** Why nothing was refused; accepted requests that take that long stood in a queue. */
function unlimited(flooded: Flooded): string {
  const waits = sort(flooded).accepted.flatMap(({ sent_ms, done_ms }) => (sent_ms === null ? [] : [done_ms - sent_ms]));
  const typical_ms = waits.toSorted((a, b) => a - b)[Math.floor(waits.length / 2)] ?? 0;
  return typical_ms < QUEUE_MS
    ? 'nothing was refused: no limit is in force'
    : `nothing was refused: requests had to wait for their turn, typically ${String(Math.round(typical_ms))} ms`;
}

function wrongStatus(flooded: Flooded, status: number | undefined): string | undefined {
  if (status === undefined) return undefined;
  const other = sort(flooded).refused.find((seen) => seen.status !== status);
  return other ? `refused with ${String(other.status)}` : undefined;
}

function describe(flooded: Flooded, sizes: readonly number[], rate_perMin: number): string {
  const seen = counts(flooded.observations);
  if (sort(flooded).refused.length === 0) return `${seen}; nothing was refused`;
  if (sizes.length === 0) return `${seen}; no size of a burst explains it at ${String(rate_perMin)} a minute`;
  const [min, max] = [Math.min(...sizes), Math.max(...sizes)];
  return `${seen}; burst ${min === max ? String(min) : `${String(min)}–${String(max)}`}`;
}

/** The first refusal, and all answers over time. */
function proofOf(flooded: Flooded, name: string): Evidence[] {
  return [
    ...exchangeOf(flooded, sort(flooded).refused[0]),
    answers([{ name: name === '' ? 'status' : name, flooded }]),
  ];
}

function named(name: string): string {
  return name === '' ? '' : `${name}: `;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
