/**
 * What generators write while they run, whichever tool it is: one line of JSON for what a
 * second, step, route, outcome and kind had since the last line. k6 writes it by its own output
 * extension (environments/images/tools/k6/histograms), the other tools by the programs in
 * `scenarios/drivers`. Nothing is kept but sums and histograms.
 */
import { ClusteredHistogram } from '../../measurement/clustered-histogram.ts';
import { LatencyHistogram } from '../../measurement/histogram.ts';
import type { LoadBucket } from '../../reports/record/types.ts';
import { ACTUAL, BACKEND, CONNECT, CORRECTED, OVERHEAD } from '../k6/load.ts';
import type { LoadStep } from '../k6/load.ts';
import type { Outcomes } from './engine.ts';
import { kindOf, Kinds, TIME_OUT } from './kinds.ts';
import type { SecondOutcomes } from './seconds.ts';

/** One line; `second` counts from the first request that the step was to start. */
export interface Cell {
  readonly step: string;
  readonly route: string;
  readonly outcome: keyof Outcomes;
  /** What became of the requests, finer than the outcome; absent when the generator cannot tell. */
  readonly kind?: string;
  readonly second: number;
  readonly requests: number;
  readonly dropped: number;
  /** Metric → HDR histogram in microseconds, compressed, base64. */
  readonly histograms: Readonly<Record<string, string>>;
}

/** A line whose histograms were decoded, once for all that count them. */
export interface DecodedCell extends Omit<Cell, 'histograms'> {
  readonly histograms: Readonly<Record<string, LatencyHistogram>>;
}

function decoded(line: string): DecodedCell {
  const cell = JSON.parse(line) as Cell;
  const histograms = Object.entries(cell.histograms).map(([metric, text]): [string, LatencyHistogram] => [
    metric,
    LatencyHistogram.decoded(text),
  ]);
  return { ...cell, histograms: Object.fromEntries(histograms) };
}

/** What a picture needs of the latencies of one second. */
interface Drawn {
  readonly percentiles_ms: readonly number[];
  readonly heat: readonly number[];
}

/** Counts of one second; its histogram goes once no answer can still come, and leaves what is drawn of it. */
interface Second {
  readonly step: LoadStep;
  achieved: number;
  dropped: number;
  errors: number;
  /** Failed and refused requests by kind. */
  readonly endings: Record<string, number>;
  latency: LatencyHistogram | null;
  drawn: Drawn | null;
}

/** Every line begins so; other output is passed over. */
const BEGINNING = '{"step":';
const CURVES = [50, 95, 99] as const;
/** A histogram takes some 100 kB, and an hour has many seconds. */
const OPEN_SECONDS_BEYOND_TIMEOUT = 5;

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** Sums and histograms of requests that count for verdicts. */
export class CountedSamples {
  readonly corrected = new ClusteredHistogram();
  readonly actual = new LatencyHistogram();
  readonly backend = new LatencyHistogram();
  readonly overhead = new ClusteredHistogram();
  readonly connect = new ClusteredHistogram();
  /** How long users waited for the gateway: until it answered, or in vain. */
  readonly waits = new LatencyHistogram();
  readonly outcomes = { answered: 0, refused: 0, failed: 0 };
  dropped = 0;
  readonly seconds = new Map<number, Writable<SecondOutcomes>>();
  readonly #histograms: Readonly<Record<string, LatencyHistogram>> = {
    [CORRECTED]: this.corrected,
    [BACKEND]: this.backend,
    [OVERHEAD]: this.overhead,
    [CONNECT]: this.connect,
    [ACTUAL]: this.actual,
  };

  readonly #patience_ms: number;

  /** @param patience_s how long users wait for an answer */
  constructor(patience_s: number) {
    this.#patience_ms = patience_s * 1000;
  }

  get achieved(): number {
    return this.outcomes.answered + this.outcomes.refused + this.outcomes.failed;
  }

  /** @param at_s second of the plan in which the requests were meant to start */
  add(cell: DecodedCell, at_s: number): void {
    this.outcomes[cell.outcome] += cell.requests;
    this.dropped += cell.dropped;
    const second = this.seconds.get(at_s) ?? { answered: 0, refused: 0, failed: 0, dropped: 0 };
    second[cell.outcome] += cell.requests;
    second.dropped += cell.dropped;
    this.seconds.set(at_s, second);
    for (const [metric, latencies] of Object.entries(cell.histograms)) {
      const histogram = this.#histograms[metric];
      if (histogram instanceof ClusteredHistogram) histogram.addOf(at_s, latencies);
      else histogram?.add(latencies);
    }
    const answers = cell.histograms[ACTUAL];
    if (cell.outcome === 'answered' && answers !== undefined) this.waits.add(answers);
    // Generators record a failure as endless however soon it came, so its kind must tell. No client is more patient than that.
    if (cell.outcome === 'failed' && kindOf(cell) === TIME_OUT) this.waits.record(this.#patience_ms, cell.requests);
  }
}

