/** A gateway whose configuration is changed while a load runs, for what it would hide or does not write down. */
import { exec, mustExec } from '../../environments/harness/containers.ts';
import { reloadNginx } from '../../environments/harness/nginx-reload.ts';
import type { ServiceRef } from '../../environments/harness/types.ts';
import { PHASES } from '../../scenarios/phases.ts';
import type { GatewayChange } from '../../scenarios/scenario.ts';

const KEPT = '/run/gateproof-nginx';
const LIMITS = String.raw`^[[:space:]]*limit_(req|conn)[[:space:]]`;
const PHASE_LOG = '/var/log/nginx/gateproof-phases.log';
/** In double quotes of a shell. */
const quoted = (text: string): string => text.replaceAll('$', String.raw`\$`);
const SCRIPTS: Readonly<Record<GatewayChange, string>> = {
  'limits by client lifted': `grep -rlE '${LIMITS}' /etc/nginx | xargs -r sed -i -E '/${LIMITS}/d'`,
  'phases logged': `printf '%s\\n' "log_format gateproof_phases '${quoted(PHASES)}';" 'access_log ${PHASE_LOG} gateproof_phases;' >> /etc/nginx/http/logging.conf`,
};
const KEEP = `rm -rf ${KEPT}; cp -a /etc/nginx ${KEPT}`;
const RESTORE = `cp -a ${KEPT}/. /etc/nginx/; rm -rf ${KEPT}`;

/**
 * Changes the configuration of a gateway's nginx until disposed of.
 *
 * @throws HarnessError when nginx refuses the configuration or does not take it over in time
 */
export async function changedGateway(gateway: ServiceRef, change: GatewayChange): Promise<AsyncDisposable> {
  const reload = (script: string): Promise<void> =>
    reloadNginx(gateway, 'another configuration', () => mustExec(gateway.containerId, ['sh', '-ec', script]));
  await reload(`${KEEP}; ${SCRIPTS[change]}`);
  return { [Symbol.asyncDispose]: () => reload(RESTORE) };
}

/** The lines that a gateway wrote about phases of requests; none when it writes no such log. */
export async function phaseLines({ containerId }: ServiceRef): Promise<string[]> {
  const { exitCode, stdout } = await exec(containerId, ['cat', PHASE_LOG]);
  return exitCode === 0 ? stdout.split('\n').filter((line) => line !== '') : [];
}
