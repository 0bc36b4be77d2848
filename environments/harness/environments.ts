import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Environment } from './environment.ts';
import { HarnessError } from './errors.ts';

/** Folder of all environments. */
export const ENVIRONMENTS_DIR = join(import.meta.dirname, '..');

/** Loads `environments/<name>/environment.ts`. @throws {HarnessError} when there is none */
export async function loadEnvironment(name: string): Promise<Environment> {
  const path = join(ENVIRONMENTS_DIR, name, 'environment.ts');
  const files = await readdir(join(ENVIRONMENTS_DIR, name)).catch((): string[] => []);
  if (!files.includes('environment.ts'))
    throw new HarnessError(`${path} does not exist`, 'declare the topology of the environment there');
  const module = (await import(pathToFileURL(path).href)) as { default: Environment };
  return module.default;
}
