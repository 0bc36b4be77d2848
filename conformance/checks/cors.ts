import { headersNamed } from '../clients/observe.ts';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { deliver, judged, listed, outcomeOf, proof, table } from './exchange.ts';
import type { Probe } from './exchange.ts';

/** One answer to a request with an Origin. */
export interface CorsAnswer {
  readonly origin: string;
  readonly allowed: boolean;
  readonly kind: 'preflight' | 'simple' | 'admin';
  /** Lines of Access-Control-Allow-Origin. */
  readonly lines: readonly string[];
}

/** What is wrong: an allowed origin must be echoed once, another one must get no permission, `*` never. */
export function corsFault({ origin, allowed, kind, lines }: CorsAnswer): string | undefined {
  const what = `${kind} from ${origin}`;
  if (allowed)
    return lines.length === 1 && lines[0] === origin ? undefined : `${what}: ${lines.join(' | ') || 'no permission'}`;
  return lines.some((line) => line === '*' || line === origin) ? `${what}: ${lines.join(' | ')}` : undefined;
}

/** Preflight and simple requests from allowed and other origins. */
export async function corsAllowlist(
  context: CaseContext,
  allowed: readonly string[],
  fallback: string,
): Promise<Outcome> {
  const others = [
    'https://evil.example',
    ...allowed.slice(-1).map((origin) => origin.replace('https:', 'http:')),
    'null',
    fallback,
  ];
  // A preflight carries no token, which the admin route may ask for.
  const asked = [...allowed, ...others].flatMap((origin) =>
    (['preflight', 'simple', 'admin'] as const).map((kind) => ({ origin, kind, allowed: allowed.includes(origin) })),
  );
  const delivered = await deliver(
    context,
    asked.map(({ origin, kind }): Probe => ({
      client: context.client(kind === 'admin' ? 'operators' : 'clients'),
      path: kind === 'admin' ? '/api/v1/admin/cors' : '/api/v1/cors',
      ...(kind === 'preflight'
        ? { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT', authorization: null } }
        : { headers: { origin } }),
    })),
  );
  const answers = asked.map((one, index): CorsAnswer => ({
    ...one,
    lines: headersNamed(delivered[index]!.seen, 'access-control-allow-origin'),
  }));
  const faults = answers.flatMap((answer) => corsFault(answer) ?? []);
  const odd = delivered.find((_, index) => corsFault(answers[index]!) !== undefined);
  return judged(
    faults.length === 0,
    `only ${allowed.join(' and ')} are allowed to browsers`,
    faults.length === 0
      ? `${String(answers.length)} requests from ${String(allowed.length + others.length)} origins: the allowed ones echoed once, the others without permission`
      : listed(faults),
    [
      table(
        'permission by origin',
        ['origin', 'request', 'status', 'Access-Control-Allow-Origin'],
        answers.map(({ origin, kind, lines }, index) => [
          origin,
          kind,
          outcomeOf(delivered[index]!.seen),
          lines.join(' | ') || 'absent',
        ]),
      ),
      ...(odd ? [proof(odd)] : []),
    ],
  );
}
