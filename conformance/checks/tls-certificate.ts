import { waitFor } from '../../environments/harness/wait.ts';
import type { RawObservation, TlsOptions } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { ending, established, handshakes, handshakeTable } from './tls.ts';

/** Every TLS 1.2 suite with an ephemeral key exchange, for keys of either kind. */
const EVERY_ECDHE: TlsOptions = {
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
  ciphers: 'ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES',
};

/** A reload takes less than a second; this bounds one on a busy machine. */
const RELOADED_WITHIN_MS = 15_000;

/** TLS 1.2 with the run's RSA certificate, and with one of the kind that certbot 2 asks for by default: ECDSA on P-256. */
export async function bothKeys(
  context: CaseContext,
): Promise<{ readonly rsa: RawObservation; readonly ecdsa: RawObservation }> {
  const replica = await context.replica({ backends: 'private' });
  const client = context.client('clients', replica.gateway);
  const [rsa] = await handshakes(client, [EVERY_ECDHE]);
  const name = replica.gateway.serverName;
  const swapped = await replica.gateway.exec([
    'sh',
    '-ec',
    `cd /etc/letsencrypt/live/${name} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout privkey.pem -out fullchain.pem -days 9 -subj /CN=${name} -addext subjectAltName=DNS:${name} && nginx -t`,
  ]);
  if (swapped.exitCode !== 0) throw new Error(`the certificate could not be swapped: ${swapped.stderr}`);
  await replica.reload();
  await waitFor(
    'the reloaded gateway presenting the ECDSA certificate',
    async () => {
      const certificate = (await handshakes(client, [{}]))[0]?.tls?.certificate;
      return certificate !== undefined && certificate.issuer === certificate.subject;
    },
    { limit_ms: RELOADED_WITHIN_MS, every_ms: 100 },
  );
  const [ecdsa] = await handshakes(client, [EVERY_ECDHE]);
  if (!rsa || !ecdsa) throw new Error('no handshake was observed');
  return { rsa, ecdsa };
}

/** TLS 1.2 works with either kind of key. */
export function judgeKeys({ rsa, ecdsa }: { readonly rsa: RawObservation; readonly ecdsa: RawObservation }): Outcome {
  const expected = 'TLS 1.2 is established with an RSA and with an ECDSA P-256 certificate';
  return judge(
    established(rsa) && established(ecdsa),
    expected,
    `RSA: ${ending(rsa)}; ECDSA: ${ending(ecdsa)}`,
    [handshakeTable('TLS 1.2, every ECDHE suite offered', ['RSA-2048', 'ECDSA P-256'], [rsa, ecdsa])],
    established(ecdsa)
      ? undefined
      : 'the suites of TLS 1.2 all authenticate with RSA, and a certificate with an ECDSA key cannot',
  );
}

/** The first answers of a worker after its start are never stapled: it asks the responder then. */
const STAPLE_TRIES = { count: 12, every_ms: 400 };

/** Handshakes that ask for a stapled OCSP answer, spread over a few seconds. */
export async function staples(context: CaseContext): Promise<RawObservation[]> {
  const { count, every_ms } = STAPLE_TRIES;
  return context.client().raws(
    Array.from({ length: count }, (_, index) => ({
      tls: { requestOcsp: true },
      at_ms: index * every_ms,
      writes: [],
      until: 'handshake',
      timeout_ms: 8_000,
    })),
  );
}

/** What the configuration says of stapling, and what nginx complained about. */
export interface StaplingConfig {
  readonly valid_s: number | undefined;
  readonly timeout_s: number | undefined;
  /** Answers are verified before they are stapled. */
  readonly verified: boolean;
  readonly warnings: readonly string[];
}

/** Some handshake carries an OCSP answer, verified, and found through a resolver with the promised settings. */
export function judgeStaples(
  promised: { readonly valid_s: number; readonly timeout_s: number },
  seen: readonly RawObservation[],
  configured: StaplingConfig,
): Outcome {
  const stapled = seen.filter(({ tls }) => typeof tls?.ocsp === 'string');
  const { valid_s, timeout_s, verified, warnings } = configured;
  const settings = `resolver valid=${String(valid_s ?? 'unset')}s, time-out ${String(timeout_s ?? 'unset')}s`;
  return judge(
    stapled.length > 0 &&
      valid_s === promised.valid_s &&
      timeout_s === promised.timeout_s &&
      verified &&
      warnings.length === 0,
    'after the first requests the handshake carries an OCSP answer, which was verified; nginx has nothing to complain about',
    `${String(stapled.length)} of ${String(seen.length)} handshakes stapled; ${settings}; answers ${verified ? 'verified' : 'not verified'}; ${String(warnings.length)} complaints`,
    [
      {
        kind: 'table',
        title: 'stapled OCSP answers',
        columns: ['at ms', 'OCSP'],
        rows: seen.map(({ tls, intended_ms }) => [
          Math.round(intended_ms),
          typeof tls?.ocsp === 'string' ? `${String(tls.ocsp.length)} base64 characters` : 'none',
        ]),
      },
      ...(warnings.length === 0 ? [] : [{ kind: 'log' as const, title: 'error log', lines: warnings.slice(0, 3) }]),
    ],
  );
}
