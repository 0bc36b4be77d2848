import { asExchange, header, refusedTls } from '../clients/observe.ts';
import type { RawObservation, TlsOptions } from '../clients/protocol.ts';
import type { Client } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import type { Evidence } from '../../reports/record/types.ts';

/** A handshake is over in milliseconds; this bounds one that hangs. */
const HANDSHAKE_LIMIT_MS = 8_000;

/** OpenSSL refuses old versions and weak suites by itself unless told otherwise: the gateway shall do the refusing. */
const PERMISSIVE = 'ALL:@SECLEVEL=0';

/** TLS 1.2 suites that OpenSSL knows and a gateway could accept: every key exchange and kind of cipher. */
export const TLS12_SUITES: readonly string[] = [
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-RSA-AES128-SHA256',
  'ECDHE-RSA-AES256-SHA384',
  'ECDHE-RSA-AES128-SHA',
  'ECDHE-RSA-AES256-SHA',
  'DHE-RSA-AES128-GCM-SHA256',
  'DHE-RSA-AES256-GCM-SHA384',
  'DHE-RSA-CHACHA20-POLY1305',
  'DHE-RSA-AES256-SHA',
  'AES128-GCM-SHA256',
  'AES256-GCM-SHA384',
  'AES128-SHA256',
  'AES128-SHA',
  'AES256-SHA',
];

/** TLS 1.3 suites by their registered names. */
export const TLS13_SUITES: readonly string[] = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
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

/** TLS 1.2 suites that the gateway accepts, offered one a connection. */
export async function acceptedTls12(client: Client): Promise<{ accepted: string[]; evidence: Evidence }> {
  const seen = await handshakes(
    client,
    TLS12_SUITES.map((suite) => ({ minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ciphers: `${suite}:@SECLEVEL=0` })),
  );
  return {
    accepted: TLS12_SUITES.filter((_, index) => seen[index] !== undefined && established(seen[index])),
    evidence: handshakeTable('one TLS 1.2 suite a connection', TLS12_SUITES, seen),
  };
}

/** TLS 1.3 suites that the gateway accepts one by one, and the one that it picks when all are offered in the given order. */
export async function acceptedTls13(
  client: Client,
  offer: readonly string[],
): Promise<{ accepted: string[]; picked: string; evidence: Evidence }> {
  const all: TlsOptions = { minVersion: 'TLSv1.3', ciphers: offer.join(':') };
  const seen = await handshakes(client, [
    ...TLS13_SUITES.map((suite): TlsOptions => ({ minVersion: 'TLSv1.3', ciphers: suite })),
    all,
  ]);
  return {
    accepted: TLS13_SUITES.filter((_, index) => seen[index] !== undefined && established(seen[index])),
    picked: seen.at(-1)?.tls?.cipher ?? 'none',
    evidence: handshakeTable('TLS 1.3 suites', [...TLS13_SUITES, `all, ${offer[0] ?? ''} first`], seen),
  };
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
