import type { ClaimChange, DocumentComparison, SectionChange } from '../environments/ledger/document.ts';
import type { LineRange } from '../environments/ledger/hash.ts';
import type { Ledger } from '../environments/ledger/ledger.ts';

/** Tells a comparison with a document: what it means first, then sections, then claims to read again. */
export function comparisonLines(ledger: Ledger, { same, sections, claims }: DocumentComparison): readonly string[] {
  if (same && sections.length === 0) {
    return [`${ledger.document.title} is the text that the ${ledger.claims.length} claims were taken from.`];
  }
  const changed = claims.filter(({ state }) => state === 'changed');
  const moved = claims.filter(({ state }) => state === 'moved');
  return [
    changed.length === 0
      ? `The document changed, but the lines behind all ${ledger.claims.length} claims still say the same.`
      : `The lines behind ${changed.length} of ${ledger.claims.length} claims changed: read them again.`,
    ...block('Sections', sections.map(sectionLine)),
    ...block('Claims whose text changed', changed.map(claimLine)),
    ...block('Claims whose text only moved', moved.map(claimLine)),
  ];
}

function block(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', `${title}:`, ...lines.map((line) => `  ${line}`)];
}

function sectionLine({ section, state, was, now, sha256 }: SectionChange): string {
  const places = [was, now].map((range) => (range === null ? 'nowhere' : shown(range))).join(' → ');
  return `${state.padEnd(7)} ${section}: ${places}${state === 'moved' || sha256 === null ? '' : `, sha256 ${sha256}`}`;
}

function claimLine({ claim, section, was, now }: ClaimChange): string {
  const before = was.map(shown).join(', ');
  return `${claim} (${section}): ${now === null ? before : `${before} → ${now.map(shown).join(', ')}`}`;
}

function shown([first, last]: LineRange): string {
  return first === last ? `line ${first}` : `lines ${first}–${last}`;
}
