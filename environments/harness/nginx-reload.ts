import { mustExec } from './containers.ts';
import { servingWorkers } from './nginx-workers.ts';
import type { ServiceRef } from './types.ts';
import { waitFor } from './wait.ts';

/** nginx starts new workers before it tells the old ones to go. */
const RELOAD_LIMIT_MS = 15_000;

/**
 * Changes the files of a running nginx and lets it take them over.
 *
 * @throws HarnessError when nginx refuses the configuration or does not take it over in time
 */
export async function reloadNginx(
  { containerId, name }: Pick<ServiceRef, 'containerId' | 'name'>,
  what: string,
  change: () => Promise<unknown>,
): Promise<void> {
  const before = await servingWorkers(containerId);
  await change();
  await mustExec(containerId, ['sh', '-ec', 'nginx -t; nginx -s reload']);
  await waitFor(
    `workers of ${name} with ${what}`,
    async () => {
      const now = await servingWorkers(containerId);
      return now.length > 0 && now.every((pid) => !before.includes(pid));
    },
    { limit_ms: RELOAD_LIMIT_MS, every_ms: 200 },
  );
}
