/** A gateway node loses its configuration, certificates and keepalived file; nginx runs on with what it has loaded. */
import type { Fault } from '../runner/fault.ts';
import { waitFor } from '../runner/wait.ts';

const PLACES = 'etc/nginx etc/letsencrypt etc/keepalived';
/** Outside of what is lost, and of what any backup looks at. */
const KEPT = '/var/lib/configuration-before.tar.gz';
const REMOVAL_TIMEOUT_MS = 15_000;

/** Empties the folders; undone from a copy that is made before. */
export function configurationLost(service: string): Fault {
  return {
    name: `configuration-lost ${service}`,
    services: [service],
    undo: async (target) => {
      const containerId = target.containerId(service);
      const { exitCode, stderr } = await target.host.exec(containerId, [
        'tar',
        '-C',
        '/',
        '-czf',
        KEPT,
        ...PLACES.split(' '),
      ]);
      if (exitCode !== 0) throw new Error(`no copy of the configuration of ${service}: ${stderr.trim().slice(-300)}`);
      const back = `test ! -e ${KEPT} || { tar -C / -xzf ${KEPT}; nginx -t -q; nginx -s reload; rm ${KEPT}; }`;
      return [{ service, containerId, action: 'exec', argv: ['sh', '-ec', back] }];
    },
    inject: async (target) => {
      const lose = `cd /; for place in ${PLACES}; do find "$place" -mindepth 1 -delete; done`;
      const { exitCode, stderr } = await target.host.exec(target.containerId(service), ['sh', '-ec', lose]);
      if (exitCode !== 0) throw new Error(`the configuration of ${service} stays: ${stderr.trim().slice(-300)}`);
    },
    proveEffect: async (target) => {
      const { exitCode, stderr } = await target.host.exec(target.containerId(service), ['nginx', '-t']);
      if (exitCode === 0) throw new Error(`${service} still has a configuration`);
      return `nginx -t: ${stderr.trim().split('\n')[0] ?? ''}`;
    },
    proveRemoval: async (target) => {
      await waitFor(`the configuration of ${service}`, REMOVAL_TIMEOUT_MS, async () => {
        const { exitCode } = await target.host.exec(target.containerId(service), ['nginx', '-t', '-q']);
        return exitCode === 0;
      });
      return 'nginx -t is content';
    },
  };
}
