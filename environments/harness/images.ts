/**
 * The images of a run: built when they are not there yet, or replaced by the
 * user's own. A second start finds everything and builds nothing.
 */
import { cpus } from 'node:os';
import { docker, isStatus, requireEngine } from './docker.ts';
import { ensureBase } from './image-base.ts';
import { buildImage } from './image-build.ts';
import { probeImage } from './image-probe.ts';
import { BUILD_ROLES, IMAGE_ROLES, imageHashes, imageReference, isImageRole, RECIPES } from './image-recipes.ts';
import type { BuildRole, ImageRole } from './image-recipes.ts';
import { recordedVersions } from './image-versions.ts';

export { IMAGE_ROLES, imageHashes, isImageRole };
export type { ImageRole };

export interface ImageInfo {
  readonly reference: string;
  readonly id: string;
  /** True for an image of the user's. */
  readonly replaced: boolean;
  /** Program → version. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface ImageSet<R extends ImageRole = ImageRole> {
  readonly roles: Readonly<Record<R, ImageInfo>>;
  /** What replaced images lack: capability → reason. */
  readonly missing: Readonly<Record<string, string>>;
}

export interface EnsureOptions<R extends ImageRole = ImageRole> {
  /** Roles that are needed; all of them when absent. */
  readonly roles?: readonly R[];
  /** Role → reference of the user's own image. */
  readonly overrides?: Readonly<Record<string, string>>;
  /** Told what is going on, one line each. */
  readonly progress?: (text: string) => void;
}

/** Builds that run at the same time: downloads of one overlap with the work of another, more only compete. */
const BUILDS_AT_ONCE = 2;

/**
 * Makes sure that the images are there, and says what is in them.
 *
 * @throws {RangeError} when an override names no role
 * @throws {HarnessError} when the engine does not answer, a build fails (with the end of its log) or an override cannot play its role
 */
export async function ensureImages<R extends ImageRole = ImageRole>(
  options: EnsureOptions<R> = {},
): Promise<ImageSet<R>> {
  const roles: readonly R[] = options.roles ?? (IMAGE_ROLES as readonly ImageRole[] as readonly R[]);
  const overrides = options.overrides ?? {};
  const progress = options.progress ?? (() => undefined);
  for (const role of Object.keys(overrides)) {
    if (!isImageRole(role))
      throw new RangeError(`--image ${role}=…: no such image; there are ${IMAGE_ROLES.join(', ')}`);
  }
  const { arch } = await requireEngine();
  const hashes = imageHashes();
  const own = roles.filter((role) => overrides[role] === undefined);
  await buildMissing(own, hashes, arch, progress);

  const missing: Record<string, string> = {};
  const infos = await Promise.all(
    roles.map(async (role): Promise<[R, ImageInfo]> => {
      const replacement = overrides[role];
      if (replacement !== undefined) {
        const { id, versions, missing: lacks } = await probeImage(role, replacement, progress);
        Object.assign(missing, lacks);
        return [role, { reference: replacement, id, replaced: true, versions }];
      }
      const reference = imageReference(role, hashes[role]);
      const { Id: id } = await docker().getImage(reference).inspect();
      return [role, { reference, id, replaced: false, versions: await recordedVersions(id) }];
    }),
  );
  return { roles: Object.fromEntries(infos) as Record<R, ImageInfo>, missing };
}

/** Which of these images would have to be built now, those that they stand on included. */
export async function missingImages(roles: readonly ImageRole[] = IMAGE_ROLES): Promise<readonly BuildRole[]> {
  const hashes = imageHashes();
  const present = await presentReferences();
  const absent = (role: BuildRole): boolean => !present.has(imageReference(role, hashes[role]));
  const wanted = new Set<BuildRole>(roles.filter(absent));
  for (const role of [...wanted]) for (const used of RECIPES[role].uses) if (absent(used)) wanted.add(used);
  return BUILD_ROLES.filter((role) => wanted.has(role));
}

async function buildMissing(
  roles: readonly ImageRole[],
  hashes: Readonly<Record<BuildRole, string>>,
  arch: string,
  progress: (text: string) => void,
): Promise<void> {
  const todo = await missingImages(roles);
  if (todo.length === 0) return;
  progress(`building ${String(todo.length)} image${todo.length > 1 ? 's' : ''} (once): ${todo.join(', ')}`);
  await ensureBase(progress);

  const slots = limiter(Math.min(BUILDS_AT_ONCE, cpus().length));
  const builds = new Map<BuildRole, Promise<void>>();
  let failed = false;
  // Foundations come first in the list; the slow tools start at once and hold one slot.
  for (const role of todo) {
    const foundations = RECIPES[role].uses.map((used) => builds.get(used) ?? Promise.resolve());
    const build = Promise.all(foundations).then(() =>
      slots(async () => {
        // Nothing new is begun once the outcome is known.
        if (failed) return;
        const started = performance.now();
        await buildImage({ role, hashes, arch }).catch((error: unknown) => {
          failed = true;
          progress(`image ${role}: failed; waiting for the builds under way`);
          throw error;
        });
        progress(`image ${role}: built in ${((performance.now() - started) / 1000).toFixed(0)} s`);
      }),
    );
    builds.set(role, build);
  }
  // All of them end before a failure is told, so that nothing goes on building behind an error message.
  const failure = (await Promise.allSettled(builds.values())).find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}

/** Lets at most `limit` tasks run at a time, in the order in which they came. */
export function limiter(limit: number): (task: () => Promise<void>) => Promise<void> {
  let free = limit;
  const waiting: (() => void)[] = [];
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}

async function presentReferences(): Promise<ReadonlySet<string>> {
  return new Set((await docker().listImages()).flatMap(({ RepoTags }) => RepoTags ?? []));
}

/**
 * Removes images of ours that the present files do not make any more, and what
 * is left of their builds. Never the base image: others may use it.
 *
 * @param options.all removes the present ones too
 * @returns the references or ids removed; an image that a container uses is kept
 */
export async function pruneImages(options: { readonly all?: boolean } = {}): Promise<readonly string[]> {
  const hashes = imageHashes();
  const current = new Set(options.all ? [] : BUILD_ROLES.map((role) => imageReference(role, hashes[role])));
  const tagged = (await docker().listImages())
    .flatMap(({ RepoTags }) => RepoTags ?? [])
    .filter((reference) => /^gateproof\/[a-z]+:/.test(reference) && !current.has(reference));
  const removed = await removeImages(tagged);
  // Stages of builds have no name; their label tells whose they are.
  const stages = await docker().listImages({ filters: { dangling: ['true'], label: ['gateproof.build'] } });
  return [...removed, ...(await removeImages(stages.map(({ Id }) => Id)))];
}

async function removeImages(references: readonly string[]): Promise<string[]> {
  const removed: string[] = [];
  for (const reference of references) {
    try {
      await docker().getImage(reference).remove();
      removed.push(reference);
    } catch (error) {
      // 404: gone with another one; 409: in use by a container or by an image that stays.
      if (!isStatus(error, 404) && !isStatus(error, 409)) throw error;
    }
  }
  return removed;
}
