import { execFile, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { docker, isStatus } from './docker.ts';
import { HarnessError } from './errors.ts';
import { ROOT } from './image-recipes.ts';
import { followEngine } from './image-stream.ts';

const run = promisify(execFile);

/** What every image of ours starts from. */
export const BASE_IMAGE = 'debian:trixie-slim';
const SUITE = 'trixie';

/** A pull that shows no progress for this long has no registry to talk to, ms. */
const PULL_SILENCE_MS = 20_000;
const DEBOOTSTRAP_LIMIT_MS = 10 * 60_000;

/**
 * Sees to it that the base image is there: pulled, or bootstrapped from the
 * distribution's packages where no registry can be reached.
 *
 * @throws {HarnessError} when neither way works, with what each of them said.
 */
export async function ensureBase(progress: (text: string) => void): Promise<void> {
  if (await imageExists(BASE_IMAGE)) return;
  progress(`pulling ${BASE_IMAGE}`);
  const refusal = await pullImage(BASE_IMAGE, PULL_SILENCE_MS).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  if (refusal === undefined) return;
  progress(
    `cannot pull ${BASE_IMAGE} (${refusal.slice(0, 160)}); bootstrapping it from Debian packages, about a minute`,
  );
  await bootstrap(refusal);
}

/** True when the engine has this image. */
export async function imageExists(reference: string): Promise<boolean> {
  try {
    await docker().getImage(reference).inspect();
    return true;
  } catch (error) {
    if (isStatus(error, 404)) return false;
    throw error;
  }
}

/**
 * Pulls an image.
 *
 * @param silence_ms gives up after this long without any progress
 * @throws Error when the registry refuses, cannot be reached or stays silent
 */
export async function pullImage(reference: string, silence_ms: number): Promise<void> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => {
    giveUp.abort();
  }, silence_ms);
  try {
    const answer = await docker().pull(reference, { abortSignal: giveUp.signal });
    await followEngine(answer, () => {
      timer.refresh();
    });
  } catch (error) {
    throw giveUp.signal.aborted ? new Error(`no progress within ${String(silence_ms / 1000)} s`) : error;
  } finally {
    clearTimeout(timer);
  }
}

async function bootstrap(refusal: string): Promise<void> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    throw new HarnessError(
      `the base image ${BASE_IMAGE} is missing and cannot be pulled: ${refusal}`,
      `give the engine access to a registry, or load the image with \`docker load\`; as root on Linux it is bootstrapped instead`,
    );
  }
  const target = join(ROOT, '.cache', `base-${String(process.pid)}`);
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  try {
    await run('debootstrap', ['--variant=minbase', SUITE, target], {
      timeout: DEBOOTSTRAP_LIMIT_MS,
      maxBuffer: 64 * 2 ** 20,
    });
    // Downloaded archives are of no use in an image.
    rmSync(join(target, 'var/cache/apt/archives'), { recursive: true, force: true });
    const [repo, tag] = BASE_IMAGE.split(':') as [string, string];
    // A child process, because ownership and device files must survive.
    const archive = spawn('tar', ['-C', target, '-c', '.'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const answer = await docker().importImage(archive.stdout, { repo, tag, changes: 'CMD ["bash"]' });
    await followEngine(answer, () => undefined);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new HarnessError(
      `the base image ${BASE_IMAGE} can neither be pulled (${refusal}) nor bootstrapped (${detail.slice(-400)})`,
      'install debootstrap (`apt-get install debootstrap`) and check the network, or load the image with `docker load`',
      { cause: error },
    );
  } finally {
    rmSync(target, { recursive: true, force: true });
  }
}
