/** A service is taken off a network, as by a pulled cable, and put back with its address and its routes. */
import type { Fault } from '../runner/fault.ts';
import { stateOf } from '../runner/target.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { must } from './network-commands.ts';

const PROOF_TIMEOUT_MS = 10_000;

/** Cuts one network of a service. */
export function networkCut(service: string, network: string): Fault {
  const address = (target: ChaosTarget): string => {
    const known = target.addresses(service)[network];
    if (!known) throw new RangeError(`${service} is not on the network ${network}`);
    return known;
  };
  const attached = async (target: ChaosTarget): Promise<string | undefined> =>
    (await stateOf(target, service)).networks[network];
  return {
    name: `network-cut ${service} from ${network}`,
    services: [service],
    undo: async (target) => {
      const of = { service, containerId: target.containerId(service) };
      const routes = await routesThrough(target, service, address(target));
      return [
        { ...of, action: 'connect', network, address: address(target) },
        // The engine gives back the address alone; routes that were set by hand go with the interface.
        ...routes.map((route) => ({
          ...of,
          action: 'network-exec' as const,
          argv: ['ip', 'route', 'replace', ...route],
        })),
      ];
    },
    inject: (target) => target.host.disconnect(target.containerId(service), network),
    proveEffect: async (target) => {
      const gone = async (): Promise<boolean> => (await attached(target)) === undefined;
      await waitFor(`${service} off ${network}`, PROOF_TIMEOUT_MS, gone);
      const left = await must(target, service, ['ip', '-o', '-4', 'addr', 'show']);
      if (left.includes(`${address(target)}/`)) throw new Error(`${service} still has the address ${address(target)}`);
      return `${service} has no address on ${network}`;
    },
    proveRemoval: async (target) => {
      const back = async (): Promise<boolean> => (await attached(target)) === address(target);
      await waitFor(`${service} on ${network}`, PROOF_TIMEOUT_MS, back);
      const routes = await routesThrough(target, service, address(target));
      return `${service} has ${address(target)} again, and ${String(routes.length)} routes of its own`;
    },
  };
}

/** Routes by way of a neighbour on the network of an address, in `ip route`'s words and without the interface's name. */
async function routesThrough(target: ChaosTarget, service: string, address: string): Promise<readonly string[][]> {
  const addresses = await must(target, service, ['ip', '-o', '-4', 'addr', 'show']);
  return routesOfInterface(await must(target, service, ['ip', 'route', 'show']), interfaceOf(addresses, address));
}

/** Name of the interface that has an address, from `ip -o -4 addr show`. @throws Error when none has it */
export function interfaceOf(addresses: string, address: string): string {
  const line = addresses.split('\n').find((one) => one.includes(` ${address}/`));
  const name = line?.split(/\s+/)[1];
  if (!name) throw new Error(`no interface has the address ${address}`);
  return name;
}

/** Routes with a gateway over one interface; its own subnet's route comes back with the address. */
export function routesOfInterface(routes: string, device: string): readonly string[][] {
  return routes
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((words) => words.includes('via') && words[words.indexOf('dev') + 1] === device)
    .map(([destination = '', ...words]) => [destination, 'via', words[words.indexOf('via') + 1] ?? '']);
}
