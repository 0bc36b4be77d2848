import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from './errors.ts';

/** Settings of the backend services: environment variable → value. */
export type ServicesEnv = Readonly<Record<string, string>>;

/**
 * What a variant sets in the backend services, from `services.env` in its folder:
 * lines `NAME=value`, and comments. Without the file it sets nothing. Backends of
 * the topology stay the same in every variant; this is for the ones that a case
 * starts for itself.
 *
 * @throws {HarnessError} naming the line that cannot be read
 */
export async function servicesEnv(variantDir: string): Promise<ServicesEnv> {
  const path = join(variantDir, 'services.env');
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return parseServicesEnv(text, path);
}

/** Reads the text of such a file. @throws {HarnessError} naming the line that cannot be read */
export function parseServicesEnv(text: string, path = 'services.env'): ServicesEnv {
  return Object.fromEntries(
    text.split('\n').flatMap((line, index) => {
      if (/^\s*(#|$)/.test(line)) return [];
      const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line.trim()) ?? [];
      if (name === undefined || value === undefined)
        throw new HarnessError(`${path}, line ${String(index + 1)}: ${line}`, 'write NAME=value, or a comment');
      return [[name, value] as const];
    }),
  );
}
