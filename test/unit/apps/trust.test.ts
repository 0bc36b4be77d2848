import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { clientAddress, isSecure, plain } from '../../../environments/apps/service/trust.ts';

function request(headers: Record<string, string>): IncomingMessage {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: '::ffff:10.0.1.101' });
  return Object.assign(new IncomingMessage(socket), { headers });
}

describe('the trusted client address', () => {
  const forged = request({ 'x-forwarded-for': '1.2.3.4, 198.18.32.7' });

  test('is the peer without trusted proxies', () => expect(clientAddress(forged, 0)).toBe('10.0.1.101'));
  test('is what the gateway saw with one hop, whatever the client forged', () =>
    expect(clientAddress(forged, 1)).toBe('198.18.32.7'));
  test('is the far end with every hop trusted, so a client can forge it', () =>
    expect(clientAddress(forged, 'all')).toBe('1.2.3.4'));
  test('is the far end when there are fewer hops than trusted', () => expect(clientAddress(forged, 5)).toBe('1.2.3.4'));
  test('is the peer without the header', () => expect(clientAddress(request({}), 1)).toBe('10.0.1.101'));
});

describe('whether the client came over TLS', () => {
  test('is believed from a trusted proxy only', () => {
    expect(isSecure(request({ 'x-forwarded-proto': 'https' }), 1)).toBe(true);
    expect(isSecure(request({ 'x-forwarded-proto': 'https' }), 0)).toBe(false);
    expect(isSecure(request({ 'x-forwarded-proto': 'http' }), 'all')).toBe(false);
    expect(isSecure(request({}), 'all')).toBe(false);
  });

  test('is read from the first entry', () =>
    expect(isSecure(request({ 'x-forwarded-proto': 'https, http' }), 'all')).toBe(true));
});

test('an IPv6 address keeps its form', () => expect(plain('::1')).toBe('::1'));
