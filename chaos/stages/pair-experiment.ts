/** The frame of experiments with the redundant pair: who is probed, and what is watched. */
import { FailoverObserver } from '../observers/failover.ts';
import { experiment } from '../runner/experiment.ts';
import type { Experiment } from '../runner/experiment.ts';
import { ACTIVE, clientsOfThePair, hasPair, STANDBY } from './gateway-pair.ts';

type Framed = 'steadyState' | 'series' | 'blastRadius' | 'prepare' | 'collect';

interface PairExperiment extends Omit<Experiment, Framed> {
  /** The node that the fault takes down with everything that watches on it: watched again when it is back. */
  readonly restarts?: typeof ACTIVE | typeof STANDBY;
}

/** An experiment with the redundant pair, whose first node holds the virtual address before the fault. @throws RangeError as `experiment` does */
export function pairExperiment({ restarts, ...declared }: PairExperiment): Experiment {
  const observer = new FailoverObserver();
  return experiment({
    ...declared,
    steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
    series: (target) => clientsOfThePair(target),
    blastRadius: [ACTIVE, STANDBY],
    preflight: async (target) => (await hasPair(target)) ?? (await declared.preflight?.(target)) ?? null,
    prepare: (target) => observer.start(target),
    recover: async (watch) => {
      if (restarts !== undefined) await observer.again(watch.target, restarts);
      await declared.recover(watch);
    },
    collect: (target, window) => observer.collect(target, window),
  });
}
