import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readFile } from './containers.ts';
import { docker, OWNER_LABEL, removeContainer, RUN_LABEL } from './docker.ts';
import { ROOT } from './image-recipes.ts';

/** What an image of ours writes down about itself while it is built. */
const VERSIONS_FILE = '/etc/gateproof-versions.json';

/** Labels of a container that only looks into an image; clean-up finds them like those of a run. */
export const probeLabels = (): Record<string, string> => ({
  [RUN_LABEL]: `probe-${String(process.pid)}`,
  [OWNER_LABEL]: String(process.pid),
});

/**
 * Versions of the programs in an image of ours, as found when it was built.
 *
 * @param id image id; the answer is kept in `.cache`, because an id's content never changes
 */
export async function recordedVersions(id: string): Promise<Readonly<Record<string, string>>> {
  const folder = join(ROOT, '.cache/images');
  const cached = join(folder, `versions-${id.replace('sha256:', '').slice(0, 16)}.json`);
  if (existsSync(cached)) return JSON.parse(readFileSync(cached, 'utf8')) as Record<string, string>;
  // Created, never started: an image's files can be read from it all the same.
  const { id: container } = await docker().createContainer({ Image: id, Labels: probeLabels() });
  try {
    const text = await readFile(container, VERSIONS_FILE);
    mkdirSync(folder, { recursive: true });
    writeFileSync(cached, text);
    return JSON.parse(text) as Record<string, string>;
  } finally {
    await removeContainer(container);
  }
}
