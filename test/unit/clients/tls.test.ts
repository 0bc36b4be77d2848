import { describe, expect, test } from 'vitest';
import { toFailure, toHandshakeFailure } from '../../../conformance/clients/errors.ts';
import { bodyText, refusedTls } from '../../../conformance/clients/observe.ts';
import type { TlsOptions } from '../../../conformance/clients/protocol.ts';
import { runOneHttp, runOneRaw } from './run.ts';
import { httpServer, httpsServer, httpStep, rawStep, scripted } from './servers.ts';

function offering<T extends { tls?: TlsOptions }>(target: T, tls: TlsOptions): T & { tls: TlsOptions } {
  return { ...target, tls: { ...target.tls, ...tls } };
}

test('protocol, cipher, ALPN and certificate are recorded', async () => {
  await using server = await httpsServer((_request, response) => response.end('hi'), {
    ALPNProtocols: ['h2', 'http/1.1'],
  });
  const seen = await runOneHttp(httpStep(server.target));
  expect(bodyText(seen)).toBe('hi');
  expect(seen.tls).toMatchObject({
    protocol: 'TLSv1.3',
    alpn: 'http/1.1',
    reused: false,
    certificate: { subject: 'unit.test', issuer: 'unit.test', altNames: 'DNS:unit.test, DNS:*.unit.test' },
    chain: [{ subject: 'unit.test' }],
  });
  expect(seen.tls?.cipher).toMatch(/^TLS_/);
  expect(Date.parse(seen.tls?.certificate?.validTo ?? '')).toBeGreaterThan(Date.now());
  expect(seen.tls?.certificate?.fingerprint256).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  expect(seen.tls).not.toHaveProperty('ocsp');
});

describe('versions', () => {
  test.each(['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const)('%s can be spoken', async (version) => {
    await using server = await httpsServer((_request, response) => response.end('hi'), {
      minVersion: 'TLSv1',
      ciphers: 'DEFAULT:@SECLEVEL=0',
    });
    const target = offering(server.target, { minVersion: version, maxVersion: version });
    expect((await runOneHttp(httpStep(target))).tls?.protocol).toBe(version);
  });

  test('a refused one is the server’s alert', async () => {
    await using server = await httpsServer(() => undefined, { minVersion: 'TLSv1.2' });
    const target = offering(server.target, { maxVersion: 'TLSv1.1' });
    const seen = await runOneRaw(rawStep(target, { until: 'handshake' }));
    expect(seen).toMatchObject({ handshake_ms: null, error: { code: 'TLS_ALERT_PROTOCOL_VERSION' } });
    expect(refusedTls(seen)).toBe(true);
  });
});

describe('ciphers', () => {
  test('the offered one is used', async () => {
    await using server = await httpsServer((_request, response) => response.end('hi'));
    const ciphers = 'ECDHE-RSA-AES256-GCM-SHA384';
    const seen = await runOneHttp(httpStep(offering(server.target, { ciphers, maxVersion: 'TLSv1.2' })));
    expect(seen.tls).toMatchObject({ protocol: 'TLSv1.2', cipher: ciphers });
  });

  test('none in common is the server’s alert', async () => {
    await using server = await httpsServer(() => undefined, { ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' });
    const target = offering(server.target, { ciphers: 'ECDHE-RSA-AES256-GCM-SHA384', maxVersion: 'TLSv1.2' });
    expect((await runOneHttp(httpStep(target))).error?.code).toBe('TLS_ALERT_HANDSHAKE_FAILURE');
  });

  test('one that OpenSSL does not know is our own mistake, not a refusal', async () => {
    await using server = await httpsServer(() => undefined);
    const seen = await runOneHttp(
      httpStep(offering(server.target, { ciphers: 'NO-SUCH-CIPHER', maxVersion: 'TLSv1.2' })),
    );
    expect(seen.error?.code).toBe('TLS_NO_CIPHER_MATCH');
    expect(refusedTls(seen)).toBe(false);
  });
});

describe('sessions', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s resumes from an earlier observation', async (version) => {
    await using server = await httpsServer((_request, response) => response.end('hi'), { sessionTimeout: 7200 });
    const tls = { minVersion: version, maxVersion: version };
    const first = await runOneHttp(httpStep(offering(server.target, tls)));
    expect(first.tls).toMatchObject({ reused: false, ticketLifetime_s: 7200 });
    const session = first.tls?.session ?? '';
    expect(session).not.toBe('');
    const second = await runOneHttp(httpStep(offering(server.target, { ...tls, session })));
    expect(second.tls).toMatchObject({ protocol: version, reused: true });
    // A server sends none on a resumed session.
    expect(second.tls).not.toHaveProperty('certificate');
  });

  test('a bare TLS 1.3 handshake waits for its ticket', async () => {
    await using server = await httpsServer(() => undefined);
    const seen = await runOneRaw(rawStep(server.target, { until: 'handshake' }));
    expect(seen.tls).toMatchObject({ protocol: 'TLSv1.3' });
    expect(seen.tls?.session).toBeTypeOf('string');
    expect(seen.handshake_ms).not.toBeNull();
  });
});

describe('stapled OCSP', () => {
  test('a response is kept as it came', async () => {
    await using server = await httpsServer((_request, response) => response.end('hi'));
    const der = Buffer.from('3003020100', 'hex');
    server.server.on('OCSPRequest', (_certificate: Buffer, _issuer: Buffer, answer: (e: null, r: Buffer) => void) => {
      answer(null, der);
    });
    const seen = await runOneHttp(httpStep(offering(server.target, { requestOcsp: true })));
    expect(seen.tls?.ocsp).toBe(der.toString('base64'));
  });

  test('none is told as such', async () => {
    await using server = await httpsServer((_request, response) => response.end('hi'));
    const seen = await runOneHttp(httpStep(offering(server.target, { requestOcsp: true })));
    expect(seen).toMatchObject({ status: 200, tls: { ocsp: null } });
  });
});

describe('no handshake', () => {
  test('a server without TLS', async () => {
    await using server = await httpServer(() => undefined);
    const seen = await runOneHttp(httpStep({ ...server.target, tls: {} }));
    expect(seen.error?.code).toMatch(/^TLS_/);
    expect(refusedTls(seen)).toBe(false);
  });

  test('a server that closes at once', async () => {
    await using server = await scripted((socket) => socket.end());
    const seen = await runOneRaw(rawStep({ ...server.target, tls: {} }));
    expect(seen.error?.code).toBe('TLS_HANDSHAKE_CLOSED');
    expect(seen.closed_ms).not.toBeNull();
  });

  test('a server that says nothing', async () => {
    await using server = await scripted(() => undefined);
    const seen = await runOneRaw(rawStep({ ...server.target, tls: {} }, { timeout_ms: 80 }));
    expect(seen.error).toEqual({ code: 'TIMEOUT', message: 'TLS handshake: not finished after 80 ms' });
  });
});

test.each([
  ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'TLS_ALERT_PROTOCOL_VERSION'],
  ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'TLS_ALERT_HANDSHAKE_FAILURE'],
  ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 'TLS_TLSV1_UNRECOGNIZED_NAME'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'TLS_WRONG_VERSION_NUMBER'],
  ['EPROTO', 'TLS_HANDSHAKE_FAILURE'],
  ['ECONNREFUSED', 'ECONNREFUSED'],
])('%s becomes %s', (code, expected) => {
  expect(toFailure(Object.assign(new Error('text'), { code })).code).toBe(expected);
});

test('a true reset in the handshake stays one', () => {
  const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
  expect(toHandshakeFailure(reset).code).toBe('ECONNRESET');
});
