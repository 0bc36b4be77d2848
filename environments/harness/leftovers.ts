import { OWNER_UP, ownerLives } from './owner.ts';
import { waitFor } from './wait.ts';
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
    await removeRun(runId, say);
  }
}

/** Removes the containers of a run that are not among `kept`. */
export async function removeOthers(runId: string, kept: readonly string[]): Promise<void> {
  const run = (await listRuns()).find((candidate) => candidate.runId === runId);
  await Promise.all(
    (run?.containers ?? []).filter(({ id }) => !kept.includes(id)).map(({ id }) => removeContainer(id)),
  );
}

/**
 * Removes every container, network and volume of one run. Safe to repeat, and while
 * containers are dying. `say` is told of networks that the engine does not give up.
 */
export async function removeRun(runId: string, say: (text: string) => void = () => undefined): Promise<void> {
  const run = (await listRuns()).find((candidate) => candidate.runId === runId);
  if (!run) return;
  await Promise.all(run.containers.map(({ id }) => removeContainer(id)));
  await Promise.all(run.volumes.map((name) => ignoreGone(docker().getVolume(name).remove({ force: true }))));
  for (const network of run.networks) await removeNetwork(network, say);
}

/** How long an endpoint may outlive its container. */
const ENDPOINTS_LIMIT_MS = 5_000;

async function removeNetwork(
  { id, name }: RunOnEngine['networks'][number],
  say: (text: string) => void,
): Promise<void> {
  let problem: unknown;
  const look = async (): Promise<boolean> => {
    try {
      await ignoreGone(docker().getNetwork(id).remove());
      return true;
    } catch (error) {
      // 403: it has endpoints.
      if (!isStatus(error, 403)) throw error;
      problem = error;
      return false;
    }
  };
  try {
    await waitFor(`the end of network ${name}`, look, { limit_ms: ENDPOINTS_LIMIT_MS, every_ms: 250 });
  } catch (error) {
    const { Containers } = (await docker().getNetwork(id).inspect()) as { Containers?: Record<string, unknown> };
    if (problem === undefined || Object.keys(Containers ?? {}).length > 0) throw error;
    say(
      `the engine keeps the network ${name}: it is empty, but the engine counts an endpoint that is gone (moby issue 42119). ` +
        'It can be removed after the engine was started again: ./gateproof down --all',
    );
  }
}

async function ignoreGone(removal: Promise<unknown>): Promise<void> {
  try {
    await removal;
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}
