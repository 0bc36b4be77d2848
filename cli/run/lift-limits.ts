/** A gateway without its limits by client, while a load runs that they would hide the gateway from. */
import { mustExec } from '../../environments/harness/containers.ts';
import { servingWorkers } from '../../environments/harness/nginx-workers.ts';
import type { ServiceRef } from '../../environments/harness/types.ts';
import { waitFor } from '../../environments/harness/wait.ts';

const KEPT = '/run/gateproof-nginx';
const LIMITS = String.raw`^[[:space:]]*limit_(req|conn)[[:space:]]`;
const LIFT = `rm -rf ${KEPT}; cp -a /etc/nginx ${KEPT}; grep -rlE '${LIMITS}' /etc/nginx | xargs -r sed -i -E '/${LIMITS}/d'`;
const RESTORE = `cp -a ${KEPT}/. /etc/nginx/; rm -rf ${KEPT}`;

/** nginx starts new workers before it tells the old ones to go. */
const RELOAD_LIMIT_MS = 15_000;

/**
 * Takes `limit_req` and `limit_conn` out of the gateway's nginx configuration, until disposed of.
 *
 * @throws HarnessError when nginx refuses the configuration or does not take it over in time
 */
export async function liftClientLimits({ containerId, name }: ServiceRef): Promise<AsyncDisposable> {
  const change = async (script: string): Promise<void> => {
    const before = await servingWorkers(containerId);
    await mustExec(containerId, ['sh', '-ec', `${script}; nginx -t; nginx -s reload`]);
    await waitFor(
      `workers of ${name} with other limits`,
      async () => {
        const now = await servingWorkers(containerId);
        return now.length > 0 && now.every((pid) => !before.includes(pid));
      },
      { limit_ms: RELOAD_LIMIT_MS, every_ms: 200 },
    );
  };
  await change(LIFT);
  return { [Symbol.asyncDispose]: () => change(RESTORE) };
}
