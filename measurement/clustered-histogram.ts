import type { Interval } from '../reports/record/types.ts';
import { effectiveShare } from './clusters.ts';
import type { Cluster } from './clusters.ts';
import { LatencyHistogram, LONGEST_MS } from './histogram.ts';
import { binomialTail, CONFIDENCE, quantileRanks } from './statistics.ts';

/** A bound that moves does so by a twentieth. */
const BINS_PER_DECADE = 48;

/** Lower edge of a bin, ms, in whole microseconds; endless latencies count as the longest. */
const edge_ms = (bin: number): number => Math.min(LONGEST_MS, Math.round(10 ** (bin / BINS_PER_DECADE)) / 1000);

/** A bin that holds latencies, and how many are shorter than those in it. */
interface Occupied {
  readonly bin: number;
  readonly below: number;
}

/** Latencies that know in which second their requests were due, so that intervals do not take them for independent. */
export class ClusteredHistogram extends LatencyHistogram {
  /** Second → bin → count; endless latencies are in none. */
  readonly #seconds = new Map<number, Map<number, number>>();

  /** Adds latencies of requests that were due in one second, `failed` of which are endless. */
  addOf(second: number, other: LatencyHistogram): this {
    const heat = other.heat(BINS_PER_DECADE);
    let counted = 0;
    for (let at = 0; at < heat.length; at += 2) {
      this.#count(second, heat[at] ?? 0, heat[at + 1] ?? 0);
      counted += heat[at + 1] ?? 0;
    }
    if (other.count > counted) this.#count(second, Number.POSITIVE_INFINITY, other.count - counted);
    return super.add(other);
  }

  /** Adds all counts of another histogram, and what it knows of their seconds. */
  override add(other: LatencyHistogram): this {
    if (other instanceof ClusteredHistogram)
      for (const [second, bins] of other.#seconds) for (const [bin, count] of bins) this.#count(second, bin, count);
    return super.add(other);
  }

  /** The first and the second half of the time, by its seconds; latencies within a fortieth of what they are. */
  halves(): readonly [ClusteredHistogram, ClusteredHistogram] {
    const known = [...this.#seconds.keys()];
    const middle = (Math.min(...known) + Math.max(...known) + 1) / 2;
    return [this.#of((second) => second < middle), this.#of((second) => second >= middle)];
  }

  #of(wanted: (second: number) => boolean): ClusteredHistogram {
    const part = new ClusteredHistogram();
    for (const [second, bins] of this.#seconds) {
      if (!wanted(second)) continue;
      const latencies = new LatencyHistogram();
      for (const [bin, count] of bins) latencies.record(edge_ms(bin + 0.5), count);
      part.addOf(second, latencies);
    }
    return part;
  }

  #count(second: number, bin: number, count: number): void {
    let bins = this.#seconds.get(second);
    if (!bins) this.#seconds.set(second, (bins = new Map<number, number>()));
    bins.set(bin, (bins.get(bin) ?? 0) + count);
  }

  /**
   * Order-statistic interval of a percentile. Its bounds move outwards until so many samples as the clusters are
   * worth would exclude what lies beyond: the test of the share below each bound, inverted (Woodruff, "Confidence
   * intervals for medians and other position measures", JASA 47, 1952). A bound is null when there are too few
   * samples for it even if all were independent.
   */
  override interval_ms(percentile: number, confidence = CONFIDENCE): Interval {
    const ranks = quantileRanks(this.count, percentile / 100, confidence);
    return {
      lower: ranks.lower === null ? null : this.#lower(ranks.lower, percentile / 100, confidence),
      upper: ranks.upper === null ? null : this.#upper(ranks.upper, percentile / 100, confidence),
    };
  }

  #lower(rank: number, p: number, confidence: number): number {
    const first_ms = this.atRank_ms(rank);
    const excluded = (below: number, bin: number): boolean => {
      const worth = this.#worth(bin, confidence);
      const samples = Math.floor(worth * this.count);
      return 1 - binomialTail(Math.ceil(worth * below) + 1, samples, p) <= (1 - confidence) / 2;
    };
    const shorter = this.#occupied().filter(({ below }) => below < rank);
    const first = shorter.at(-1);
    if (!first || this.#worth(first.bin, confidence) === 1 || excluded(rank - 1, first.bin)) return first_ms;
    const bound = shorter.findLast(({ bin, below }) => excluded(below, bin));
    return bound === undefined || bound === shorter[0] ? this.atRank_ms(1) : edge_ms(bound.bin);
  }

  #upper(rank: number, p: number, confidence: number): number {
    const first_ms = this.atRank_ms(rank);
    const excluded = (upTo: number, bin: number): boolean => {
      const worth = this.#worth(bin, confidence);
      const samples = Math.floor(worth * this.count);
      return binomialTail(Math.floor(worth * upTo), samples, p) <= (1 - confidence) / 2;
    };
    const bins = this.#occupied();
    const longer = bins.filter(({ below }) => below >= rank);
    const [first] = longer;
    if (!first || this.#worth(first.bin, confidence) === 1 || excluded(rank, first.bin)) return first_ms;
    const bound = longer.find(({ bin, below }) => excluded(below, bin));
    // What is shorter than all in a bin lies in the bin before.
    const before = bound && bins[bins.indexOf(bound) - 1];
    return before === undefined ? this.max_ms : edge_ms(before.bin + 1);
  }

  /** What requests are worth that tell how many of them failed: see `effectiveShare`. */
  get worthOfFailures(): number {
    return this.#worth(Number.POSITIVE_INFINITY, CONFIDENCE);
  }

  /** Shortest latencies first. */
  #occupied(): Occupied[] {
    const all = new Map<number, number>();
    for (const bins of this.#seconds.values())
      for (const [bin, count] of bins) all.set(bin, (all.get(bin) ?? 0) + count);
    let sum = 0;
    return [...all]
      .toSorted(([a], [b]) => a - b)
      .map(([bin, count]) => {
        const below = sum;
        sum += count;
        return { bin, below };
      });
  }

  /** What samples are worth that tell about the share below a bin; see `effectiveShare`. */
  #worth(bin: number, confidence: number): number {
    return effectiveShare(
      new Map([...this.#seconds].map(([second, bins]) => [second, clusterOf(bins, bin)])),
      confidence,
    );
  }
}

function clusterOf(bins: ReadonlyMap<number, number>, below: number): Cluster {
  const cluster = { samples: 0, below: 0 };
  for (const [bin, count] of bins) {
    cluster.samples += count;
    if (bin < below) cluster.below += count;
  }
  return cluster;
}
