import type { CaseContext } from '../context.ts';

/** A key of the store and how long it will last, s; without an end: undefined. */
export interface StoredKey {
  readonly key: string;
  readonly left_s: number | undefined;
}

/** Keys of Redis that end with a text: what is stored about an address. */
export async function keysAbout(context: CaseContext, text: string): Promise<readonly StoredKey[]> {
  const script = 'redis-cli --scan --pattern "*$1" | while read -r key; do echo "$(redis-cli ttl "$key") $key"; done';
  const { stdout } = await context.exec('redis-1', ['sh', '-c', script, 'sh', text]);
  return parseKeys(stdout);
}

/** Reads lines of a time to live and a key; a key that ended meanwhile (-2) is gone. */
export function parseKeys(stdout: string): StoredKey[] {
  return [...stdout.matchAll(/^(-?\d+) (.+)$/gm)].flatMap(([, left = '', key = '']) =>
    left === '-2' ? [] : [{ key, left_s: left === '-1' ? undefined : Number(left) }],
  );
}
