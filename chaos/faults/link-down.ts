/** A network interface of a service goes down, as when its cable is pulled; it comes back with its routes. */
import type { Fault } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { must } from './network-commands.ts';
import { interfaceOf, routesOfInterface } from './network-cut.ts';

/** Takes the interface down that carries a service's address on a network. */
export function linkDown(service: string, network: string): Fault {
  let device = '';
  const state = async (target: ChaosTarget): Promise<string> =>
    must(target, service, ['ip', '-o', 'link', 'show', 'dev', device]);
  return {
    name: `link-down ${service}: ${network}`,
    services: [service],
    undo: async (target) => {
      const address = target.addresses(service)[network] ?? '';
      device = interfaceOf(await must(target, service, ['ip', '-o', '-4', 'addr', 'show']), address);
      const routes = routesOfInterface(await must(target, service, ['ip', 'route', 'show']), device);
      const of = { service, containerId: target.containerId(service), action: 'network-exec' as const };
      // The kernel forgets routes of an interface that goes down.
      return [
        { ...of, argv: ['ip', 'link', 'set', 'dev', device, 'up'] },
        ...routes.map((route) => ({ ...of, argv: ['ip', 'route', 'replace', ...route] })),
      ];
    },
    inject: async (target) => {
      await must(target, service, ['ip', 'link', 'set', 'dev', device, 'down']);
    },
    proveEffect: async (target) => {
      if (/[<,]UP[,>]/.test(await state(target))) throw new Error(`${device} of ${service} is still up`);
      return `${device} of ${service} is down`;
    },
    proveRemoval: async (target) => {
      if (!/[<,]UP[,>]/.test(await state(target))) throw new Error(`${device} of ${service} is still down`);
      return `${device} of ${service} is up again`;
    },
  };
}
