import { createSecureContext, DEFAULT_CIPHERS } from 'node:tls';
import type { ConnectionOptions, DetailedPeerCertificate, SecureContext, TLSSocket } from 'node:tls';
import type { TlsOptions, TlsSeen } from './protocol.ts';
import { sessionStructure, ticketLifetime_s } from './tls-session.ts';

const OLD_VERSIONS: readonly (string | undefined)[] = ['TLSv1', 'TLSv1.1'];

/** Contexts are dear (about a millisecond each), and a burst of connections shares its options. */
const contexts = new Map<string, SecureContext>();

function secureContext(options: TlsOptions): SecureContext {
  const key = JSON.stringify([options.minVersion, options.maxVersion, options.ciphers]);
  const known = contexts.get(key);
  if (known !== undefined) return known;
  const old = OLD_VERSIONS.includes(options.minVersion) || OLD_VERSIONS.includes(options.maxVersion);
  const minVersion = options.minVersion ?? (OLD_VERSIONS.includes(options.maxVersion) ? 'TLSv1' : undefined);
  const wanted = options.ciphers ?? DEFAULT_CIPHERS;
  const context = createSecureContext({
    // OpenSSL 3 keeps TLS 1.0 and 1.1 for security level 0 alone.
    ciphers: old && !wanted.includes('@SECLEVEL') ? `${wanted}:@SECLEVEL=0` : wanted,
    minVersion,
    maxVersion: options.maxVersion,
    // No trust store: nothing is verified here, and loading the default one would stall the first burst.
    ca: [],
  });
  if (contexts.size >= 64) contexts.clear();
  contexts.set(key, context);
  return context;
}

/**
 * Node's options for these TLS options. Certificates are accepted as they are:
 * they are judged from what is recorded.
 *
 * @throws when OpenSSL knows none of the ciphers.
 */
export function connectOptions(options: TlsOptions, defaultAlpn: readonly string[]): ConnectionOptions {
  const alpn = options.alpn ?? defaultAlpn;
  return {
    secureContext: secureContext(options),
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(options.serverName === undefined ? {} : { servername: options.serverName }),
    ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    ...(options.session === undefined ? {} : { session: Buffer.from(options.session, 'base64') }),
    ...(options.requestOcsp === true ? { requestOCSP: true } : {}),
  };
}

function commonName(name: { readonly CN?: string | string[] | undefined } | undefined): string {
  const value = name?.CN;
  return Array.isArray(value) ? value.join(', ') : (value ?? '');
}

function certificateOf(peer: DetailedPeerCertificate): TlsSeen['certificate'] {
  return {
    subject: commonName(peer.subject),
    issuer: commonName(peer.issuer),
    altNames: peer.subjectaltname ?? '',
    validFrom: peer.valid_from,
    validTo: peer.valid_to,
    fingerprint256: peer.fingerprint256,
  };
}

function chainOf(leaf: DetailedPeerCertificate): NonNullable<TlsSeen['chain']> {
  const chain: { subject: string; issuer: string; fingerprint256: string }[] = [];
  const seen = new Set<string>();
  let certificate: DetailedPeerCertificate | undefined = leaf;
  while (certificate?.fingerprint256 !== undefined && !seen.has(certificate.fingerprint256)) {
    seen.add(certificate.fingerprint256);
    chain.push({
      subject: commonName(certificate.subject),
      issuer: commonName(certificate.issuer),
      fingerprint256: certificate.fingerprint256,
    });
    certificate = certificate.issuerCertificate;
  }
  return chain;
}

/** Listens on a TLS socket from before its handshake and tells afterwards what was negotiated. */
export class TlsRecorder {
  readonly #socket: TLSSocket;
  readonly #ocspAsked: boolean;
  #ocsp: Buffer | undefined;
  #session: Buffer | undefined;
  #handshake: Omit<TlsSeen, 'session' | 'ticketLifetime_s' | 'ocsp'> | undefined;
  readonly #sessionArrived = Promise.withResolvers<void>();

  constructor(socket: TLSSocket, ocspAsked: boolean) {
    this.#socket = socket;
    this.#ocspAsked = ocspAsked;
    socket.on('session', (session: Buffer) => {
      this.#session = sessionStructure(session);
      this.#sessionArrived.resolve();
    });
    socket.on('OCSPResponse', (response: Buffer | null) => {
      if (response !== null && response.length > 0) this.#ocsp = response;
    });
  }

  /** To be called at the end of the handshake: a destroyed socket answers no questions. */
  capture(): void {
    const socket = this.#socket;
    const peer = socket.getPeerCertificate(true);
    const reused = socket.isSessionReused();
    // On a resumed session the server sends none, and an anonymous suite has none: an empty object then.
    const known = !reused && typeof peer?.fingerprint256 === 'string';
    this.#handshake = {
      protocol: socket.getProtocol() ?? 'unknown',
      cipher: socket.getCipher()?.name ?? 'unknown',
      alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : null,
      reused,
      ...(known ? { certificate: certificateOf(peer), chain: chainOf(peer) } : {}),
    };
    // TLS 1.3 sends its tickets after the handshake; before that version the session is there now.
    const session = this.#handshake.protocol === 'TLSv1.3' ? undefined : socket.getSession();
    if (session !== undefined) this.#session ??= sessionStructure(session);
  }

  /** Settled when the server has issued a session (TLS 1.3: after the handshake, or never). */
  get sessionArrived(): Promise<void> {
    return this.#session === undefined ? this.#sessionArrived.promise : Promise.resolve();
  }

  /** What was negotiated; undefined when the handshake did not succeed. */
  seen(): TlsSeen | undefined {
    if (this.#handshake === undefined) return undefined;
    const lifetime_s = this.#session === undefined ? undefined : ticketLifetime_s(this.#session);
    return {
      ...this.#handshake,
      ...(this.#session === undefined ? {} : { session: this.#session.toString('base64') }),
      ...(lifetime_s === undefined ? {} : { ticketLifetime_s: lifetime_s }),
      ...(this.#ocspAsked ? { ocsp: this.#ocsp?.toString('base64') ?? null } : {}),
    };
  }
}
