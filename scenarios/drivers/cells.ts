/**
 * Counts requests into HDR histograms for each second, step, outcome and kind and writes them to
 * standard output once a second, one line of JSON a cell: what k6's extension does, for
 * generators that have none (see scenarios/engines/samples.ts for the reader).
 *
 * The programs of this folder run in the generator container, with the packages of its image.
 */
import hdr from 'hdr-histogram-js';
import type { Histogram } from 'hdr-histogram-js';

/** Longest latency that is kept apart, µs; as in measurement/histogram.ts. */
const LONGEST_US = 120_000_000;
const FLUSH_EVERY_MS = 1_000;

export interface Step {
  readonly name: string;
  readonly start_s: number;
  readonly duration_s: number;
}

/** One request that ended; `null` as status: it got no answer. */
export interface Ended {
  /** When it was meant to start, ms since the beginning of the plan. */
  readonly intended_ms: number;
  readonly corrected_ms: number;
  readonly actual_ms: number;
  readonly status: number | null;
  /** What became of it, where more is known than the status tells: one of few values. */
  readonly kind?: string;
}

interface Cell {
  readonly step: string;
  readonly outcome: 'answered' | 'refused' | 'failed';
  readonly kind: string;
  readonly second: number;
  requests: number;
  dropped: number;
  corrected: Histogram | null;
  actual: Histogram | null;
}

/** Counts until `end`; requests that were meant to start in no step are passed over. */
export class Cells {
  readonly #steps: readonly Step[];
  readonly #route: string;
  readonly #write: (line: string) => void;
  readonly #timer: NodeJS.Timeout;
  #open = new Map<string, Cell>();
  /** The cell of the last request, and when requests are meant to start that are counted there. */
  #last: { readonly cell: Cell; readonly from_ms: number; readonly to_ms: number } | null = null;
  /** Requests of all steps so far. */
  counted = 0;

  constructor(
    steps: readonly Step[],
    route: string,
    write: (line: string) => void = (line) => process.stdout.write(line),
  ) {
    this.#steps = steps;
    this.#route = route;
    this.#write = write;
    this.#timer = setInterval(() => {
      this.#flush();
    }, FLUSH_EVERY_MS);
  }

  take({ intended_ms, corrected_ms, actual_ms, status, kind = kindOf(status) }: Ended): void {
    const cell = this.#cell(intended_ms, outcomeOf(status), kind);
    if (!cell) return;
    cell.requests += 1;
    this.counted += 1;
    // Refusals have no latency of their own: it would flatter.
    if (cell.outcome === 'refused') return;
    const failed = cell.outcome === 'failed';
    cell.corrected ??= histogram();
    cell.corrected.recordValue(failed ? LONGEST_US : micros(corrected_ms));
    cell.actual ??= histogram();
    cell.actual.recordValue(failed ? LONGEST_US : micros(actual_ms));
  }

  /** So many requests that were due then and were never sent. */
  drop(intended_ms: number, count: number): void {
    const cell = this.#cell(intended_ms, 'answered', 'answered');
    if (cell) cell.dropped += count;
  }

  /** Writes what is left. */
  end(): void {
    clearInterval(this.#timer);
    this.#flush();
  }

  #cell(intended_ms: number, outcome: Cell['outcome'], kind: string): Cell | null {
    // Most requests go where the one before went: a tool at its limit has no time to look further.
    const last = this.#last;
    if (
      last?.cell.kind === kind &&
      last.cell.outcome === outcome &&
      intended_ms >= last.from_ms &&
      intended_ms < last.to_ms
    )
      return last.cell;
    const at_s = intended_ms / 1000;
    const step = this.#steps.find(({ start_s, duration_s }) => at_s >= start_s && at_s < start_s + duration_s);
    if (!step) return null;
    const second = Math.floor(at_s - step.start_s);
    const key = `${step.name} ${outcome} ${kind} ${String(second)}`;
    let cell = this.#open.get(key);
    if (!cell) {
      cell = { step: step.name, outcome, kind, second, requests: 0, dropped: 0, corrected: null, actual: null };
      this.#open.set(key, cell);
    }
    const from_ms = (step.start_s + second) * 1000;
    this.#last = { cell, from_ms, to_ms: Math.min(from_ms + 1000, (step.start_s + step.duration_s) * 1000) };
    return cell;
  }

  #flush(): void {
    for (const { corrected, actual, step, ...counts } of this.#open.values()) {
      const histograms = {
        ...(corrected ? { gateproof_corrected: encoded(corrected) } : {}),
        ...(actual ? { http_req_duration: encoded(actual) } : {}),
      };
      this.#write(`${JSON.stringify({ step, route: this.#route, ...counts, histograms })}\n`);
    }
    this.#open = new Map();
    this.#last = null;
  }
}

function histogram(): Histogram {
  return hdr.build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  });
}

const encoded = (one: Histogram): string => hdr.encodeIntoCompressedBase64(one);

/** Histogram of times, ms, as all that drivers write: in microseconds, compressed, base64. */
export function encodedTimes(times_ms: readonly number[]): string {
  const times = histogram();
  for (const ms of times_ms) times.recordValue(micros(ms));
  return encoded(times);
}

const micros = (ms: number): number => Math.min(LONGEST_US, Math.max(0, Math.round(ms * 1000)));

/** Scenarios ask only for what a sound gateway answers, so 404 is a failure too. */
function outcomeOf(status: number | null): Cell['outcome'] {
  if (status === 429) return 'refused';
  return status === null || status >= 400 ? 'failed' : 'answered';
}

/** Values of nginx's `$upstream_cache_status`; whatever else a gateway writes there counts as `other`. */
const CACHE_STATES = ['hit', 'miss', 'bypass', 'expired', 'stale', 'updating', 'revalidated'];

/**
 * Kind of a request by its status and, for tools that show headers, by the X-Cache-Status of its answer:
 * undefined when the answer has none.
 */
export function kindOf(status: number | null, seen?: { readonly cacheState: string | undefined }): string {
  const outcome = outcomeOf(status);
  if (outcome === 'refused') return 'limited';
  if (outcome === 'failed') return status === null ? 'no answer' : `status ${String(status)}`;
  if (!seen) return 'answered';
  const state = seen.cacheState?.toLowerCase() ?? 'upstream';
  return state === 'upstream' || CACHE_STATES.includes(state) ? state : 'other';
}
