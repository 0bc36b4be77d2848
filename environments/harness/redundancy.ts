/** The redundant pair of gateways: keepalived's files on each node, and who holds the virtual address. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddressPlan } from './addresses.ts';
import { tree } from './config.ts';
import { exec } from './containers.ts';
import type { FileToPut } from './containers.ts';
import type { Environment } from './environment.ts';
import { VIRTUAL_ADDRESS } from './environment.ts';
import { HarnessError } from './errors.ts';
import type { ServiceRef } from './types.ts';
import { waitFor } from './wait.ts';

/** Capabilities without which gateways run nginx alone, as image-probe.ts names them. */
const NEEDED = ['keepalived', 'start-node'];

/** Edge address of a gateway of the topology, by number from 1. */
export function gatewayAddress(plan: AddressPlan, number: number): string {
  return plan.edgeHost(0, 100 + number);
}

/**
 * The address that the gateways hold in turn; undefined when the environment documents
 * none, or when the gateway's image lacks what nodes need.
 *
 * @param missing what a replaced image lacks: capability → reason
 */
export function virtualAddress(
  environment: Environment,
  plan: AddressPlan,
  missing: Readonly<Record<string, string>>,
): string | undefined {
  const documented = Object.values(environment.documentedAddresses).includes(VIRTUAL_ADDRESS);
  return documented && NEEDED.every((name) => missing[name] === undefined) ? plan.edgeHost(0, 100) : undefined;
}

/**
 * keepalived's files for one node, with the documented addresses replaced by the run's.
 *
 * @throws {HarnessError} when the variant has no configuration for the node
 */
export async function keepalivedFiles(
  variantDir: string,
  node: string,
  environment: Environment,
  plan: AddressPlan,
): Promise<FileToPut[]> {
  const folder = join(variantDir, 'keepalived');
  const [own, programs] = await Promise.all([tree(join(folder, node)), tree(join(folder, 'bin'))]);
  if (own.length === 0)
    throw new HarnessError(
      `the environment documents a virtual address, and there is no ${join(folder, node)}/keepalived.conf`,
      'add the file, or take the virtual address out of environment.ts',
    );
  const addresses = runAddresses(environment, plan);
  return Promise.all([
    ...own.map(async (path) => ({
      path: path.replace(join(folder, node), '/etc/keepalived'),
      content: mapAddresses(await readFile(path, 'utf8'), addresses),
    })),
    ...programs.map(async (path) => ({
      path: path.replace(join(folder, 'bin'), '/usr/local/bin'),
      content: await readFile(path),
      mode: 0o755,
    })),
  ]);
}

/** Documented address → the run's, with its prefix length, for the gateways and what they share. */
function runAddresses(environment: Environment, plan: AddressPlan): ReadonlyMap<string, RunAddress> {
  const prefix = plan.networks.find(({ name }) => name === 'edge')?.cidr.split('/')[1] ?? '32';
  return new Map(
    Object.entries(environment.documentedAddresses).flatMap(([documented, name]) => {
      const number = /^gateway-(\d+)$/.exec(name)?.[1];
      if (name === VIRTUAL_ADDRESS) return [[documented, { address: plan.edgeHost(0, 100), prefix }]];
      return number === undefined ? [] : [[documented, { address: gatewayAddress(plan, Number(number)), prefix }]];
    }),
  );
}

interface RunAddress {
  readonly address: string;
  readonly prefix: string;
}

/** Replaces addresses in a text; one that stands with a prefix length gets that of its new network. */
export function mapAddresses(text: string, addresses: ReadonlyMap<string, RunAddress>): string {
  return text.replace(/\b(\d+\.\d+\.\d+\.\d+)(\/\d+)?\b/g, (all, documented: string, length?: string) => {
    const mapped = addresses.get(documented);
    if (!mapped) return all;
    return length === undefined ? mapped.address : `${mapped.address}/${mapped.prefix}`;
  });
}

/** Names of the gateways that have an address at this moment. */
export async function holdersOf(gateways: readonly ServiceRef[], address: string): Promise<string[]> {
  const looks = await Promise.all(
    gateways.map(async ({ name, containerId }) => {
      const { stdout } = await exec(containerId, ['ip', '-o', '-4', 'address', 'show', 'to', address]);
      return stdout.trim() === '' ? [] : [name];
    }),
  );
  return looks.flat();
}

/** Warm, a node holds the address after 4 s at most: three adverts and the skew. */
const HOLDER_LIMIT_MS = 15_000;

/** How long the same gateway must have held it: for up to a second it moves on when nodes start apart. */
const STEADY_MS = 1_000;

/** Waits until one and the same gateway has held the virtual address for a second. @throws {HarnessError} when that does not come about */
export async function oneHolder(gateways: readonly ServiceRef[], address: string): Promise<void> {
  let holders: readonly string[] = [];
  let since = performance.now();
  await waitFor(
    `one gateway holding the virtual address ${address}`,
    async () => {
      const seen = await holdersOf(gateways, address);
      if (seen.join() !== holders.join()) since = performance.now();
      holders = seen;
      return holders.length === 1 && performance.now() - since >= STEADY_MS;
    },
    {
      limit_ms: HOLDER_LIMIT_MS,
      every_ms: 100,
      lastSeen: () => (holders.length === 0 ? 'no gateway holds it' : `${holders.join(' and ')} hold it`),
      remedy: 'see the logs of keepalived in the folder of the run (raw/) and the files in keepalived/ of this variant',
    },
  );
}
