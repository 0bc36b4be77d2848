/**
 * A file system without room. Only small ones that live in memory are filled: the
 * stage has to move the files of interest there, and the host's disk is never touched.
 */
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';

/** A larger file system is refused, MiB. */
const LARGEST_MIB = 256;
const FILLER = 'gateproof-filler';

/** Fills the file system of a folder; undone by removing the filler. @param folder on a tmpfs of at most 256 MiB */
export function diskFull(service: string, folder: string): Fault {
  const filler = `${folder}/${FILLER}`;
  return {
    name: `disk-full ${folder} of ${service}`,
    services: [service],
    undo: async (target) => {
      requireSmall(service, await run(target, service, ['df', '--output=fstype,size', '-BM', folder]));
      return [
        { action: 'start', service, containerId: target.containerId(service) },
        { action: 'exec', service, containerId: target.containerId(service), argv: ['rm', '-f', filler] },
      ];
    },
    // dd ends with 1 when there is no room for more: that is what it is for.
    inject: async (target) => {
      await target.host.exec(target.containerId(service), ['dd', 'if=/dev/zero', `of=${filler}`, 'bs=64k']);
      await target.host.exec(target.containerId(service), ['sh', '-c', `printf %4096s . >> ${filler} || true`]);
    },
    proveEffect: async (target) => {
      const left = await available_kib(target, service, folder);
      if (left > 0) throw new Error(`${folder} of ${service} still has ${left} KiB`);
      return `${folder} has no block left`;
    },
    proveRemoval: async (target) => {
      const left = await available_kib(target, service, folder);
      if (left === 0) throw new Error(`${folder} of ${service} is still full`);
      return `${folder} has ${left} KiB`;
    },
  };
}

/** @throws Error unless `df --output=fstype,size -BM` tells of a small tmpfs */
export function requireSmall(service: string, df: string): void {
  const [type, size = ''] = (df.trim().split('\n').at(-1) ?? '').trim().split(/\s+/);
  const size_mib = Number.parseInt(size, 10);
  if (type !== 'tmpfs' || !(size_mib <= LARGEST_MIB))
    throw new Error(`${service}: only a tmpfs of at most ${LARGEST_MIB} MiB is filled, not ${type ?? '?'} of ${size}`);
}

async function available_kib(target: ChaosTarget, service: string, folder: string): Promise<number> {
  return Number((await run(target, service, ['df', '--output=avail', '-k', folder])).trim().split('\n').at(-1));
}

async function run(target: ChaosTarget, service: string, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await target.exec(service, argv);
  if (exitCode !== 0) throw new Error(`${argv[0] ?? ''} in ${service} ended with ${exitCode}: ${stderr.trim()}`);
  return stdout;
}
