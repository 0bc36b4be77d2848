import { bodyText } from '../clients/observe.ts';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { deliver, judged, outcomeOf, proof, table } from './exchange.ts';
import type { Delivered } from './exchange.ts';

/** A name that nobody's certificate and virtual host carries (RFC 2606). */
const OTHER = 'other.example';

/** Whether the virtual host served somebody who asked for another one: a success, or a request at a backend. */
export function servedStranger({ seen, arrivals }: Pick<Delivered, 'seen' | 'arrivals'>): boolean {
  return arrivals.length > 0 || (seen.status !== null && seen.status < 400);
}

/** Asks for other hosts by name and by address; a virtual host must not serve them. */
export async function unknownHost(context: CaseContext, serverName: string): Promise<Outcome> {
  const client = () => context.client();
  const address = context.gateway.service.addresses['edge'] ?? '';
  const asked: { readonly what: string; readonly sni: string; readonly host: string; readonly path: string }[] = [
    { what: 'no SNI, Host is the address', sni: '', host: address, path: '/' },
    { what: 'SNI and Host of another site', sni: OTHER, host: OTHER, path: '/' },
    { what: 'SNI and Host of another site, API path', sni: OTHER, host: OTHER, path: '/api/v1/x' },
    { what: 'own SNI, Host of another site', sni: serverName, host: OTHER, path: '/api/v1/x' },
  ];
  const delivered = await deliver(
    context,
    asked.map(({ sni, host, path }) => ({ client: client(), path, tls: { serverName: sni }, headers: { host } })),
  );
  const served = asked.filter((_, index) => servedStranger(delivered[index]!));
  const odd = delivered.find((one) => servedStranger(one)) ?? delivered[0];
  return judged(
    served.length === 0,
    `only ${serverName} is served on port 443`,
    served.length === 0
      ? asked.map(({ what }, index) => `${what}: ${outcomeOf(delivered[index]!.seen)}`).join('; ')
      : `served although asked for another host: ${served.map(({ what }) => what).join('; ')}`,
    [
      table(
        'asked for other hosts',
        ['asked', 'answer', 'certificate', 'body begins'],
        asked.map(({ what, path }, index) => {
          const { seen } = delivered[index]!;
          return [
            `${what}: ${path}`,
            outcomeOf(seen),
            seen.tls?.certificate?.subject ?? 'none',
            bodyText(seen).slice(0, 60),
          ];
        }),
      ),
      ...(odd ? [proof(odd)] : []),
    ],
    'the only virtual host on port 443 is the default one, so that it serves every name',
  );
}
