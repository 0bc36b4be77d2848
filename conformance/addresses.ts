import { block } from '../environments/harness/addresses.ts';
import type { ClientBlock, TopologyDescriptor } from '../environments/harness/types.ts';

/** A client address that nobody used before in this run, and where it meets the gateway. */
export interface ClientAddress {
  readonly address: string;
  readonly network: string;
  readonly block: ClientBlock['name'];
}

/** Lanes that share the client blocks without asking each other. */
export const LANES = 4;

/** The last /24 of the client block is kept for addresses that configurations name: edges of a CDN, a blocked country. */
const SPECIAL_NETWORKS = 1;

/** Last octets kept for clients that must differ in their /24; see {@link ClientAddresses.spread}. */
const SPREAD_OCTETS = { from: 200, to: 254 };

/**
 * Hands out client addresses, each one once: limiters and hashes of one case never
 * meet those of another. The `lanes` (each 0–3) belong to this process alone.
 */
export class ClientAddresses {
  readonly #blocks: ReadonlyMap<string, ClientBlock>;
  readonly #next = new Map<string, number>();
  readonly #lanes: readonly number[];
  #spread = 0;

  constructor(topology: Pick<TopologyDescriptor, 'clientBlocks'>, lanes: readonly number[]) {
    const wrong = lanes.find((lane) => !Number.isInteger(lane) || lane < 0 || lane >= LANES);
    if (wrong !== undefined) throw new RangeError(`lane ${String(wrong)} is not 0–${String(LANES - 1)}`);
    this.#blocks = new Map(topology.clientBlocks.map((entry) => [entry.name, entry]));
    this.#lanes = lanes;
  }

  /** One fresh address. @throws {RangeError} when the lanes' share of the block is used up */
  fresh(name: ClientBlock['name'] = 'clients'): ClientAddress {
    const entry = this.#block(name);
    const addresses = block(entry.cidr);
    const share = Math.floor(addresses.size / LANES);
    // The first address of a lane's share stays free: of the first lane it is the network's own.
    const taken = this.#next.get(name) ?? 0;
    const lane = this.#lanes[Math.floor(taken / (share - 1))];
    const index = (lane ?? 0) * share + 1 + (taken % (share - 1));
    if (lane === undefined || (name === 'clients' && index >= addresses.size - SPECIAL_NETWORKS * 256))
      throw new RangeError(
        `all ${String(taken)} addresses of block ${name} in lanes ${this.#lanes.join(', ')} are used`,
      );
    this.#next.set(name, taken + 1);
    const address = addresses.at(index);
    const last = Number(address.split('.')[3]);
    const reserved = addresses.size >= 4096 && last >= SPREAD_OCTETS.from;
    if (reserved || last === 0 || last === 255) return this.fresh(name);
    return { address, network: entry.network, block: name };
  }

  many(count: number, name: ClientBlock['name'] = 'clients'): ClientAddress[] {
    return Array.from({ length: count }, () => this.fresh(name));
  }

  /** Fresh addresses in `count` different /24 networks (ip_hash looks at three octets only). */
  spread(count: number): ClientAddress[] {
    const entry = this.#block('clients');
    const addresses = block(entry.cidr);
    const networks = addresses.size / 256 - SPECIAL_NETWORKS;
    if (count > networks) throw new RangeError(`the block has ${String(networks)} /24 networks, not ${String(count)}`);
    const lane = this.#lanes[this.#spread % this.#lanes.length] ?? 0;
    const octet = SPREAD_OCTETS.from + lane + LANES * Math.floor((this.#spread += 1) / this.#lanes.length);
    if (octet > SPREAD_OCTETS.to) throw new RangeError('all spread addresses of these lanes are used');
    return Array.from({ length: count }, (_, n) => ({
      address: addresses.at(n * 256 + octet),
      network: entry.network,
      block: 'clients' as const,
    }));
  }

  /**
   * Number `n` (0–15) of the addresses that configurations name: an edge of the CDN in
   * front of the gateway, or a client in a blocked country. They are shared by all cases.
   */
  special(kind: 'cdn-edge' | 'blocked-country', n: number): ClientAddress {
    if (n < 0 || n > 15) throw new RangeError(`special address ${String(n)} is not 0–15`);
    const entry = this.#block('clients');
    const addresses = block(entry.cidr);
    const octet = (kind === 'cdn-edge' ? 160 : 176) + n;
    return { address: addresses.at(addresses.size - 256 + octet), network: entry.network, block: 'clients' };
  }

  #block(name: ClientBlock['name']): ClientBlock {
    const entry = this.#blocks.get(name);
    if (!entry) throw new RangeError(`the topology has no client block ${name}`);
    return entry;
  }
}
