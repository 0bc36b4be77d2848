import { docker, requireEngine } from '../../environments/harness/docker.ts';
import { missingImages } from '../../environments/harness/images.ts';
import { capability, gigabytes } from './capability.ts';
import type { Capability } from './capability.ts';

/** Oldest API of the engine with all that the harness uses: 1.41, Docker 20.10. */
const LEAST_API_MINOR = 41;
/** Two gateways, ten backends of two workers, stores and instruments. */
const LEAST_MEMORY_BYTES = 4e9;

/** What the engine says about itself that nothing else does. */
interface EngineInfo {
  readonly Driver?: string;
  readonly CgroupVersion?: string;
  readonly CPUSet?: boolean;
  readonly SecurityOptions?: readonly string[];
}

export interface EngineFindings {
  readonly capabilities: readonly Capability[];
  readonly answers: boolean;
  readonly cpuset: boolean;
  readonly gatewayBuilt: boolean;
}

/** Asks the engine; when none answers, that is the one capability told. */
export async function engineCapabilities(): Promise<EngineFindings> {
  const cost = 'nothing can be started; run ./gateproof doctor --start-engine as root, or start the engine yourself';
  let engine: Awaited<ReturnType<typeof requireEngine>>;
  try {
    engine = await requireEngine();
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const capabilities = [capability('Docker engine', { present: false, found }, cost, true)];
    return { capabilities, answers: false, cpuset: false, gatewayBuilt: false };
  }
  const info = (await docker().info()) as EngineInfo;
  const missing = await missingImages();
  const rootless = info.SecurityOptions?.some((option) => option.includes('rootless')) ?? false;
  const capabilities = [
    capability('Docker engine', { present: true, found: engine.version }, cost, true),
    capability(
      'engine API',
      { present: Number(engine.api.split('.')[1]) >= LEAST_API_MINOR, found: engine.api },
      'update the engine: Docker 20.10 is the oldest that works',
      true,
    ),
    capability(
      'storage driver',
      { present: info.Driver !== 'vfs', found: info.Driver ?? 'unknown' },
      'with vfs every container copies its whole image: slow starts, much disk',
    ),
    capability(
      'cgroup version',
      { present: true, found: engine.cgroup },
      'without v2, memory pressure faults see limits only',
    ),
    capability(
      'root engine',
      { present: !rootless, found: rootless ? 'rootless' : 'yes' },
      'a rootless engine lacks traffic shaping and packet faults; those experiments are not applicable',
    ),
    capability(
      'engine memory',
      { present: engine.memory_bytes >= LEAST_MEMORY_BYTES, found: gigabytes(engine.memory_bytes) },
      `the whole topology needs ${gigabytes(LEAST_MEMORY_BYTES)}`,
      true,
    ),
    capability(
      'images',
      {
        present: missing.length === 0,
        found: missing.length === 0 ? 'all built' : `to be built: ${missing.join(', ')}`,
      },
      'the first start builds them, 5 to 8 minutes on two cores',
    ),
  ];
  return { capabilities, answers: true, cpuset: info.CPUSet ?? false, gatewayBuilt: !missing.includes('gateway') };
}
