/** Effective settings of nginx, read from `nginx -T` of the running gateway: what predictions are computed from. */
import type { ChaosTarget } from './target.ts';

export interface UpstreamServer {
  readonly name: string;
  readonly maxFails: number;
  readonly failTimeout_s: number;
  readonly backup: boolean;
}

export interface GatewaySettings {
  /** Servers of one upstream block, in order. */
  servers(upstream: string): readonly UpstreamServer[];
  /** Arguments of a directive in the block of a location, else the first one anywhere; null when it occurs nowhere. */
  directive(location: string, name: string): string | null;
}

/** @throws Error when the gateway cannot print its configuration */
export async function gatewaySettings(target: ChaosTarget, gateway: string): Promise<GatewaySettings> {
  const printed = await target.exec(gateway, ['nginx', '-T']);
  if (printed.exitCode !== 0)
    throw new Error(`nginx -T on ${gateway} ended with ${printed.exitCode}: ${printed.stderr.slice(-300)}`);
  return parseSettings(printed.stdout);
}

/** The same from text; comments are dropped first. */
export function parseSettings(text: string): GatewaySettings {
  const plain = text.replaceAll(/^\s*#.*$/gm, '');
  return {
    servers: (upstream) =>
      [
        ...(block(plain, new RegExp(`upstream\\s+${escape(upstream)}\\s*\\{`)) ?? '').matchAll(/\bserver\s+([^;]+);/g),
      ].map((match) => parseServer(match[1] ?? '')),
    directive: (location, name) => {
      const pattern = new RegExp(`(?:^|[;{}])\\s*${escape(name)}\\s+([^;]+);`, 'm');
      const inLocation = block(plain, new RegExp(`location\\s+${escape(location)}\\s*\\{`));
      return (pattern.exec(inLocation ?? '') ?? pattern.exec(plain))?.[1]?.trim() ?? null;
    },
  };
}

/** `customer-1:3001 max_fails=2 fail_timeout=10s`; nginx's defaults are 1 failure and 10 s (ngx_http_upstream_module). */
function parseServer(text: string): UpstreamServer {
  const [name = '', ...parameters] = text.trim().split(/\s+/);
  const value = (key: string) => parameters.find((parameter) => parameter.startsWith(`${key}=`))?.slice(key.length + 1);
  return {
    name,
    maxFails: Number(value('max_fails') ?? 1),
    failTimeout_s: seconds(value('fail_timeout') ?? '10s'),
    backup: parameters.includes('backup'),
  };
}

/** nginx's time values (`5s`, `500ms`, `1m30s`, bare numbers are seconds) in seconds. */
export function seconds(value: string): number {
  const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 };
  const parts = [...value.matchAll(/(\d+)(ms|s|m|h|d)?/g)];
  return parts.reduce((total, [, amount, unit]) => total + Number(amount) * (units[unit ?? 's'] ?? 1), 0);
}

/** Text between the braces that follow a match; nested blocks included. */
function block(text: string, opening: RegExp): string | null {
  const match = opening.exec(text);
  if (!match) return null;
  const from = match.index + match[0].length;
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    if (text[at] === '}') depth -= 1;
    if (depth === 0) return text.slice(from, at);
  }
  return null;
}

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
