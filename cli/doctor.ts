import type { Capability } from './doctor/capability.ts';
import { containerCapabilities } from './doctor/container.ts';
import { engineCapabilities } from './doctor/engine.ts';
import { hostCapabilities } from './doctor/host.ts';
import { EXIT } from './exit.ts';

/**
 * Lists what this machine can and cannot do, and what each missing part costs.
 *
 * @returns 0 when everything that `verify` needs is there or can be built, else 3
 */
export async function doctor(options: { readonly json: boolean }): Promise<number> {
  const [host, engine] = await Promise.all([hostCapabilities(), engineCapabilities()]);
  const capabilities = [...host, ...engine.capabilities, ...(await containerCapabilities(engine))];
  console.log(options.json ? JSON.stringify(capabilities, undefined, 2) : describeCapabilities(capabilities));
  return isReady(capabilities) ? EXIT.ok : EXIT.harness;
}

/** True when nothing that `verify` needs is known to be missing. */
export function isReady(capabilities: readonly Capability[]): boolean {
  return capabilities.every(({ needed, state }) => !needed || state !== 'missing');
}

const MARKS = { present: 'yes', missing: 'NO', unknown: '?' } as const;

/** One line a capability, the cost below it where it is not there, and a verdict at the end. */
export function describeCapabilities(capabilities: readonly Capability[]): string {
  const width = Math.max(...capabilities.map(({ name }) => name.length));
  const lines = capabilities.flatMap(({ name, state, found, needed, cost }) => [
    `${MARKS[state].padEnd(4)}${name.padEnd(width + 2)}${found}`,
    ...(state === 'present' ? [] : [`${' '.repeat(width + 6)}→ ${needed ? 'needed: ' : ''}${cost}`]),
  ]);
  const lacking = capabilities.filter(({ needed, state }) => needed && state === 'missing').map(({ name }) => name);
  const verdict =
    lacking.length === 0 ? 'Ready: `gateproof verify` can run here.' : `Not ready: ${lacking.join(', ')}.`;
  return [...lines, '', verdict].join('\n');
}
