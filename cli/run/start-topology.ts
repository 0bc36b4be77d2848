import { join, resolve } from 'node:path';
import { ENVIRONMENTS_DIR, loadEnvironment } from '../../environments/harness/environments.ts';
import type { Images } from '../../environments/harness/parts.ts';
import { thisProcess } from '../../environments/harness/owner.ts';
import { start } from '../../environments/harness/topology.ts';
import type { Topology } from '../../environments/harness/topology.ts';
import { loadVariant } from '../../environments/harness/variant.ts';
import type { Variant } from '../../environments/harness/variant.ts';
import type { VariantName } from '../../reports/record/types.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Programs that run inside the vantage and the inspector. */
const AGENT_SOURCES = ['conformance/clients', 'chaos/prober'].map((folder) => ({
  from: join(ROOT, folder),
  to: `/opt/gateproof/${folder}`,
}));

export interface StartRequest {
  readonly runId: string;
  readonly environment: string;
  readonly variant: VariantName;
  /** Folder with a configuration in place of the variant's own. */
  readonly configuration?: string | undefined;
  readonly images: Images;
  readonly logDir: string;
  readonly extent: 'full' | 'lab';
  /** Load generators may write their samples to Prometheus. */
  readonly remoteWrite?: boolean;
  readonly owner?: string;
  /** A topology that is switched to the variant instead of starting another. */
  readonly running?: Topology | undefined;
  readonly progress?: (phase: string) => void;
}

/** Starts one variant of an environment: what every command that measures needs first. */
export async function startTopology(request: StartRequest): Promise<{ topology: Topology; variant: Variant }> {
  const [environment, own] = await Promise.all([
    loadEnvironment(request.environment),
    loadVariant(join(ENVIRONMENTS_DIR, request.environment), request.variant, request.images.missing),
  ]);
  const variant = request.configuration === undefined ? own : { ...own, dir: resolve(request.configuration) };
  if (request.running) {
    await request.running.use(variant, request.logDir);
    return { topology: request.running, variant };
  }
  const topology = await start({
    runId: request.runId,
    name: request.environment,
    environment,
    variant,
    images: request.images,
    agentSources: AGENT_SOURCES,
    logDir: request.logDir,
    owner: request.owner ?? thisProcess(),
    extent: request.extent,
    remoteWrite: request.remoteWrite ?? false,
    ...(request.progress ? { progress: request.progress } : {}),
  });
  return { topology, variant };
}
