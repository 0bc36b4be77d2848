/**
 * k6's JSON output, line by line, into histograms and counts: nothing is kept
 * but these. One line is one sample of one metric
 * (https://grafana.com/docs/k6/latest/results-output/real-time/json/).
 */
import { LatencyHistogram, LONGEST_MS } from '../../measurement/histogram.ts';
import type { LoadBucket } from '../../reports/record/types.ts';
import { BACKEND, CORRECTED, OVERHEAD } from '../k6/load.ts';

interface Point {
  readonly type: 'Point';
  readonly metric: string;
  readonly data: {
    readonly time: string;
    readonly value: number;
    readonly tags: Readonly<Record<string, string>>;
  };
}

interface Second {
  achieved: number;
  dropped: number;
  errors: number;
}

/** Metrics that are looked at; all other lines are skipped unparsed. */
const WANTED = [CORRECTED, BACKEND, OVERHEAD, 'http_req_duration', 'dropped_iterations'];
const REFUSED = '429';
/** Fine grain in which requests are counted until the step's first instant is known. */
const GRAIN_MS = 10;

/** Collects the samples of one step. */
export class StepSamples {
  readonly corrected = new LatencyHistogram();
  readonly actual = new LatencyHistogram();
  readonly backend = new LatencyHistogram();
  readonly overhead = new LatencyHistogram();
  readonly outcomes = { answered: 0, refused: 0, failed: 0 };
  dropped = 0;
  /** Requests of all steps, to compare with k6's own count. */
  seen = 0;
  readonly #step: string;
  readonly #grains = new Map<number, Second>();
  #first_ms = Number.POSITIVE_INFINITY;

  constructor(step: string) {
    this.#step = step;
  }

  /** Takes one line of output; anything that is not a wanted sample of the step is ignored. */
  take(line: string): void {
    if (!line.startsWith('{') || !WANTED.some((metric) => line.includes(`"${metric}"`))) return;
    const point = JSON.parse(line) as Point;
    if (point.type !== 'Point') return;
    if (point.metric === CORRECTED) this.seen += 1;
    if (point.data.tags['scenario'] !== this.#step) return;
    const { value, tags } = point.data;
    const failed = isFailure(tags['status']);
    if (point.metric === 'dropped_iterations') this.#drop(point);
    else if (tags['status'] === REFUSED) this.#refuse(point);
    else if (point.metric === CORRECTED) this.#request(point, failed);
    else if (point.metric === 'http_req_duration') this.actual.record(failed ? LONGEST_MS : value);
    else if (point.metric === BACKEND) this.backend.record(value);
    else if (point.metric === OVERHEAD) this.overhead.record(failed ? LONGEST_MS : value);
  }

  /**
   * Requests by the second in which they were meant to start, counted from the
   * step's first one; the one that k6 may start at the very end belongs to the last second.
   */
  buckets(rate_perS: number, duration_s: number): LoadBucket[] {
    const bySecond = new Map<number, Second>();
    for (const [grain, counts] of this.#grains) {
      const at_s = Math.min(duration_s - 1, Math.floor(((grain + 0.5) * GRAIN_MS - this.#first_ms) / 1000));
      const sum = bySecond.get(at_s) ?? { achieved: 0, dropped: 0, errors: 0 };
      sum.achieved += counts.achieved;
      sum.dropped += counts.dropped;
      sum.errors += counts.errors;
      bySecond.set(at_s, sum);
    }
    return [...bySecond]
      .toSorted(([a], [b]) => a - b)
      .map(([at_s, counts]) => ({ at_s, offered: rate_perS, ...counts }));
  }

  get achieved(): number {
    return this.outcomes.answered + this.outcomes.refused + this.outcomes.failed;
  }

  #request(point: Point, failed: boolean): void {
    this.corrected.record(failed ? LONGEST_MS : point.data.value);
    this.outcomes[failed ? 'failed' : 'answered'] += 1;
    const counts = this.#grain(point, point.data.value);
    counts.achieved += 1;
    if (failed) counts.errors += 1;
  }

  #refuse(point: Point): void {
    if (point.metric !== CORRECTED) return;
    this.outcomes.refused += 1;
    this.#grain(point, point.data.value).achieved += 1;
  }

  #drop(point: Point): void {
    this.dropped += point.data.value;
    this.#grain(point, 0).dropped += point.data.value;
  }

  /** The counter of the intended start: a sample carries the time at which the request ended. */
  #grain(point: Point, latency_ms: number): Second {
    const start_ms = Date.parse(point.data.time) - latency_ms;
    this.#first_ms = Math.min(this.#first_ms, start_ms);
    const key = Math.floor(start_ms / GRAIN_MS);
    const counts = this.#grains.get(key) ?? { achieved: 0, dropped: 0, errors: 0 };
    this.#grains.set(key, counts);
    return counts;
  }
}

/** Status 0 is k6's word for no answer at all. */
function isFailure(status: string | undefined): boolean {
  return status === undefined || status === '0' || status.startsWith('5');
}
