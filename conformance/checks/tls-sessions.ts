import type { Evidence } from '../../reports/record/types.ts';
import type { CaseContext } from '../context.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { handshakes, only } from './tls.ts';
import type { Version } from './tls.ts';

/** Reconnections per version: enough to meet every worker of a gateway on a few cores. */
const RECONNECTIONS = 6;

/** How often a session of one version was resumed. */
export interface Resumption {
  readonly version: Version;
  readonly offered: boolean;
  readonly resumed: number;
  readonly tried: number;
}

/** Takes a session of each version and reconnects with it several times. */
export async function resumptions(context: CaseContext, versions: readonly Version[]): Promise<Resumption[]> {
  return Promise.all(
    versions.map(async (version) => {
      const client = context.client();
      const session = await sessionOf(context, version);
      if (session === undefined) return { version, offered: false, resumed: 0, tried: 0 };
      const again = await handshakes(
        client,
        Array.from({ length: RECONNECTIONS }, () => ({ ...only(version), session })),
      );
      return { version, offered: true, resumed: again.filter(({ tls }) => tls?.reused).length, tried: again.length };
    }),
  );
}

/** A session that may be resumed: TLS 1.3 hands it over after the handshake, with the first answer. */
async function sessionOf(context: CaseContext, version: Version): Promise<string | undefined> {
  return (await context.client().request('/', { tls: only(version) })).tls?.session;
}

/** Every session is resumed, from a cache of the promised size and lifetime. */
export function judgeResumption(
  promised: { readonly cache_mb: number; readonly timeout_s: number },
  seen: readonly Resumption[],
  configured: { readonly cache_mb: number | undefined; readonly timeout_s: number | undefined },
): Outcome {
  const resumed = seen.every(({ offered, resumed: count, tried }) => offered && count === tried && tried > 0);
  const words = ({ version, offered, resumed: count, tried }: Resumption): string =>
    `${version}: ${offered ? `${String(count)} of ${String(tried)} resumed` : 'no session offered'}`;
  return judge(
    resumed && configured.cache_mb === promised.cache_mb && configured.timeout_s === promised.timeout_s,
    `every session resumed, whichever worker answers; ${String(promised.cache_mb)} MB cache, ${String(promised.timeout_s)} s`,
    `${seen.map(words).join('; ')}; cache ${String(configured.cache_mb ?? 'none')} MB, time-out ${String(configured.timeout_s ?? 'not set')} s (nginx -T)`,
    [
      {
        kind: 'table',
        title: 'resumption',
        columns: ['version', 'reconnections', 'resumed'],
        rows: seen.map(({ version, tried, resumed: count }) => [version, tried, count]),
      },
    ],
  );
}

/** Longest handle that only names an entry of the server's cache; a ticket that holds the session itself is three times as long. */
const HANDLE_BYTES = 64;

/** What the server hands out to resume a session with. */
export interface Tickets {
  /** TLS 1.2: the server sent a NewSessionTicket. */
  readonly tls12: boolean;
  /** TLS 1.3: length of the ticket in bytes; `undefined` when no session is offered. */
  readonly tls13_bytes: number | undefined;
  readonly log: readonly string[];
}

/** Asks for tickets of both versions. @throws {Error} when openssl cannot establish TLS 1.2 at all */
export async function tickets(context: CaseContext): Promise<Tickets> {
  const address = context.gateway.service.addresses['edge'] ?? '';
  const command = `openssl s_client -connect ${address}:443 -servername ${context.gateway.serverName} -tls1_2 </dev/null 2>/dev/null`;
  const { stdout } = await context.exec('vantage', ['sh', '-c', command]);
  if (!/Protocol\s*:\s*TLSv1\.2/.test(stdout)) throw new Error('openssl established no TLS 1.2 session');
  const session = await sessionOf(context, 'TLSv1.3');
  const tls13_bytes = session === undefined ? undefined : ticketLength(Buffer.from(session, 'base64'));
  if (session !== undefined && tls13_bytes === undefined)
    throw new Error('the TLS 1.3 session holds no ticket that can be read');
  return {
    tls12: /TLS session ticket/.test(stdout),
    tls13_bytes,
    log: stdout
      .split('\n')
      .filter((line) => /Protocol|Cipher|ticket|Session-ID/.test(line))
      .slice(0, 8),
  };
}

/** Tag of the ticket in an OpenSSL session structure: context-specific 10, which holds one OCTET STRING. */
const TICKET_TAG = 0xaa;
const OCTET_STRING = 0x04;

/** Length of the ticket in an OpenSSL session structure, bytes; `undefined` when it has none. */
export function ticketLength(session: Buffer): number | undefined {
  for (let at = session.length - 1; at >= 0; at -= 1) {
    if (session[at] !== TICKET_TAG) continue;
    const outer = derLength(session, at + 1);
    if (outer === undefined || session[outer.next] !== OCTET_STRING) continue;
    const inner = derLength(session, outer.next + 1);
    // The same byte may stand in a key: only lengths that fit each other are lengths.
    if (inner !== undefined && inner.next + inner.bytes === outer.next + outer.bytes) return inner.bytes;
  }
  return undefined;
}

/** A length of DER (X.690, 8.1.3): below 128 in one byte, else so many bytes follow. */
function derLength(text: Buffer, at: number): { readonly bytes: number; readonly next: number } | undefined {
  const first = text[at];
  if (first === undefined) return undefined;
  if (first < 0x80) return { bytes: first, next: at + 1 };
  const count = first & 0x7f;
  if (count === 0 || count > 2 || at + 1 + count > text.length) return undefined;
  return { bytes: text.readUIntBE(at + 1, count), next: at + 1 + count };
}

/** No ticket holds a session: TLS 1.2 has none, that of TLS 1.3 is a short key into the server's cache. */
export function judgeTickets({ tls12, tls13_bytes, log }: Tickets): Outcome {
  const proof: Evidence = { kind: 'log', title: 'openssl s_client', lines: log };
  return judge(
    !tls12 && (tls13_bytes ?? 0) <= HANDLE_BYTES,
    'no TLS 1.2 ticket; what TLS 1.3 calls one is a short key into the cache of the gateway',
    `TLS 1.2: ${tls12 ? 'the server issues a ticket' : 'no ticket'}; TLS 1.3: ${tls13_bytes === undefined ? 'no session is offered' : `handle of ${String(tls13_bytes)} bytes`}`,
    [proof],
  );
}
