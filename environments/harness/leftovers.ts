import { OWNER_UP, ownerLives } from './owner.ts';
import { docker, ENVIRONMENT_LABEL, isStatus, OWNER_LABEL, removeContainer, RUN_LABEL } from './docker.ts';

export interface RunOnEngine {
  readonly runId: string;
  /** Process identifier of the owner, `up`, or undefined when no network of the run is left. */
  readonly owner: string | undefined;
  readonly environment: string | undefined;
  readonly containers: readonly { readonly id: string; readonly name: string; readonly state: string }[];
  readonly networks: readonly { readonly id: string; readonly name: string }[];
  readonly volumes: readonly string[];
}

/** Everything on this engine that carries the label of a run, by run. */
export async function listRuns(): Promise<RunOnEngine[]> {
  const filters = { label: [RUN_LABEL] };
  const [containers, networks, volumes] = await Promise.all([
    docker().listContainers({ all: true, filters }),
    docker().listNetworks({ filters }),
    docker().listVolumes({ filters }),
  ]);
  const runs = new Map<string, Building>();
  const of = (labels: Readonly<Record<string, string>> | undefined): Building => {
    const id = labels?.[RUN_LABEL] ?? 'unknown';
    const run = runs.get(id) ?? { owner: undefined, environment: undefined, containers: [], networks: [], volumes: [] };
    run.owner ??= labels?.[OWNER_LABEL];
    run.environment ??= labels?.[ENVIRONMENT_LABEL];
    runs.set(id, run);
    return run;
  };
  for (const { Id, Names, State, Labels } of containers)
    of(Labels).containers.push({ id: Id, name: Names[0]?.slice(1) ?? Id, state: State });
  for (const { Id, Name, Labels } of networks) of(Labels).networks.push({ id: Id, name: Name });
  for (const { Name, Labels } of volumes.Volumes) of(Labels).volumes.push(Name);
  return [...runs].map(([runId, run]) => ({ runId, ...run }));
}

interface Building {
  owner: string | undefined;
  environment: string | undefined;
  containers: { id: string; name: string; state: string }[];
  networks: { id: string; name: string }[];
  volumes: string[];
}

/**
 * Removes what runs left whose owner is gone. A topology that was brought `up` stays.
 */
export async function healLeftovers(say: (text: string) => void): Promise<void> {
  for (const { runId, owner } of await listRuns()) {
    if (owner === OWNER_UP || ownerLives(owner)) continue;
    say(`removing what run ${runId} left behind`);
    await removeRun(runId);
  }
}

/** Removes the containers of a run that are not among `kept`. */
export async function removeOthers(runId: string, kept: readonly string[]): Promise<void> {
  const run = (await listRuns()).find((candidate) => candidate.runId === runId);
  await Promise.all(
    (run?.containers ?? []).filter(({ id }) => !kept.includes(id)).map(({ id }) => removeContainer(id)),
  );
}

/** Removes every container, network and volume of one run. Safe to repeat, and while containers are dying. */
export async function removeRun(runId: string): Promise<void> {
  const run = (await listRuns()).find((candidate) => candidate.runId === runId);
  if (!run) return;
  await Promise.all(run.containers.map(({ id }) => removeContainer(id)));
  await Promise.all([
    ...run.networks.map(({ id }) => ignoreGone(docker().getNetwork(id).remove())),
    ...run.volumes.map((name) => ignoreGone(docker().getVolume(name).remove({ force: true }))),
  ]);
}

async function ignoreGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}
