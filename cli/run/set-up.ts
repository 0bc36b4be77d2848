/** What a run is made with beside machine and versions: a configuration of the user's own, and its loads. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { RunInfo } from '../../reports/record/types.ts';
import type { Plan } from './plan.ts';

/** Facts for the record; those that do not apply are absent. */
export function setUpOf(
  configuration: string | undefined,
  { scenarios }: Pick<Plan, 'scenarios'>,
): Pick<RunInfo, 'configuration' | 'loads'> {
  const loads = scenarios.map(({ name, shape }) => {
    const { rate_perS, warmup_s, measured_s } = shape;
    return [name, { rate_perS, warmup_s, measured_s }] as const;
  });
  return {
    ...(configuration === undefined
      ? {}
      : { configuration: { path: configuration, sha256: hashOfFolder(configuration) } }),
    ...(loads.length === 0 ? {} : { loads: Object.fromEntries(loads) }),
  };
}

/** SHA-256 of names and contents of all files of a folder, in hexadecimal. */
function hashOfFolder(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted();
  const hash = createHash('sha256');
  for (const file of files) {
    const content = readFileSync(file);
    hash.update(`${relative(folder, file)}\0${String(content.length)}\0`).update(content);
  }
  return hash.digest('hex');
}
