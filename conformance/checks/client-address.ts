import { block } from '../../environments/harness/addresses.ts';
import type { ClientAddress } from '../addresses.ts';
import type { CaseContext } from '../context.ts';
import { mixed } from '../gateway.ts';
import type { Client } from '../gateway.ts';
import type { Outcome } from '../outcome.ts';
import { deliver, judged, outcomeOf, table } from './exchange.ts';
import { valuesOf } from './forwarded.ts';
import type { Received } from './forwarded.ts';

/** A proxy in front of the gateway, and whether the configuration trusts its address. */
export interface Front {
  readonly client: Client;
  readonly trusted: boolean;
}

/** Values of one directive in a configuration, in the order of appearance; comments are left out. */
export function directiveValues(config: string, name: string): string[] {
  const uncommented = config.replace(/^\s*#.*$/gm, '');
  return [...uncommented.matchAll(new RegExp(`^\\s*${name}\\s+([^;]+);`, 'gm'))].map((match) => match[1]?.trim() ?? '');
}

/** An address inside `inner` that lies inside `outer` as well: the `n`th of those, or undefined. */
export function commonAddress(inner: string, outer: string, n = 1): string | undefined {
  const [a, b] = [range(inner), range(outer)];
  const from = Math.max(a.first, b.first);
  const to = Math.min(a.last, b.last);
  return from + n <= to ? dotted(from + n) : undefined;
}

function range(cidr: string): { first: number; last: number } {
  const whole = cidr.includes('/') ? cidr : `${cidr}/32`;
  const addresses = block(whole);
  return { first: number(addresses.at(0)), last: number(addresses.at(addresses.size - 1)) };
}

function number(address: string): number {
  return address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0);
}

function dotted(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
}

/** A client address of the vantage inside one of these networks: for addresses that a configuration treats in its own way. */
export function clientInside(context: CaseContext, networks: readonly string[], n = 1): ClientAddress | undefined {
  for (const { name, cidr, network } of context.session.topology.clientBlocks.filter(
    (entry) => entry.name !== 'load',
  )) {
    for (const candidate of networks.filter((entry) => /^\d+\.\d+\.\d+\.\d+(?:\/\d+)?$/.test(entry))) {
      const address = commonAddress(cidr, candidate, n);
      if (address !== undefined && context.gateway.service.addresses[network] !== undefined)
        return { address, network, block: name };
    }
  }
  return undefined;
}

/** The proxy that stands in front: an address that the configuration trusts, if it trusts any. */
export async function cdnClient(context: CaseContext): Promise<Front> {
  const trusted = clientInside(context, directiveValues(await context.gateway.config(), 'set_real_ip_from'));
  return trusted
    ? { client: context.gateway.at(trusted), trusted: true }
    : { client: context.client(), trusted: false };
}

/**
 * A front proxy forwards requests of many clients over its own address. Taken by
 * client, none of them exceeds anything; taken by peer, they exceed every limit.
 */
export async function forwardedClients(
  context: CaseContext,
  { client, trusted }: Front,
  name: string,
): Promise<Outcome> {
  const clients = Array.from({ length: 20 }, () => context.fresh().address);
  const [delivered, flood] = await Promise.all([
    deliver(context, [{ client, path: '/api/v1/through-front', headers: { [name]: clients[0] ?? '' } }]),
    mixed(
      context.session.vantage,
      [...clients, ...clients].map((address, index) => ({
        client,
        path: '/api/v1/through-front',
        headers: { [name]: address },
        preconnect: true,
        connection: `front-${String(index % 5)}`,
      })),
    ),
  ]);
  const realIp = valuesOf(delivered[0]?.arrivals[0], 'X-Real-IP')[0] ?? 'absent';
  const refused = flood.filter(({ status }) => status !== 200).length;
  return judged(
    realIp === clients[0] && refused === 0,
    `a proxy's ${name} names the client: X-Real-IP has its address, and 40 requests of 20 clients are within every limit`,
    `X-Real-IP ${realIp} for ${clients[0] ?? ''} behind ${client.address}; ${String(refused)} of ${String(flood.length)} refused`,
    [
      table(
        'requests through a front proxy',
        ['proxy', 'trusted by the configuration', 'client named', 'X-Real-IP', 'statuses'],
        [
          [
            client.address,
            trusted ? 'yes' : 'no',
            clients[0] ?? '',
            realIp,
            [...new Set(flood.map(outcomeOf))].join(', '),
          ],
        ],
      ),
    ],
    trusted ? undefined : 'no set_real_ip_from: the gateway takes the peer of the connection for the client',
  );
}

/** With one trusted hop, the application takes the address that the gateway saw; with more, the client chooses it. */
export function trustedAddress(received: readonly Received[], service: string, hops: number): Outcome {
  const wrong = received.filter(({ arrival, client }) => arrival?.ip !== client);
  return judged(
    wrong.length === 0,
    `${service} trusts ${String(hops)} hop: its client address is the one that the gateway saw`,
    received
      .map(
        ({ arrival, client, sent }) =>
          `${Object.values(sent)[0] ?? 'no header'} sent by ${client}: ${arrival?.ip ?? 'not received'}`,
      )
      .join('; '),
    [
      table(
        'client address as the application takes it',
        ['service', 'client', 'X-Forwarded-For sent', 'X-Forwarded-For received', 'address taken'],
        received.map((one) => [
          service,
          one.client,
          Object.values(one.sent)[0] ?? 'none',
          valuesOf(one.arrival, 'x-forwarded-for').join(' | '),
          one.arrival?.ip ?? 'none',
        ]),
      ),
    ],
    'the application trusts every hop, so that it takes the left-most address, which the client wrote',
  );
}
