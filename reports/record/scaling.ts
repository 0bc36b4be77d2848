/** What a capacity does as instances of a pool are added. Part of `types.ts`, which hands the types on. */
import type { CapacityResult, Interval } from './dynamics.ts';

/** How many instances of one pool took requests. */
export interface Replicas {
  readonly pool: string;
  readonly count: number;
  /** Instances that ran without requests, spares among them. */
  readonly idle: readonly string[];
}

/** A figure with its 95 % interval. A value that is null is infinite, and so is an upper bound. */
export interface Estimate extends Interval {
  readonly value: number | null;
}

/** The Universal Scalability Law X(N) = λN / (1 + σ(N − 1) + κN(N − 1)), fitted. */
export interface ScalingLaw {
  /** Requests a second of one instance. */
  readonly lambda_perS: Estimate;
  /** Contention, 0–1. */
  readonly sigma: Estimate;
  /** Coherency, from 0 on. */
  readonly kappa: Estimate;
  /** Where throughput is highest, √((1 − σ)/κ), 1 at least; infinite without κ. */
  readonly peak_replicas: Estimate;
  /** Throughput there; without κ the limit λ/σ that it comes near to. */
  readonly peak_perS: Estimate;
}

/** What one number of instances carried. */
export interface ScalingPoint extends Pick<CapacityResult, 'lower_perS' | 'upper_perS' | 'ranOut'> {
  readonly replicas: number;
}

export interface ScalingResult {
  /** Scenario whose mix of requests was offered. */
  readonly scenario: string;
  readonly pool: string;
  readonly points: readonly ScalingPoint[];
  /** `no difference`: the intervals of all numbers overlap, and exclude linear growth. `nothing`: they are too few or too wide. */
  readonly shows: 'law' | 'no difference' | 'nothing';
  /** That in a sentence, with the figures. */
  readonly statement: string;
  /** Only where the points differ. */
  readonly law?: ScalingLaw;
  readonly reproduce: string;
}

/** ` with 2 customer instances`, for a search that left the others idle; else nothing. */
export function replicasInWords({ replicas }: Pick<CapacityResult, 'replicas'>): string {
  if (replicas === undefined) return '';
  return ` with ${String(replicas.count)} ${replicas.pool} ${replicas.count === 1 ? 'instance' : 'instances'}`;
}
