import { asExchange, header, refusedTls } from '../clients/observe.ts';
import type { RawObservation, TlsOptions } from '../clients/protocol.ts';
import type { Client } from '../gateway.ts';
import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import type { Evidence } from '../../reports/record/types.ts';
import { withoutComments } from './rate-limit-zones.ts';

/** A handshake is over in milliseconds; this bounds one that hangs. */
const HANDSHAKE_LIMIT_MS = 8_000;

/** OpenSSL refuses old versions and weak suites by itself unless told otherwise: the gateway shall do the refusing. */
const PERMISSIVE = 'ALL:@SECLEVEL=0';

/** Every suite of TLS 1.2 and below that OpenSSL knows, those without encryption or authentication among them. */
const EVERY_SUITE = 'ALL:COMPLEMENTOFALL';

/** More than OpenSSL knows. */
const MOST_SUITES = 250;

/** TLS 1.3 suites by their registered names. */
export const TLS13_SUITES: readonly string[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
];

export type Version = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

/** Completes a handshake (or fails to) for each set of options, side by side. */
export async function handshakes(client: Client, options: readonly TlsOptions[]): Promise<RawObservation[]> {
  return client.raws(options.map((tls) => ({ tls, writes: [], until: 'handshake', timeout_ms: HANDSHAKE_LIMIT_MS })));
}

/** Options that offer exactly one protocol version. */
export function only(version: Version): TlsOptions {
  return { minVersion: version, maxVersion: version, ...(version === 'TLSv1.3' ? {} : { ciphers: PERMISSIVE }) };
}

/** True when the handshake was completed. */
export const established = ({ tls, error }: RawObservation): boolean => error === undefined && tls !== undefined;

/** What a handshake ended with, in a few words. */
export function ending(observation: RawObservation): string {
  if (observation.tls && !observation.error) return `${observation.tls.protocol} with ${observation.tls.cipher}`;
  return observation.error?.code ?? 'no handshake';
}

/** The outcome of several handshakes as one table. */
export function handshakeTable(title: string, names: readonly string[], seen: readonly RawObservation[]): Evidence {
  return {
    kind: 'table',
    title,
    columns: ['offered', 'ended with'],
    rows: seen.map((one, index) => [names[index] ?? '', ending(one)]),
  };
}

/** Each version alone: the accepted ones must be established, the others refused by the gateway's alert. */
export async function protocolVersions(
  client: Client,
  accepted: readonly Version[],
  refused: readonly Version[],
): Promise<Outcome> {
  const versions = [...accepted, ...refused];
  const seen = await handshakes(client, versions.map(only));
  const wrong = versions.filter((version, index) => {
    const one = seen[index];
    if (!one) return true;
    return accepted.includes(version) ? !established(one) || one.tls?.protocol !== version : !refusedTls(one);
  });
  return judge(
    wrong.length === 0,
    `${accepted.join(' and ')} established; ${refused.join(' and ')} refused by the gateway`,
    versions.map((version, index) => `${version}: ${seen[index] ? ending(seen[index]) : 'nothing'}`).join('; '),
    [handshakeTable('one protocol version a connection', versions, seen)],
  );
}

/** SSL 3.0 cannot be offered by today's libraries: a ClientHello of that version by hand (RFC 6101, 5.6.1.2). */
function ssl3ClientHello(): string {
  const suites = Buffer.from('0005000a002f0035c013c014', 'hex');
  const body = Buffer.concat([
    Buffer.from('0300', 'hex'),
    Buffer.alloc(32, 7),
    Buffer.from([0, 0, suites.length]),
    suites,
    Buffer.from([1, 0]),
  ]);
  const handshake = Buffer.concat([Buffer.from([1, 0, body.length >> 8, body.length & 255]), body]);
  return Buffer.concat([Buffer.from([22, 3, 0, handshake.length >> 8, handshake.length & 255]), handshake]).toString(
    'base64',
  );
}

/** First byte of a TLS record that holds an alert (RFC 8446, 5.1). */
const ALERT = 21;

/** A server that knows SSL 3.0 would answer with a ServerHello; the others send an alert or just close. */
export async function ssl3Refused(client: Client): Promise<Outcome> {
  const seen = await client.raw({
    tls: false,
    port: 443,
    writes: [{ after_ms: 0, base64: ssl3ClientHello() }],
    until: 'closed',
    timeout_ms: HANDSHAKE_LIMIT_MS,
  });
  const answer = Buffer.from(seen.received_base64, 'base64');
  const refused = answer[0] === ALERT || (answer.length === 0 && seen.closed_ms !== null);
  return judge(refused, 'SSLv3 refused', `SSLv3: first record type ${String(answer[0] ?? 'none')}`, []);
}

/** TLS 1.2 suites that a gateway accepts, in the order of its own preference. */
export interface Accepted {
  readonly accepted: readonly string[];
  /** How the last handshake ended, when it was not by the gateway's refusal: what is accepted is not known then. */
  readonly unclear: string | undefined;
  readonly evidence: Evidence;
}

/**
 * Offers every suite of TLS 1.2, then all but the one that was chosen, and so on
 * until the gateway refuses what is left: nothing that it accepts is missed.
 */
