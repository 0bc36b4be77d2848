/**
 * What generators write while they run, whichever tool it is: one line of JSON for what a
 * second, step, route and outcome had since the last line. k6 writes it by its own output
 * extension (environments/images/tools/k6/histograms), the other tools by the programs in
 * `scenarios/drivers`. Nothing is kept but sums and histograms.
 */
import { LatencyHistogram } from '../../measurement/histogram.ts';
import type { LoadBucket } from '../../reports/record/types.ts';
import { ACTUAL, BACKEND, CORRECTED, OVERHEAD } from '../k6/load.ts';
import type { LoadStep } from '../k6/load.ts';
import type { Outcomes } from './engine.ts';

/** One line; `second` counts from the first request that the step was to start. */
export interface Cell {
  readonly step: string;
  readonly route: string;
  readonly outcome: keyof Outcomes;
  readonly second: number;
  readonly requests: number;
  readonly dropped: number;
  /** Metric → HDR histogram in microseconds, compressed, base64. */
  readonly histograms: Readonly<Record<string, string>>;
}

/** Counts of one second; its histogram goes once no answer can still come, and leaves its percentiles. */
interface Second {
  readonly step: LoadStep;
  achieved: number;
  dropped: number;
  errors: number;
  latency: LatencyHistogram | null;
  percentiles_ms: readonly number[] | null;
}

/** Every line begins so; other output is passed over. */
const BEGINNING = '{"step":';
const CURVES = [50, 95, 99] as const;
/** A histogram takes some 100 kB, and an hour has many seconds. */
const OPEN_SECONDS_BEYOND_TIMEOUT = 5;

/** Sums and histograms of requests that count for verdicts. */
export class CountedSamples {
  readonly corrected = new LatencyHistogram();
  readonly actual = new LatencyHistogram();
  readonly backend = new LatencyHistogram();
  readonly overhead = new LatencyHistogram();
  readonly outcomes = { answered: 0, refused: 0, failed: 0 };
  dropped = 0;
  readonly #histograms: Readonly<Record<string, LatencyHistogram>> = {
    [CORRECTED]: this.corrected,
    [BACKEND]: this.backend,
    [OVERHEAD]: this.overhead,
    [ACTUAL]: this.actual,
  };

  get achieved(): number {
    return this.outcomes.answered + this.outcomes.refused + this.outcomes.failed;
  }

  add({ outcome, requests, dropped, histograms }: Cell): void {
    this.outcomes[outcome] += requests;
    this.dropped += dropped;
    for (const [metric, text] of Object.entries(histograms)) this.#histograms[metric]?.addEncoded(text);
  }
}

/** Collects what the steps of a plan measured: of those that count all together and each alone. */
export class LoadSamples extends CountedSamples {
  /** By the name of the step; the only one is the whole. */
  readonly stages: ReadonlyMap<string, CountedSamples>;
  /** Requests of all steps, to compare with the tool's own count. */
  seen = 0;
  readonly #steps: ReadonlyMap<string, LoadStep>;
  readonly #timeout_s: number;
  readonly #seconds = new Map<number, Second>();

  /** @param measured names of the steps that count */
  constructor(steps: readonly LoadStep[], measured: readonly string[], timeout_s: number) {
    super();
    this.#steps = new Map(steps.map((step) => [step.name, step]));
    this.stages = new Map(measured.map((name) => [name, measured.length === 1 ? this : new CountedSamples()]));
    this.#timeout_s = timeout_s;
  }

  /** Takes one line of output; anything else than cells of the plan's steps is ignored. */
  take(line: string): void {
    if (!line.startsWith(BEGINNING)) return;
    const cell = JSON.parse(line) as Cell;
    this.seen += cell.requests;
    const step = this.#steps.get(cell.step);
    if (!step) return;
    this.#count(step, cell);
    const stage = this.stages.get(cell.step);
    if (!stage) return;
    stage.add(cell);
    if (stage !== this) this.add(cell);
  }

  /** Requests by the second of the plan in which they were meant to start. */
  buckets(): LoadBucket[] {
    return [...this.#seconds]
      .toSorted(([a], [b]) => a - b)
      .map(([at_s, second]) => {
        const { step, achieved, dropped, errors } = second;
        const [p50_ms, p95_ms, p99_ms] = this.#percentiles(second) ?? [];
        const curves = p50_ms === undefined ? {} : { p50_ms, p95_ms: p95_ms ?? 0, p99_ms: p99_ms ?? 0 };
        return { at_s, offered: step.rate_perS, achieved, dropped, errors, ...curves };
      });
  }

  #second(step: LoadStep, since_s: number): Second {
    // The request that a tool may start at the very end belongs to the last second.
    const at_s = step.start_s + Math.min(step.duration_s - 1, Math.floor(since_s));
    let second = this.#seconds.get(at_s);
    if (!second) {
      second = { step, achieved: 0, dropped: 0, errors: 0, latency: null, percentiles_ms: null };
      this.#seconds.set(at_s, second);
      this.#closeBefore(at_s - this.#timeout_s - OPEN_SECONDS_BEYOND_TIMEOUT);
    }
    return second;
  }

  #count(step: LoadStep, cell: Cell): void {
    const second = this.#second(step, cell.second);
    second.achieved += cell.requests;
    second.dropped += cell.dropped;
    if (cell.outcome === 'failed') second.errors += cell.requests;
    const latency = cell.histograms[CORRECTED];
    if (latency !== undefined && second.percentiles_ms === null) {
      second.latency ??= new LatencyHistogram();
      second.latency.addEncoded(latency);
    }
  }

  #closeBefore(at_s: number): void {
    for (const [at, second] of this.#seconds) {
      if (at >= at_s || second.latency === null) continue;
      second.percentiles_ms = this.#percentiles(second);
      second.latency = null;
    }
  }

  /** A failed request counts as endless; on paper it took as long as a client waits. */
  #percentiles({ latency, percentiles_ms }: Second): readonly number[] | null {
    if (latency === null) return percentiles_ms;
    return CURVES.map((percentile) => Math.min(latency.percentile_ms(percentile), this.#timeout_s * 1000));
  }
}
