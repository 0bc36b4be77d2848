/** The record arranged for reading: claims of all variants side by side, grouped by topic. */
import { VERDICTS } from '../record/merge.ts';
import { DISPOSITIONS, LEVELS } from './words.ts';
import type { ClaimResult, Remedy, RunRecord, VariantName, Verdict } from '../record/types.ts';

/** Why a documented deviation is the way it is when it is hardened. */
export type Fate = 'mended' | 'plus' | 'open';

/** One claim with its result in each variant, in the record's order of variants. */
export interface Row {
  readonly id: string;
  /** The id without the environment's name. */
  readonly short: string;
  readonly claim: ClaimResult;
  readonly results: readonly (ClaimResult | null)[];
  /** Set when the first variant deviates. */
  readonly fate: Fate | null;
}

export interface Topic {
  readonly name: string;
  readonly rows: readonly Row[];
}

/** What the page's templates work on. */
export interface Model {
  readonly record: RunRecord;
  readonly variants: readonly VariantName[];
  readonly rows: readonly Row[];
  /** Most broken first, in the first variant. */
  readonly topics: readonly Topic[];
  readonly remedies: readonly Remedy[];
}

/** Arranges a record. */
export function arrange(record: RunRecord): Model {
  const variants = record.variants.map((variant) => variant.name);
  const byVariant = record.variants.map((variant) => new Map(variant.claims.map((claim) => [claim.id, claim])));
  const ids = [...new Set(record.variants.flatMap((variant) => variant.claims.map((claim) => claim.id)))];
  const rows = ids.map((id) => arrangeRow(id, record.run.environment, byVariant));
  const topics = [...Map.groupBy(rows, (row) => row.claim.topic)].map(([name, own]) => ({ name, rows: own }));
  return {
    record,
    variants,
    rows,
    topics: topics.toSorted(
      (a, b) => broken(b) - broken(a) || b.rows.length - a.rows.length || compare(a.name, b.name),
    ),
    remedies: distinct(record.variants.flatMap((variant) => variant.remedies)),
  };
}

function arrangeRow(id: string, environment: string, byVariant: readonly ReadonlyMap<string, ClaimResult>[]): Row {
  const results = byVariant.map((claims) => claims.get(id) ?? null);
  const claim = results.find((result) => result !== null);
  if (claim === undefined) throw new Error(`Claim ${id} is in no variant.`);
  const prefix = `${environment}.`;
  return { id, short: id.startsWith(prefix) ? id.slice(prefix.length) : id, claim, results, fate: fateOf(results) };
}

function fateOf(results: readonly (ClaimResult | null)[]): Fate | null {
  const [first, ...others] = results;
  if (first?.verdict !== 'deviates') return null;
  if (first.needsPlus === true || others.some((result) => result?.needsPlus === true)) return 'plus';
  return others.some((result) => result?.verdict === 'conforms') ? 'mended' : 'open';
}

function broken(topic: Topic): number {
  return topic.rows.filter((row) => row.results[0]?.verdict === 'deviates').length;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function distinct(remedies: readonly Remedy[]): readonly Remedy[] {
  return [...new Map(remedies.map((remedy) => [remedy.id, remedy])).values()];
}

/** Rows with `verdict` in the variant at `index`. */
export function withVerdict(rows: readonly Row[], index: number, verdict: Verdict): readonly Row[] {
  return rows.filter((row) => row.results[index]?.verdict === verdict);
}

/**
 * The rows that deviate anywhere, gravest first: new before known, must before
 * should before target, needing the commercial edition last, then by id.
 */
export function deviations(model: Model): readonly Row[] {
  const rank = (row: Row): readonly number[] => [
    ...disposition(row),
    LEVELS.indexOf(row.claim.level),
    row.fate === 'plus' ? 1 : 0,
    worst(row)?.remedy === undefined ? 1 : 0,
  ];
  const deviating = model.rows.filter((row) => row.results.some((result) => result?.verdict === 'deviates'));
  return deviating.toSorted((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    const at = left.findIndex((value, index) => value !== right[index]);
    return at === -1 ? compare(a.id, b.id) : (left[at] ?? 0) - (right[at] ?? 0);
  });
}

function disposition(row: Row): readonly number[] {
  return [
    Math.min(
      ...row.results.map((result) =>
        result?.verdict === 'deviates' && result.disposition === 'new' ? 0 : DISPOSITIONS.length,
      ),
    ),
  ];
}

/** The gravest result of a row: the one that a finding speaks about. */
export function worst(row: Row): ClaimResult | null {
  const found = row.results.filter((result) => result !== null);
  return found.toSorted((a, b) => VERDICTS.indexOf(a.verdict) - VERDICTS.indexOf(b.verdict))[0] ?? null;
}

/** The remedy that mends a claim, if one is named. */
export function remedyFor(model: Model, id: string): Remedy | null {
  return model.remedies.find((remedy) => remedy.mends.includes(id)) ?? null;
}
