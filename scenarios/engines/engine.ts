/** What every load engine takes and gives, whichever tool it drives. */
import type { ExecResult } from '../../environments/harness/types.ts';
import type { LoadBucket, RequestKind, ScenarioResult } from '../../reports/record/types.ts';
import type { ClusteredHistogram } from '../../measurement/clustered-histogram.ts';
import type { LatencyHistogram } from '../../measurement/histogram.ts';
import type { ConnectionsSeen, SlowSeen } from '../drivers/plan.ts';
import type { LoadPlan } from '../k6/load.ts';
import type { OutcomesBySecond } from './seconds.ts';

/** Cumulative CPU figures of a container since its start. */
export interface CpuFigures {
  /** Monotonic instant of the reading on the host. */
  readonly at_ms: number;
  readonly used_ms: number;
  /** How long the container's processes were held back by its quota. */
  readonly throttled_ms: number;
  /** Cores that it may use: its quota, else its set of cores. */
  readonly cores: number;
  /** Processor time of the whole machine, ms, and what neither the run nor its tools took of that. */
  readonly machine: { readonly all_ms: number; readonly others_ms: number };
  /** TCP segments of the container: sent, and sent again beside those that open connections. */
  readonly tcp?: { readonly sent: number; readonly again: number };
}

/** The generator container; the harness implements it. */
export interface GeneratorHost {
  /** Runs a command; each line of its output is handed over as it comes and not kept. */
  exec(
    argv: readonly string[],
    options?: { readonly onLine?: (line: string) => void; readonly signal?: AbortSignal },
  ): Promise<ExecResult>;
  /** Copies files in; keys are absolute paths in the container. */
  putFiles(files: Readonly<Record<string, string>>): Promise<void>;
  cpu(): Promise<CpuFigures>;
}

/** A generator and the block of client addresses that it owns. */
export interface Generator {
  readonly host: GeneratorHost;
  readonly clientBlock: string;
}

export interface EngineRun {
  readonly plan: LoadPlan;
  /** Steps that count; the others are warm-up. */
  readonly measured: readonly string[];
  /** Block of client addresses that the generator owns. */
  readonly clientBlock: string;
  /** Further generators, each of which takes an equal part of the load. */
  readonly besides?: readonly Generator[];
  /** Where Prometheus takes samples; k6 alone writes to it. */
  readonly remoteWrite?: string;
  readonly signal?: AbortSignal;
}

/** How requests of the measured step ended. Latency histograms hold answered and failed ones, never refusals. */
export interface Outcomes {
  readonly answered: number;
  /** 429: refused by a limiter. */
  readonly refused: number;
  /** Transport errors, time-outs and every other status from 400 on. */
  readonly failed: number;
}

/** A stretch of load at one rate, and what became of its requests. */
export interface StageMeasurement {
  readonly name: string;
  /** Since the beginning of the load. */
  readonly start_s: number;
  readonly duration_s: number;
  readonly offered: number;
  readonly achieved: number;
  /** Requests that were due and never sent, since every user or connection of the tool was busy. */
  readonly dropped: number;
  /** Requests that the tool can have under way at once. */
  readonly users: number;
  readonly outcomes: Outcomes;
  readonly seconds: OutcomesBySecond;
  /** From the intended start; failed requests count as endless, since no percentile may profit from them. */
  readonly corrected: ClusteredHistogram;
  /** How long users waited for the gateway: until it answered, or for the whole time-out. Failures that came at once kept nobody waiting. */
  readonly waits: LatencyHistogram;
}

/** What an engine offered and what it got, before any verdict; all steps that count together. */
export interface LoadMeasurement extends Omit<StageMeasurement, 'name' | 'start_s' | 'duration_s' | 'waits'> {
  readonly engine: string;
  /** As the tool saw it; failed requests count as endless. */
  readonly actual: LatencyHistogram;
  /** Each step that counts; one at least. */
  readonly stages: readonly StageMeasurement[];
  readonly kinds: readonly RequestKind[];
  readonly backend: LatencyHistogram;
  /** What the gateway added to single requests; empty when the script does not measure it. */
  readonly overhead: ClusteredHistogram;
  /** Connecting to the gateway by TCP, without TLS; of requests that opened a connection. */
  readonly connect: ClusteredHistogram;
  readonly buckets: readonly LoadBucket[];
  /** When second 0 of the plan was, on the clock of `performance.now()`, within about half a second; null when nothing was sent. */
  readonly begun_ms: number | null;
  readonly generatorCpu: {
    readonly share: number;
    readonly throttled_ms: number;
    readonly othersShare: number;
    /** Share of its TCP segments that it had to send again, where it is known. */
    readonly resentShare?: number;
  };
  /** Requests that the tool counted and whose samples never came; null when it counted none. */
  readonly lost: number | null;
  /** Of engines that hold connections. */
  readonly connections?: ConnectionsSeen;
  /** Of engines whose clients are slow. */
  readonly slow?: SlowSeen;
  /** How late the event loop of a tool was that runs in one, 99th percentile. */
  readonly loopDelay_ms?: number;
  /** What scripts counted beside requests, by name; nothing is the same as 0. */
  readonly tallies?: Readonly<Record<string, number>>;
  readonly failure: string | null;
}

export interface LoadEngine {
  readonly name: string;
  /** The script that k6 runs, of those in `scenarios/k6`: several generators can share its load, and a cluster can run it. */
  readonly script?: string;
  /** Of an engine that cannot tell when a request was due; others count latencies from the intended start. */
  readonly latencyFrom?: 'send';
  run(host: GeneratorHost, run: EngineRun): Promise<LoadMeasurement>;
}

/** Samples the containers of the run and their cores while a scenario is under way; the harness implements it. */
export interface ResourceSampler {
  /** @param begun_ms when the load began, on the clock of `performance.now()`: seconds count from there; null: from when watching began */
  stop(begun_ms: number | null): Promise<Pick<ScenarioResult, 'resources' | 'cores'>>;
}
