/** What a variant uses of the gateway's image, and what becomes of it on an image without. */
import type { Adaptation } from '../../reports/record/types.ts';
import { withoutDirectives } from './left-out.ts';
import type { ConfigFiles } from './nginx-config.ts';

/** One entry of `capabilities.yaml`. */
export interface CapabilityUse {
  /** As image-probe.ts names it. */
  readonly capability: string;
  /** Patterns of the directives that nginx refuses without it; see left-out.ts. */
  readonly directives: readonly string[];
  /** Claims that cannot be kept, or not be told, without it. */
  readonly claims: readonly string[];
}

/** A used capability that the image lacks. */
export interface Lacking extends CapabilityUse {
  readonly why: string;
}

/** The used capabilities among those that are missing. */
export function lacking(uses: readonly CapabilityUse[], missing: Readonly<Record<string, string>>): readonly Lacking[] {
  return uses.flatMap((use) => {
    const why = missing[use.capability];
    return why === undefined ? [] : [{ ...use, why }];
  });
}

/** The claims that need what is lacking. */
export function givenUpWithout(
  without: readonly Lacking[],
): readonly { readonly claim: string; readonly why: string }[] {
  return without.flatMap(({ claims, why }) => claims.map((claim) => ({ claim, why })));
}

/** What the run record says was taken out of a configuration, one entry a capability. */
export function leftOutOf(files: ConfigFiles, without: readonly Lacking[]): readonly Adaptation[] {
  return without.flatMap(({ capability, directives, why }) => {
    const { leftOut } = withoutDirectives(files, directives);
    if (leftOut.length === 0) return [];
    const byFile = [...Map.groupBy(leftOut, ({ file }) => file)].map(
      ([file, some]) => `${file}: ${[...new Set(some.map(({ name, words }) => shown(name, words)))].join(', ')}`,
    );
    return [
      { id: `without-${capability}`, what: `Left out: ${byFile.join('; ')}.`, why: sentence(why), needsPlus: false },
    ];
  });
}

/** A directive with one word, which tells it from its like; more would be a configuration again. */
function shown(name: string, words: readonly string[]): string {
  const [only] = words;
  return words.length === 1 && only !== undefined && /^\S{1,60}$/.test(only) ? `${name} ${only}` : name;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
