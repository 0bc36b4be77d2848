import { deliver, judged, outcomeOf, proof } from './exchange.ts';
import { clientInside } from './client-address.ts';
import type { CaseContext } from '../context.ts';
import { inconclusive } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';

/** Statuses that refuse a client for where it comes from; 444 closes without an answer. */
const REFUSALS: readonly (number | null)[] = [403, 451];

/** Networks that a configuration maps to a value of their own in `geo` blocks: those of a country. */
export function mappedNetworks(config: string): string[] {
  const uncommented = config.replace(/#.*$/gm, '');
  const blocks = [...uncommented.matchAll(/^\s*geo\s+(?:\$\w+\s+)?\$\w+\s*\{([^}]*)\}/gm)].map(
    (match) => match[1] ?? '',
  );
  return blocks.flatMap((block) =>
    [...block.matchAll(/^\s*(\d+\.\d+\.\d+\.\d+(?:\/\d+)?)\s+"?([^";\s]+)"?\s*;/gm)].map((match) => match[1] ?? ''),
  );
}

/** Lines of a configuration that look up a country in any way. */
export function countryLookups(config: string): string[] {
  return config
    .split('\n')
    .map((line) => line.trim())
    .filter(
      (line) =>
        !line.startsWith('#') && !line.startsWith('load_module') && /\bgeoip2?\b|\bgeoip_|^geo\s|country/i.test(line),
    );
}

/** A client of a blocked country must be refused by the gateway alone; others must not. */
export async function countryBlocked(context: CaseContext, expected: string): Promise<Outcome> {
  const config = await context.gateway.config();
  const lookups = countryLookups(config);
  const modules = config.split('\n').filter((line) => /^\s*load_module.*geoip/.test(line));
  const excerpt = {
    kind: 'config' as const,
    title: 'nginx -T: lines about countries',
    text: [...modules, ...lookups].slice(0, 12).join('\n') || 'none',
  };
  const blocked = clientInside(context, mappedNetworks(config), 2);
  if (!blocked) {
    const observed =
      lookups.length === 0
        ? 'no directive looks up a country'
        : 'countries are looked up, for none of the run’s addresses';
    if (lookups.length > 0)
      return inconclusive(expected, observed, 'no client address of the run belongs to a blocked country', [excerpt]);
    return judged(
      false,
      expected,
      `${observed}${modules.length > 0 ? '; a module for it is loaded and not used' : ''}`,
      [excerpt],
      'without a directive that uses it, a loaded module refuses nobody',
    );
  }
  const path = '/api/v1/from-abroad';
  const [refused, other] = await deliver(context, [
    { client: context.gateway.at(blocked), path },
    { client: context.client(), path },
  ]);
  if (!refused || !other) throw new Error('the agent returned too few observations');
  const holds =
    (REFUSALS.includes(refused.seen.status) || refused.seen.status === null) &&
    refused.arrivals.length === 0 &&
    other.arrivals.length > 0;
  return judged(
    holds,
    expected,
    `blocked country (${blocked.address}): ${outcomeOf(refused.seen)}, ${String(refused.arrivals.length)} backend requests; another address: ${outcomeOf(other.seen)}`,
    [proof(refused, 'from an address of a blocked country'), excerpt],
  );
}
