/** A handful of requests that meet instances which misbehave, and where each of them went. */
import { misbehaviourShown } from '../faults/misbehave.ts';
import type { TrialData } from '../runner/experiment.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { loggedRequests } from './attempts.ts';
import { sendInTurn } from './send.ts';
import type { GatewayRequest } from './send.ts';

/** One request of a burst. */
export interface BurstRequest {
  readonly method: string;
  readonly status: number;
  /** Instances in the order in which they were tried. */
  readonly tried: readonly string[];
}

export interface Burst {
  /** What the instance did: `status 503`, `refuses`. */
  readonly label: string;
  /** The instance that misbehaved. */
  readonly victim: string;
  readonly requests: readonly BurstRequest[];
}

/** Name under which bursts are kept in what a trial collected. */
const KEPT_AS = 'bursts';
export const CUSTOMERS: readonly string[] = [1, 2, 3, 4, 5, 6].map((n) => `customer-${n}`);

/** Sends requests whose paths begin with `mark`, in turn, and looks up where each was tried. */
export async function burst(
  target: ChaosTarget,
  node: string,
  what: { readonly label: string; readonly victim: string; readonly mark: string },
  requests: readonly GatewayRequest[],
): Promise<Burst> {
  const answers = await sendInTurn(target, requests);
  // A line is certain only for what was answered: a client that gave up may have reached nobody.
  const answered = answers.filter(({ status }) => status > 0).length;
  const logged = await loggedRequests(target, node, `${what.mark}/`, answered, CUSTOMERS);
  return {
    label: what.label,
    victim: what.victim,
    requests: answers.map(({ request, status }) => ({
      method: request.method,
      status,
      tried: logged.find(({ path, method }) => path === request.path && method === request.method)?.upstreams ?? [],
    })),
  };
}

/** Bursts as `collect` hands them on. */
export function keepBursts(bursts: readonly Burst[]): Readonly<Record<string, readonly string[]>> {
  return { [KEPT_AS]: bursts.map((one) => JSON.stringify(one)) };
}

/** Bursts of all trials that count. */
export function keptBursts(trials: readonly TrialData[]): readonly Burst[] {
  return trials
    .filter(({ trial }) => trial.valid && misbehaviourShown(trial))
    .flatMap(({ collected }) => collected[KEPT_AS] ?? [])
    .map((line) => JSON.parse(line) as Burst);
}

/** Requests of a burst that met the instance which misbehaved. */
export function met({ victim, requests }: Burst): readonly BurstRequest[] {
  return requests.filter(({ tried }) => tried.includes(victim));
}