/** Collects what the steps of a plan measured: of those that count all together and each alone. */
export class LoadSamples extends CountedSamples {
  /** By the name of the step; the only one is the whole. */
  readonly stages: ReadonlyMap<string, CountedSamples>;
  readonly kinds = new Kinds();
  /** Requests of all steps, to compare with the tool's own count. */
  seen = 0;
  readonly #steps: ReadonlyMap<string, LoadStep>;
  readonly #timeout_s: number;
  readonly #seconds = new Map<number, Second>();

  /** @param measured names of the steps that count */
  constructor(steps: readonly LoadStep[], measured: readonly string[], timeout_s: number) {
    super(timeout_s);
    this.#steps = new Map(steps.map((step) => [step.name, step]));
    this.stages = new Map(measured.map((name) => [name, measured.length === 1 ? this : new CountedSamples(timeout_s)]));
    this.#timeout_s = timeout_s;
  }

  /** Takes one line of output, and says of which second of the plan it is; anything else than cells of the plan's steps is null, and ignored. */
  take(line: string): number | null {
    if (!line.startsWith(BEGINNING)) return null;
    const cell = decoded(line);
    this.seen += cell.requests;
    const step = this.#steps.get(cell.step);
    if (!step) return null;
    const at_s = step.start_s + cell.second;
    this.#count(step, cell);
    const stage = this.stages.get(cell.step);
    if (stage) {
      this.kinds.take(cell);
      stage.add(cell, Math.floor(at_s));
      if (stage !== this) this.add(cell, Math.floor(at_s));
    }
    return at_s;
  }

  /** Requests by the second of the plan in which they were meant to start. */
  buckets(): LoadBucket[] {
    return [...this.#seconds]
      .toSorted(([a], [b]) => a - b)
      .map(([at_s, second]) => {
        const { step, achieved, dropped, errors, endings } = second;
        const bucket = { at_s, offered: step.rate_perS, achieved, dropped, errors };
        const drawn = this.#draw(second);
        const [p50_ms = 0, p95_ms = 0, p99_ms = 0] = drawn?.percentiles_ms ?? [];
        return {
          ...bucket,
          ...(drawn ? { p50_ms, p95_ms, p99_ms, heat: drawn.heat } : {}),
          ...(Object.keys(endings).length > 0 ? { endings } : {}),
        };
      });
  }

  #second(step: LoadStep, since_s: number): Second {
    // The request that a tool may start at the very end belongs to the last second.
    const at_s = step.start_s + Math.min(step.duration_s - 1, Math.floor(since_s));
    let second = this.#seconds.get(at_s);
    if (!second) {
      second = { step, achieved: 0, dropped: 0, errors: 0, endings: {}, latency: null, drawn: null };
      this.#seconds.set(at_s, second);
      this.#closeBefore(at_s - this.#timeout_s - OPEN_SECONDS_BEYOND_TIMEOUT);
    }
    return second;
  }

  #count(step: LoadStep, cell: DecodedCell): void {
    const second = this.#second(step, cell.second);
    second.achieved += cell.requests;
    second.dropped += cell.dropped;
    if (cell.outcome === 'failed') second.errors += cell.requests;
    if (cell.outcome !== 'answered' && cell.requests > 0) {
      const kind = kindOf(cell);
      second.endings[kind] = (second.endings[kind] ?? 0) + cell.requests;
    }
    const latency = cell.histograms[CORRECTED];
    if (latency !== undefined && second.drawn === null) {
      second.latency ??= new LatencyHistogram();
      second.latency.add(latency);
    }
  }

  #closeBefore(at_s: number): void {
    for (const [at, second] of this.#seconds) {
      if (at >= at_s || second.latency === null) continue;
      second.drawn = this.#draw(second);
      second.latency = null;
    }
  }

  /** A failed request counts as endless; on paper it took as long as a client waits. */
  #draw({ latency, drawn }: Second): Drawn | null {
    if (latency === null) return drawn;
    const onPaper = (percentile: number): number => Math.min(latency.percentile_ms(percentile), this.#timeout_s * 1000);
    return { percentiles_ms: CURVES.map(onPaper), heat: latency.heat() };
  }
}
