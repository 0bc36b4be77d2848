/** A gateway without its limits by client, while a load runs that they would hide the gateway from. */
import { mustExec } from '../../environments/harness/containers.ts';
import { reloadNginx } from '../../environments/harness/nginx-reload.ts';
import type { ServiceRef } from '../../environments/harness/types.ts';

const KEPT = '/run/gateproof-nginx';
const LIMITS = String.raw`^[[:space:]]*limit_(req|conn)[[:space:]]`;
const LIFT = `rm -rf ${KEPT}; cp -a /etc/nginx ${KEPT}; grep -rlE '${LIMITS}' /etc/nginx | xargs -r sed -i -E '/${LIMITS}/d'`;
const RESTORE = `cp -a ${KEPT}/. /etc/nginx/; rm -rf ${KEPT}`;

/**
 * Takes `limit_req` and `limit_conn` out of the gateway's nginx configuration, until disposed of.
 *
 * @throws HarnessError when nginx refuses the configuration or does not take it over in time
 */
export async function liftClientLimits(gateway: ServiceRef): Promise<AsyncDisposable> {
  const change = (script: string): Promise<void> =>
    reloadNginx(gateway, 'other limits', () => mustExec(gateway.containerId, ['sh', '-ec', script]));
  await change(LIFT);
  return { [Symbol.asyncDispose]: () => change(RESTORE) };
}
