/**
 * Latency histograms: HDR, in microseconds, three significant digits, so that
 * percentiles come out within 0.1 % and histograms add up exactly. Percentiles
 * are never merged, only histograms.
 */
import hdr from 'hdr-histogram-js';
import type { JsHistogram } from 'hdr-histogram-js';

import { HEAT_BINS_PER_DECADE } from '../reports/record/types.ts';
import type { Interval, PercentilePoint } from '../reports/record/types.ts';
import { CONFIDENCE, quantileRanks } from './statistics.ts';

/** Longest latency that is kept apart; longer ones are counted as this one. */
export const LONGEST_MS = 120_000;

/** A latency to a tenth of a millisecond: `271.3 ms`; an endless one is no answer. */
export const latencyInWords = (ms: number): string =>
  ms >= LONGEST_MS ? 'no answer' : `${String(Math.round(ms * 10) / 10)} ms`;

/** A mergeable latency histogram in milliseconds. */
export class LatencyHistogram {
  readonly #histogram: JsHistogram;

  constructor(histogram: JsHistogram = new hdr.Int32Histogram(1, LONGEST_MS * 1000, 3)) {
    this.#histogram = histogram;
  }

  /** Counts one latency, in ms; negative ones count as 0, endless ones as the longest. */
  record(latency_ms: number, count = 1): void {
    // The library would take a value that never came for the largest one.
    if (count === 0) return;
    const clipped_ms = Math.min(Math.max(latency_ms, 0), LONGEST_MS);
    this.#histogram.recordValueWithCount(Math.round(clipped_ms * 1000), count);
  }

  /** Adds all counts of another histogram to this one. */
  add(other: LatencyHistogram): this {
    this.#histogram.add(other.#histogram);
    return this;
  }

  /** A histogram from HDR's compressed form (V2, base64, microseconds). @throws Error when it is none */
  static decoded(text: string): LatencyHistogram {
    // Without WebAssembly the library makes what this class is made of; its types do not say so.
    return new LatencyHistogram(hdr.decodeFromCompressedBase64(text, 32, false) as JsHistogram);
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  get max_ms(): number {
    return this.count === 0 ? 0 : Math.min(LONGEST_MS, this.#histogram.maxValue / 1000);
  }

  get mean_ms(): number {
    return this.count === 0 ? 0 : this.#histogram.mean / 1000;
  }

  /** Latency at a percentile (0–100); 0 when nothing was recorded. */
  percentile_ms(percentile: number): number {
    // The library tells the upper end of what it cannot tell apart.
    return this.count === 0 ? 0 : Math.min(LONGEST_MS, this.#histogram.getValueAtPercentile(percentile) / 1000);
  }

  /** The `rank`-th smallest latency (1-based). */
  atRank_ms(rank: number): number {
    // Half a rank down, so that rounding inside the library cannot reach the next rank.
    return this.percentile_ms((100 * (rank - 0.5)) / this.count);
  }

  /** Order-statistic interval of a percentile; a bound is null when there are too few samples for it. */
  interval_ms(percentile: number, confidence = CONFIDENCE): Interval {
    const ranks = quantileRanks(this.count, percentile / 100, confidence);
    return {
      lower: ranks.lower === null ? null : this.atRank_ms(ranks.lower),
      upper: ranks.upper === null ? null : this.atRank_ms(ranks.upper),
    };
  }

  /** Share of samples at or below a latency, 0–1. */
  shareUpTo(latency_ms: number): number {
    if (this.count === 0) return 0;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.atRank_ms(middle) <= latency_ms) low = middle;
      else high = middle - 1;
    }
    return low / this.count;
  }

  /**
   * Points for a spectrum on a logarithmic percentile axis: evenly spaced in
   * log(1 − p), up to what the number of samples can show, and the largest.
   *
   * @param perDecade points for each factor of ten in 1 − p
   */
  spectrum(perDecade = 12): PercentilePoint[] {
    if (this.count === 0) return [];
    const decades = Math.log10(this.count);
    const steps = Math.floor(decades * perDecade);
    const percentiles = Array.from({ length: steps + 1 }, (_, step) => 100 * (1 - 10 ** (-step / perDecade)));
    return [...percentiles, 100].map((percentile) => ({
      percentile: Number(percentile.toFixed(6)),
      value_ms: this.percentile_ms(percentile),
    }));
  }

  /** Counts in bins that are equally wide on a logarithmic axis of microseconds, without endless latencies: bin, count, bin, count, … */
  heat(binsPerDecade = HEAT_BINS_PER_DECADE): number[] {
    const bins = new Map<number, number>();
    // The library's own iterator takes twenty times as long.
    const endless = this.#histogram.countsArrayIndex(LONGEST_MS * 1000);
    for (let index = 0; index < endless; index += 1) {
      const count = this.#histogram.getCountAtIndex(index);
      if (count === 0) continue;
      const value_us = Math.max(1, this.#histogram.valueFromIndex(index));
      const bin = Math.floor(Math.log10(value_us) * binsPerDecade);
      bins.set(bin, (bins.get(bin) ?? 0) + count);
    }
    return [...bins].flat();
  }
}

/** One histogram with the counts of all of them. */
export function mergeHistograms(histograms: Iterable<LatencyHistogram>): LatencyHistogram {
  const merged = new LatencyHistogram();
  for (const histogram of histograms) merged.add(histogram);
  return merged;
}
