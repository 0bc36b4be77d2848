/** The frame of experiments with the redundant pair: who is probed, and what is watched. */
import { FailoverObserver } from '../observers/failover.ts';
import { experiment } from '../runner/experiment.ts';
import type { Experiment } from '../runner/experiment.ts';
import type { SeriesConfig } from '../prober/protocol.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { ACTIVE, clientsOfThePair, hasPair, STANDBY } from './gateway-pair.ts';

type Framed = 'steadyState' | 'series' | 'blastRadius' | 'prepare' | 'collect';

interface PairExperiment extends Omit<Experiment, Framed>, Pick<Partial<Experiment>, 'collect'> {
  /** The node that the fault takes down with everything that watches on it: watched again when it is back. */
  readonly restarts?: typeof ACTIVE | typeof STANDBY;
  /** Services beside the two nodes that the faults touch. */
  readonly beside?: readonly string[];
  /** Series beside the deciding one. */
  others?(target: ChaosTarget): readonly SeriesConfig[];
}

/** An experiment with the redundant pair, whose first node holds the virtual address before the fault. @throws RangeError as `experiment` does */
export function pairExperiment({ restarts, beside = [], others, ...declared }: PairExperiment): Experiment {
  const observer = new FailoverObserver();
  return experiment({
    ...declared,
    steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
    series: (target) => [...clientsOfThePair(target), ...(others?.(target) ?? [])],
    blastRadius: [ACTIVE, STANDBY, ...beside],
    preflight: async (target) => (await hasPair(target)) ?? (await declared.preflight?.(target)) ?? null,
    prepare: (target) => observer.start(target),
    recover: async (watch) => {
      if (restarts !== undefined) await observer.again(watch.target, restarts);
      await declared.recover(watch);
    },
    collect: async (target, window) => {
      const own = await declared.collect?.(target, window);
      const seen = await observer.collect(target, window);
      return { ...seen, texts: { ...seen.texts, ...own?.texts } };
    },
  });
}
