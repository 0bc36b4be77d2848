/** The deployment of each variant. */
import type { TrialWatch } from '../runner/experiment.ts';
import { rollOutAsDocumented } from './documented-rollout.ts';
import type { DocumentedPlan } from './documented-rollout.ts';
import type { Journal } from './journal.ts';
import { rollOut } from './rollout.ts';
import type { RolloutEnd } from './rollout.ts';

/** Deploys with the document's script, or with the procedure that the hardened variant has in its place. */
export function deploy(watch: TrialWatch, plan: DocumentedPlan, journal: Journal): Promise<RolloutEnd> {
  return watch.target.variant === 'documented'
    ? rollOutAsDocumented(watch, plan, journal)
    : rollOut(watch, plan, journal);
}
