/** Explicit tag 9 of OpenSSL's SSL_SESSION structure: `tlsext_tick_lifetime_hint` (ssl/ssl_asn1.c). */
const LIFETIME_HINT_TAG = 0xa9;
const INTEGER_TAG = 0x02;
const SEQUENCE_TAG = 0x30;

/** Newer Node versions put this, and the server name behind a 16-bit length, before OpenSSL's structure. */
const NODE_PREFIX = Buffer.from('\0nodejs:tls:session:1\0', 'latin1');

interface Element {
  readonly tag: number;
  readonly content: Buffer;
  readonly end: number;
}

/** One DER element at `offset`; undefined when the bytes do not hold one. */
function elementAt(der: Buffer, offset: number): Element | undefined {
  const tag = der[offset];
  const first = der[offset + 1];
  if (tag === undefined || first === undefined) return undefined;
  let length = first;
  let start = offset + 2;
  if (first >= 0x80) {
    const lengthBytes = first & 0x7f;
    if (lengthBytes === 0 || lengthBytes > 4 || start + lengthBytes > der.length) return undefined;
    length = der.readUIntBE(start, lengthBytes);
    start += lengthBytes;
  }
  const end = start + length;
  return end > der.length ? undefined : { tag, content: der.subarray(start, end), end };
}

/**
 * OpenSSL's part of a session as Node hands it out. With its own part Node would
 * leave out, silently, a session of another server name; here the steps decide
 * what is offered to whom, and the server's answer is the finding.
 */
export function sessionStructure(session: Buffer): Buffer {
  const prefixed = session.subarray(0, NODE_PREFIX.length).equals(NODE_PREFIX);
  if (!prefixed || session.length < NODE_PREFIX.length + 2) return session;
  return session.subarray(NODE_PREFIX.length + 2 + session.readUInt16BE(NODE_PREFIX.length));
}

/**
 * The lifetime in seconds that the server announced with its session ticket
 * (RFC 8446 §4.6.1, RFC 5077 §3.3), read from a session as OpenSSL serialises
 * it, because Node does not offer it.
 *
 * @returns undefined when the session has no ticket or is not understood.
 */
export function ticketLifetime_s(session: Buffer): number | undefined {
  const outer = elementAt(session, 0);
  if (outer?.tag !== SEQUENCE_TAG) return undefined;
  for (let offset = 0; offset < outer.content.length;) {
    const element = elementAt(outer.content, offset);
    if (element === undefined) return undefined;
    offset = element.end;
    if (element.tag !== LIFETIME_HINT_TAG) continue;
    const hint = elementAt(element.content, 0);
    if (hint?.tag !== INTEGER_TAG || hint.content.length === 0 || hint.content.length > 6) return undefined;
    return hint.content.readUIntBE(0, hint.content.length);
  }
  return undefined;
}
