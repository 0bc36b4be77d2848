/** The frame of experiments with a deployment: it begins, the procedure acts while it is held, and what it did is kept. */
import { deployment, deploymentHeld } from '../faults/deployment.ts';
import { Journal, JOURNAL } from '../operations/journal.ts';
import { experiment } from '../runner/experiment.ts';
import type { Experiment, TrialWatch } from '../runner/experiment.ts';
import { pause, waitFor } from '../runner/wait.ts';

/** Nodes in front of the instances. */
export const GATEWAYS = ['gateway-1', 'gateway-2'];

const ANSWER_TIMEOUT_MS = 30_000;

type Framed = 'steadyState' | 'method' | 'blastRadius' | 'observe' | 'recover' | 'collect';

interface DeploymentExperiment extends Omit<Experiment, Framed> {
  /** Those that a new version may go to. */
  readonly instances: readonly string[];
  /** How long one looks when no deployment begins: the control without a fault. */
  readonly idle_ms: number;
  /** What the procedure does. */
  deployed(watch: TrialWatch, journal: Journal): Promise<void>;
}

/** An experiment whose fault is a deployment to some instances. @throws RangeError as `experiment` does */
export function deploymentExperiment({ instances, idle_ms, deployed, ...declared }: DeploymentExperiment): Experiment {
  const journal = new Journal();
  return experiment({
    ...declared,
    steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
    method: [deployment(instances, GATEWAYS)],
    blastRadius: [...instances, ...GATEWAYS],
    observe: async (watch) => {
      if (await deploymentHeld(watch.target)) await deployed(watch, journal);
      else await pause(idle_ms);
    },
    recover: async (watch) => {
      await waitFor('an answer', ANSWER_TIMEOUT_MS, () => watch.probes().at(-1)?.ok ?? false);
    },
    collect: async () => ({ texts: { [JOURNAL]: journal.take() } }),
  });
}
