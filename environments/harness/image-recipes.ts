/**
 * What each image is made of: the folders that become its build context, and
 * the images that it is built on. Content decides: the same files, the same tag.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Project root. */
export const ROOT = join(import.meta.dirname, '../..');

/** Images that run in a topology; any of them can be replaced by the user's own. */
export const IMAGE_ROLES = [
  'gateway',
  'app',
  'postgres',
  'redis',
  'monitoring',
  'toxiproxy',
  'generator',
  'vantage',
] as const;

export type ImageRole = (typeof IMAGE_ROLES)[number];

/** Images that others are built on; they never run by themselves. */
export type FoundationRole = 'node' | 'tools';
export type BuildRole = ImageRole | FoundationRole;

export const BUILD_ROLES: readonly BuildRole[] = ['tools', 'node', ...IMAGE_ROLES];

interface Recipe {
  readonly uses: readonly FoundationRole[];
  /** Its build steps fetch packages over TLS, so they get the host's certificates for that time. */
  readonly downloads: boolean;
}

export const RECIPES: Readonly<Record<BuildRole, Recipe>> = {
  tools: { uses: [], downloads: true },
  node: { uses: [], downloads: false },
  gateway: { uses: [], downloads: false },
  app: { uses: ['node'], downloads: true },
  postgres: { uses: [], downloads: false },
  redis: { uses: [], downloads: false },
  monitoring: { uses: [], downloads: false },
  toxiproxy: { uses: ['tools'], downloads: false },
  generator: { uses: ['node', 'tools'], downloads: true },
  vantage: { uses: ['node'], downloads: true },
};

/** One file of a build context. */
export interface ContextFile {
  /** Path in the context. */
  readonly path: string;
  /** Path on this machine. */
  readonly source: string;
  readonly executable: boolean;
}

/** True when `name` is an image that can be replaced. */
export function isImageRole(name: string): name is ImageRole {
  return (IMAGE_ROLES as readonly string[]).includes(name);
}

/** Files below `folder` that belong into a context, sorted by path; packages, tests and caches do not. */
export function listFiles(folder: string, to: string): ContextFile[] {
  const files: ContextFile[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const source = join(folder, entry.name);
    const path = to ? `${to}/${entry.name}` : entry.name;
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules' && entry.name !== '.cache') files.push(...listFiles(source, path));
    } else if (entry.isFile() && !/\.(test\.ts|log|tsbuildinfo)$/.test(entry.name)) {
      files.push({ path, source, executable: (statSync(source).mode & 0o100) !== 0 });
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The files of an image's context that the project holds; what the host adds for the build is not among them. */
export function contextFiles(role: BuildRole, root: string = ROOT): ContextFile[] {
  const images = join(root, 'environments/images');
  const files = [...listFiles(join(images, role), ''), ...listFiles(join(images, 'common'), 'common')];
  if (role === 'app') files.push(...listFiles(join(root, 'environments/apps'), 'apps'));
  return files;
}

/**
 * Hash over paths, permissions and contents, and over the hashes of what the image is built on.
 *
 * @returns 12 hexadecimal digits
 */
export function contentHash(files: readonly ContextFile[], builtOn: readonly string[]): string {
  const hash = createHash('sha256');
  for (const { path, source, executable } of files) {
    const content = readFileSync(source);
    hash.update(`${path}\0${executable ? 'x' : '-'}\0${String(content.length)}\0`).update(content);
  }
  for (const other of builtOn) hash.update(`\0on ${other}`);
  return hash.digest('hex').slice(0, 12);
}

/** The hash that each image has with the files as they are now. */
export function imageHashes(root: string = ROOT): Readonly<Record<BuildRole, string>> {
  const known = new Map<BuildRole, string>();
  const hashOf = (role: BuildRole): string => {
    const hash = known.get(role) ?? contentHash(contextFiles(role, root), RECIPES[role].uses.map(hashOf));
    known.set(role, hash);
    return hash;
  };
  return Object.fromEntries(BUILD_ROLES.map((role) => [role, hashOf(role)])) as Record<BuildRole, string>;
}

/** `gateproof/<role>:<hash>` */
export function imageReference(role: BuildRole, hash: string): string {
  return `gateproof/${role}:${hash}`;
}