export async function acceptedTls12(client: Client): Promise<Accepted> {
  const accepted: string[] = [];
  const seen: RawObservation[] = [];
  while (seen.length < MOST_SUITES) {
    const ciphers = [EVERY_SUITE, ...accepted.map((suite) => `!${suite}`), '@SECLEVEL=0'].join(':');
    const [one] = await handshakes(client, [{ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers }]);
    if (!one) throw new Error('no handshake was observed');
    seen.push(one);
    if (!established(one) || !one.tls) break;
    accepted.push(one.tls.cipher);
  }
  const last = seen.at(-1);
  return {
    accepted,
    unclear: last && !refusedTls(last) ? ending(last) : undefined,
    evidence: handshakeTable(
      'TLS 1.2 suites, without those that were chosen before',
      seen.map((_, index) =>
        index === 0 ? 'all that OpenSSL knows' : `all but ${accepted.slice(0, index).join(', ')}`,
      ),
      seen,
    ),
  };
}

/** Judges the accepted suites of TLS 1.2: none is foreign, and the needed ones are there. */
export function judgeSuites(
  expected: string,
  { accepted, unclear, evidence }: Accepted,
  fits: (suite: string) => boolean,
  needed: readonly string[] = [],
): Outcome {
  const observed = `accepted: ${accepted.join(', ') || 'none'}`;
  if (unclear !== undefined)
    return inconclusive(expected, observed, `the last handshake was not refused: ${unclear}`, [evidence]);
  const missing = needed.filter((suite) => !accepted.includes(suite));
  return judge(
    accepted.length > 0 && accepted.every(fits) && missing.length === 0,
    expected,
    missing.length === 0 ? observed : `${observed}; not ${missing.join(', ')}`,
    [evidence],
  );
}

/** TLS 1.3 suites that the gateway accepts one by one, and the ones that it picks when all of a list are offered in its order and backwards. */
export async function acceptedTls13(
  client: Client,
  offer: readonly string[],
): Promise<{ accepted: string[]; picked: string[]; evidence: Evidence }> {
  // Suites with short tags are below OpenSSL's usual level: the gateway shall do the refusing.
  const offering = (suites: readonly string[]): TlsOptions => ({
    minVersion: 'TLSv1.3',
    ciphers: `${suites.join(':')}:${PERMISSIVE}`,
  });
  const seen = await handshakes(client, [
    ...TLS13_SUITES.map((suite) => offering([suite])),
    offering(offer),
    offering(offer.toReversed()),
  ]);
  return {
    accepted: TLS13_SUITES.filter((_, index) => seen[index] !== undefined && established(seen[index])),
    picked: seen.slice(-2).map(({ tls }) => tls?.cipher ?? 'none'),
    evidence: handshakeTable(
      'TLS 1.3 suites',
      [...TLS13_SUITES, `all, ${offer[0] ?? ''} first`, `all, ${offer[0] ?? ''} last`],
      seen,
    ),
  };
}

/** Judges the versions that the configuration names: a library may refuse one that the gateway would allow. */
export function judgeConfiguredVersions(config: string, accepted: readonly string[]): Outcome {
  const lines = [...withoutComments(config).matchAll(/^\s*(ssl_protocols\s+([^;]+);)/gm)];
  const foreign = lines
    .flatMap(([, , words = '']) => words.trim().split(/\s+/))
    .filter((word) => !accepted.includes(word));
  return judge(
    foreign.length === 0,
    `ssl_protocols names none but ${accepted.join(' and ')}`,
    lines.length === 0
      ? 'ssl_protocols is not set: nginx’s own are TLSv1.2 and TLSv1.3'
      : lines.map(([, line = '']) => line).join(' '),
    [{ kind: 'config', title: 'nginx -T', text: lines.map(([, line = '']) => line).join('\n') }],
  );
}

/** Plain requests that must be redirected, each with the Location it must name. */
export async function redirects(
  client: Client,
  rows: readonly {
    readonly method?: string;
    readonly path: string;
    readonly host?: string;
    readonly status: number;
    readonly location: string;
  }[],
): Promise<Outcome> {
  const plan = rows.map(({ method = 'GET', path, host }) => ({
    method,
    path,
    plain: true,
    ...(host ? { headers: { host } } : {}),
  }));
  const seen = await client.all(plan);
  const wrong = rows.flatMap((row, index) => {
    const one = seen[index];
    return one?.status === row.status && header(one, 'location') === row.location ? [] : [index];
  });
  const shown = wrong[0] ?? 0;
  const [planned, one] = [plan[shown], seen[shown]];
  return judge(
    wrong.length === 0,
    `${String(rows.length)} plain requests answered ${String(rows[0]?.status ?? '')} with the same path and query at the fixed host`,
    wrong.length === 0
      ? `${String(rows.length)} of ${String(rows.length)} as expected`
      : wrong
          .map(
            (index) =>
              `${rows[index]?.path ?? ''}: ${String(seen[index]?.status)} ${header(seen[index] ?? { headers: [] }, 'location') ?? 'without Location'}`,
          )
          .join('; '),
    planned && one ? [asExchange(client.step(planned, shown), one)] : [],
  );
}
