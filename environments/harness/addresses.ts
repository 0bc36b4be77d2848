/**
 * The addresses of a run. Clients and containers live in 198.18.0.0/15 (reserved
 * for benchmarks, RFC 2544); the blocks that the documents' allow-lists name are
 * networks of their own. Two runs fit side by side, each in one slot: load at the
 * documented rates needs more than ten thousand client addresses.
 */

export const SLOTS = 2;

export interface NetworkPlan {
  readonly name: string;
  readonly cidr: string;
  /** First three octets for fixed host addresses. */
  readonly prefix: string;
}

export interface AddressPlan {
  readonly slot: number;
  readonly networks: readonly NetworkPlan[];
  readonly blocks: readonly {
    readonly name: 'clients' | 'operators' | 'office' | 'load';
    readonly cidr: string;
    readonly network: string;
  }[];
  /** Host `n` (1–254) of segment `segment` (0–15) on the public side. */
  edgeHost(segment: number, n: number): string;
  /** Host `n` (1–254) of segment `segment` (0–63) on the backend side. */
  backendHost(segment: number, n: number): string;
  /** Host `n` of segment `segment` (0–127) on the operators' network. */
  operatorsHost(segment: number, n: number): string;
  officeHost(n: number): string;
}

/** The plan of slot 0 or 1. */
export function addressPlan(slot: number): AddressPlan {
  if (!Number.isInteger(slot) || slot < 0 || slot >= SLOTS) throw new RangeError(`slot ${String(slot)} is not 0 or 1`);
  const at = (third: number): string => `198.${String(18 + slot)}.${String(third)}`;
  const operators = `10.${String(200 + slot)}`;
  const office = 128 + slot * 32;
  return {
    slot,
    networks: [
      { name: 'edge', cidr: `${at(0)}.0/17`, prefix: at(0) },
      { name: 'backend', cidr: `${at(128)}.0/18`, prefix: at(128) },
      { name: 'operators', cidr: `${operators}.0.0/16`, prefix: `${operators}.0` },
      { name: 'office', cidr: `203.0.113.${String(office)}/27`, prefix: '203.0.113' },
    ],
    blocks: [
      { name: 'load', cidr: `${at(64)}.0/18`, network: 'edge' },
      { name: 'clients', cidr: `${at(32)}.0/19`, network: 'edge' },
      { name: 'operators', cidr: `${operators}.128.0/17`, network: 'operators' },
      { name: 'office', cidr: `203.0.113.${String(office + 16)}/28`, network: 'office' },
    ],
    edgeHost: (segment, n) => `${at(segment)}.${String(n)}`,
    backendHost: (segment, n) => `${at(128 + segment)}.${String(n)}`,
    operatorsHost: (segment, n) => `${operators}.${String(segment)}.${String(n)}`,
    officeHost: (n) => `203.0.113.${String(office + n)}`,
  };
}

/** Number of addresses in a CIDR block and the `n`th of them (from 0). */
export function block(cidr: string): { readonly size: number; at(n: number): string } {
  const [base = '', bits = '32'] = cidr.split('/');
  const octets = base.split('.').map(Number);
  const start = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - Number(bits));
  return {
    size,
    at(n) {
      if (n < 0 || n >= size) throw new RangeError(`address ${String(n)} lies outside ${cidr}`);
      const value = start + n;
      return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.');
    },
  };
}

/** Equal parts of a CIDR block that do not overlap; the smallest power of two that gives `count` of them. */
export function shares(cidr: string, count: number): string[] {
  const whole = block(cidr);
  const more = Math.ceil(Math.log2(count));
  const bits = Number(cidr.split('/')[1]) + more;
  return Array.from({ length: count }, (_, n) => `${whole.at((n * whole.size) / 2 ** more)}/${String(bits)}`);
}
