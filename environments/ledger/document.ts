/**
 * Compares a document with what the ledger remembers of it: which sections
 * changed, and which claims have to be read again because their lines did.
 */
import { hashLines, hashRanges, linesOf, sectionsOf } from './hash.ts';
import type { LineRange } from './hash.ts';
import type { Ledger } from './ledger.ts';

/** A section as it is now against what the ledger remembers. */
export interface SectionChange {
  readonly section: string;
  readonly state: 'changed' | 'moved' | 'missing' | 'added';
  /** In the document that the ledger was made from; null for an added one. */
  readonly was: LineRange | null;
  readonly now: LineRange | null;
  /** SHA-256 of the section as it is now, for the ledger; null for a missing one. */
  readonly sha256: string | null;
}

/** A claim whose lines are not where, or not what, they were. */
export interface ClaimChange {
  readonly claim: string;
  readonly state: 'changed' | 'moved';
  readonly section: string;
  readonly was: readonly LineRange[];
  /** Where the same text stands now; null when it was not found. */
  readonly now: readonly LineRange[] | null;
}

/** The outcome of a comparison. */
export interface DocumentComparison {
  /** No difference but white space. */
  readonly same: boolean;
  readonly sections: readonly SectionChange[];
  readonly claims: readonly ClaimChange[];
}

/** Compares the text of a document with a ledger. */
export function compareDocument(
  ledger: Pick<Ledger, 'document' | 'sections' | 'claims'>,
  text: string,
): DocumentComparison {
  const lines = linesOf(text);
  const now = new Map(sectionsOf(lines).map((section) => [section.key, section]));
  const sections: SectionChange[] = [];
  // Lines of an unchanged section → how far they moved.
  const shifts: { readonly was: LineRange; readonly by: number }[] = [];
  for (const [section, { lines: was, sha256 }] of Object.entries(ledger.sections)) {
    const found = now.get(section);
    if (found === undefined) {
      sections.push({ section, state: 'missing', was, now: null, sha256: null });
    } else if (found.sha256 !== sha256) {
      sections.push({ section, state: 'changed', was, now: found.lines, sha256: found.sha256 });
    } else {
      shifts.push({ was, by: found.lines[0] - was[0] });
      if (found.lines[0] !== was[0]) sections.push({ section, state: 'moved', was, now: found.lines, sha256 });
    }
  }
  for (const { key, lines: range, sha256 } of now.values()) {
    if (!(key in ledger.sections)) sections.push({ section: key, state: 'added', was: null, now: range, sha256 });
  }
  const claims = ledger.claims.flatMap((claim) => {
    const was = [claim.source.lines, ...(claim.source.also ?? [])];
    if (hashRanges(lines, was) === claim.source.sha256) return [];
    const place = moved(lines, was, claim.source.sha256, shifts);
    const state = place === null ? ('changed' as const) : ('moved' as const);
    return [{ claim: claim.id, state, section: claim.source.section, was, now: place }];
  });
  return { same: hashLines(lines) === ledger.document.sha256, sections, claims };
}

/** Where the text of some ranges stands now: with its section, or, for a single range, anywhere. */
function moved(
  lines: readonly string[],
  was: readonly LineRange[],
  sha256: string,
  shifts: readonly { readonly was: LineRange; readonly by: number }[],
): readonly LineRange[] | null {
  const shifted = was.map(([first, last]): LineRange => {
    const by = shifts.find((shift) => shift.was[0] <= first && first <= shift.was[1])?.by ?? 0;
    return [first + by, last + by];
  });
  if (hashRanges(lines, shifted) === sha256) return shifted;
  if (was.length > 1) return null;
  const height = was[0]![1] - was[0]![0];
  for (let first = 1; first + height <= lines.length; first += 1) {
    const range: LineRange = [first, first + height];
    if (hashRanges(lines, [range]) === sha256) return [range];
  }
  return null;
}
