import type { Interval } from '../reports/record/types.ts';
import { effectiveShare } from './clusters.ts';
import type { Cluster } from './clusters.ts';
import { LatencyHistogram, LONGEST_MS } from './histogram.ts';
import { CONFIDENCE, partialTail, quantileRanks } from './statistics.ts';

/** Bounds are edges of bins: a bin is one percent wide. */
const BINS_PER_DECADE = 240;
const ENDLESS = Number.POSITIVE_INFINITY;

/** Lower edge of a bin, ms, in whole microseconds; endless latencies count as the longest. */
const edge_ms = (bin: number): number => Math.min(LONGEST_MS, Math.round(10 ** (bin / BINS_PER_DECADE)) / 1000);

/** A bin that holds latencies, and how many are shorter than those in it. */
interface Occupied {
  readonly bin: number;
  readonly below: number;
}

/** Latencies that know in which second their requests were due, so that intervals do not take them for independent. */
export class ClusteredHistogram extends LatencyHistogram {
  readonly #seconds = new Map<number, Map<number, number>>();

  /** Adds latencies of requests that were due in one second. */
  addOf(second: number, other: LatencyHistogram): this {
    const heat = other.heat(BINS_PER_DECADE);
    let finite = 0;
    for (let at = 0; at < heat.length; at += 2) {
      this.#count(second, heat[at] ?? 0, heat[at + 1] ?? 0);
      finite += heat[at + 1] ?? 0;
    }
    this.#count(second, ENDLESS, other.count - finite);
    return super.add(other);
  }

  /** Counts so many requests that were due in one second and never got an answer. */
  fail(second: number, count: number): void {
    this.#count(second, ENDLESS, count);
    super.record(ENDLESS, count);
  }

  /** Adds all counts of another one, with their seconds. @throws TypeError when the other does not know them */
  override add(other: LatencyHistogram): this {
    if (!(other instanceof ClusteredHistogram)) throw new TypeError('latencies without their seconds');
    for (const [second, bins] of other.#seconds) for (const [bin, count] of bins) this.#count(second, bin, count);
    return super.add(other);
  }

  /** The first and the second half of the time, by its seconds; latencies within half a percent of what they are. */
  halves(): readonly [ClusteredHistogram, ClusteredHistogram] {
    const known = [...this.#seconds.keys()];
    const middle = (Math.min(...known) + Math.max(...known) + 1) / 2;
    return [this.#of((second) => second < middle), this.#of((second) => second >= middle)];
  }

  #of(wanted: (second: number) => boolean): ClusteredHistogram {
    const part = new ClusteredHistogram();
    for (const [second, bins] of this.#seconds) {
      if (!wanted(second)) continue;
      for (const [bin, count] of bins) {
        part.#count(second, bin, count);
        part.record(edge_ms(bin + 0.5), count);
      }
    }
    return part;
  }

  #count(second: number, bin: number, count: number): void {
    if (count === 0) return;
    let bins = this.#seconds.get(second);
    if (!bins) this.#seconds.set(second, (bins = new Map<number, number>()));
    bins.set(bin, (bins.get(bin) ?? 0) + count);
  }

  /**
   * Order-statistic interval of a percentile. Its bounds move outwards until so many samples as the clusters are
   * worth would exclude what lies beyond: the test of the share below each bound, inverted (Woodruff, "Confidence
   * intervals for medians and other position measures", JASA 47, 1952). A bound that nothing excludes is the
   * shortest or longest latency; it is null when there are too few samples for it even if all were independent.
   */
  override interval_ms(percentile: number, confidence = CONFIDENCE): Interval {
    // Nobody told seconds: each latency stands for itself.
    if (this.#seconds.size === 0) return super.interval_ms(percentile, confidence);
    const [p, tail] = [percentile / 100, (1 - confidence) / 2];
    const ranks = quantileRanks(this.count, p, confidence);
    const seconds = [...this.#seconds].map(([second, bins]) => [second, sorted(bins)] as const);
    const worth = (bin: number): number =>
      effectiveShare(new Map(seconds.map(([second, bins]) => [second, clusterAt(bins, bin)])));
    const bins = this.#occupied();
    return {
      lower: ranks.lower === null ? null : this.#lower(ranks.lower, bins, p, tail, worth),
      upper: ranks.upper === null ? null : this.#upper(ranks.upper, bins, p, tail, worth),
    };
  }

  #lower(rank: number, bins: readonly Occupied[], p: number, tail: number, worthAt: (bin: number) => number): number {
    const excluded = ({ bin, below }: Occupied): boolean => {
      const worth = worthAt(bin);
      return 1 - partialTail(worth * below + 1, worth * this.count, p) <= tail;
    };
    const bound = bins.findLast((one) => one.below < rank && excluded(one));
    const shortest_ms = this.atRank_ms(1);
    return bound === undefined || bound.below === 0 ? shortest_ms : Math.min(this.atRank_ms(rank), edge_ms(bound.bin));
  }

  #upper(rank: number, bins: readonly Occupied[], p: number, tail: number, worthAt: (bin: number) => number): number {
    const excluded = ({ bin, below }: Occupied): boolean => {
      const worth = worthAt(bin);
      return partialTail(worth * below, worth * this.count, p) <= tail;
    };
    const bound = bins.findIndex((one) => one.below >= rank && excluded(one));
    // What is shorter than all in a bin lies in the bin before.
    const before = bins[bound - 1];
    return before === undefined ? this.max_ms : Math.max(this.atRank_ms(rank), edge_ms(before.bin + 1));
  }

  /** Shortest latencies first. */
  #occupied(): Occupied[] {
    const all = new Map<number, number>();
    for (const bins of this.#seconds.values())
      for (const [bin, count] of bins) all.set(bin, (all.get(bin) ?? 0) + count);
    return sorted(all).map(({ bin }, index, list) => ({ bin, below: list[index - 1]?.upTo ?? 0 }));
  }
}

/** A bin that holds latencies of a second, and how many there are up to it. */
interface Filled {
  readonly bin: number;
  readonly upTo: number;
}

function sorted(bins: ReadonlyMap<number, number>): Filled[] {
  let upTo = 0;
  return [...bins].toSorted(([a], [b]) => a - b).map(([bin, count]) => ({ bin, upTo: (upTo += count) }));
}

/** Samples of a second, and those below a bin. */
function clusterAt(bins: readonly Filled[], bin: number): Cluster {
  let [low, high] = [0, bins.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((bins[middle]?.bin ?? 0) < bin) low = middle + 1;
    else high = middle;
  }
  return { samples: bins.at(-1)?.upTo ?? 0, below: bins[low - 1]?.upTo ?? 0 };
}
