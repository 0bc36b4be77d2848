import { inconclusive, judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { table } from './exchange.ts';

/** An advert as a node received it; its password is not kept. */
export interface Advert {
  readonly from: string;
  readonly to: string;
  readonly version: number;
  readonly router: number;
  readonly priority: number;
  readonly interval_s: number;
  readonly authentication: 'none' | 'simple text' | 'other';
}

/** Reads an IPv4 packet of VRRP, in hexadecimal digits. @throws {RangeError} when it is too short for one */
export function parseAdvert(hex: string): Advert {
  const packet = Buffer.from(hex, 'hex');
  const header = ((packet[0] ?? 0) & 0x0f) * 4;
  if (header < 20 || packet.length < header + 8) throw new RangeError(`no packet of VRRP: ${hex.slice(0, 80)}`);
  const vrrp = packet.subarray(header);
  const version = vrrp.readUInt8(0) >> 4;
  return {
    from: packet.subarray(12, 16).join('.'),
    to: packet.subarray(16, 20).join('.'),
    version,
    router: vrrp.readUInt8(1),
    priority: vrrp.readUInt8(2),
    // Version 3 counts hundredths of a second in 12 bits, and has no authentication where version 2 names its kind.
    interval_s: version >= 3 ? (vrrp.readUInt16BE(4) & 0x0fff) / 100 : vrrp.readUInt8(5),
    authentication: version >= 3 ? 'none' : (KINDS[vrrp.readUInt8(4)] ?? 'other'),
  };
}

const KINDS: Readonly<Record<number, Advert['authentication']>> = { 0: 'none', 1: 'simple text' };

/** Judges the version of the adverts that were received. */
export function judgeAdverts(version: number, seen: readonly (Advert & { readonly at: string })[]): Outcome {
  const expected = `adverts of VRRP version ${String(version)}, without a password in them`;
  if (seen.length === 0) return inconclusive(expected, 'no advert arrived within 5 s', 'there was nothing to read');
  const kinds = seen.map((one) => `version ${String(one.version)}, authentication: ${one.authentication}`);
  return judge(
    seen.every((one) => one.version === version && one.authentication === 'none'),
    expected,
    `${String(seen.length)} adverts: ${[...new Set(kinds)].join('; ')}`,
    [
      table(
        'adverts received',
        ['at', 'from', 'to', 'version', 'virtual router', 'priority', 'interval (s)', 'authentication'],
        seen.map((one) => [
          ...[one.at, one.from, one.to, one.version, one.router, one.priority, one.interval_s, one.authentication],
        ]),
      ),
    ],
  );
}
