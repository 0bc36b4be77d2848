import type { IncomingMessage } from 'node:http';
import type { TrustedProxies } from './config.ts';

/**
 * Whether the address at this distance is believed to be a proxy: 0 is the
 * socket's peer, 1 the last entry of X-Forwarded-For, and so on. The rule of
 * Express and Fastify for a number of hops and for `true`.
 */
export function trusts(proxies: TrustedProxies, distance: number): boolean {
  return proxies === 'all' || distance < proxies;
}

/** Client address as Express and Fastify derive it: the first untrusted one from the near end, else the farthest. */
export function clientAddress(request: IncomingMessage, proxies: TrustedProxies): string {
  const forwarded = String(request.headers['x-forwarded-for'] ?? '');
  const chain = forwarded
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .reverse();
  const addresses = [plain(request.socket.remoteAddress ?? ''), ...chain];
  const first = addresses.findIndex((_, distance) => !trusts(proxies, distance));
  return addresses[first === -1 ? addresses.length - 1 : first] ?? '';
}

/** Whether the client came over TLS, told by a trusted X-Forwarded-Proto (its first entry, as Express reads it). */
export function isSecure(request: IncomingMessage, proxies: TrustedProxies): boolean {
  if (!trusts(proxies, 0)) return false;
  const [first] = String(request.headers['x-forwarded-proto'] ?? '').split(',');
  return first?.trim().toLowerCase() === 'https';
}

/** An IPv4 address that arrived on a dual-stack socket, without its IPv6 prefix. */
export function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/, '');
}
