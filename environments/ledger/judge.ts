/**
 * The gate: a record compared with baseline and waivers. Pure; the day is an
 * argument. Exit codes and their order: 3 (the harness failed, or nothing was
 * measured) > 1 (a deviation that nobody knows) > 2 (inconclusive or partial) > 0.
 */
import type { ClaimJudgement, Judgement, UnjudgedRecord } from '../../reports/record/derive.ts';
import { mergeVerdicts } from '../../reports/record/merge.ts';
import type { ClaimResult, Gate, VariantName, VariantResult, Verdict } from '../../reports/record/types.ts';
import type { Baseline, WaiverEntry, Waivers } from './baseline.ts';

/** One claim in one variant, whatever measured it. */
interface Finding {
  readonly variant: VariantName;
  readonly claim: string;
  readonly verdict: Verdict;
}

type Claims = Partial<Record<VariantName, Record<string, ClaimJudgement>>>;

/** Everything that the sentence and the exit code follow from. */
interface Tally {
  readonly fresh: readonly string[];
  readonly known: readonly string[];
  readonly waived: readonly string[];
  readonly vanished: readonly string[];
  readonly inconclusive: readonly string[];
  /** What failed in the harness itself, one text each. */
  readonly failures: readonly string[];
  readonly executed: number;
  readonly warnings: readonly string[];
}

/**
 * Judges a record. Claims are named `<variant>/<claim id>` in the gate.
 *
 * - a deviation is `known` when the baseline has it for this variant, else `waived`
 *   while a waiver lasts (its last day included), else `new`
 * - a baseline entry whose claim conforms now is `fixed`: a warning, no failure
 * - what was not measured (not planned, not applicable) changes nothing
 *
 * @param today the day of judgement, `YYYY-MM-DD`
 */
export function judge(record: UnjudgedRecord, baseline: Baseline, waivers: Waivers, today: string): Judgement {
  const findings = record.variants.flatMap(findingsOf);
  const claims: Claims = {};
  const lists = { fresh: [] as string[], known: [] as string[], waived: [] as string[], vanished: [] as string[] };
  const warnings: string[] = [];
  for (const finding of findings) {
    const name = nameOf(finding);
    const known = baseline.entries.find((entry) => matches(entry, finding));
    const waiver = waivers.entries.find((entry) => matches(entry, finding));
    let judgement: ClaimJudgement | undefined;
    if (finding.verdict === 'deviates') {
      if (known !== undefined) {
        lists.known.push(name);
        const { mechanism: reason, remedy, story } = known;
        judgement = { disposition: 'known', reason, remedy, ...(story !== undefined && { story }) };
      } else if (waiver !== undefined && waiver.expires >= today) {
        lists.waived.push(name);
        judgement = { disposition: 'waived', waiver: shownWaiver(waiver) };
      } else {
        lists.fresh.push(name);
        judgement = { disposition: 'new' };
        if (waiver !== undefined) {
          warnings.push(`The waiver of ${name} by ${waiver.owner} expired on ${waiver.expires}.`);
        }
      }
    } else if (finding.verdict === 'conforms') {
      if (known !== undefined) {
        lists.vanished.push(name);
        judgement = { disposition: 'fixed' };
        warnings.push(`${name} conforms now: take it out of the baseline.`);
      }
      if (waiver !== undefined) warnings.push(`${name} conforms: its waiver by ${waiver.owner} is no longer needed.`);
    }
    if (judgement !== undefined) (claims[finding.variant] ??= {})[finding.claim] = judgement;
  }
  const tally: Tally = {
    ...lists,
    inconclusive: [
      ...findings.filter(({ verdict }) => verdict === 'inconclusive').map(nameOf),
      ...record.calibration.filter(({ holds }) => !holds).map(({ instrument }) => `the instrument ${instrument}`),
    ],
    failures: failuresOf(record, findings),
    executed: findings.filter(({ verdict }) => verdict !== 'not-run' && verdict !== 'not-applicable').length,
    warnings,
  };
  return { gate: gateOf(tally, record.run.partial), claims };
}

/** The verdict of each claim; experiments and scenarios speak for claims that have no result of their own. */
function findingsOf(variant: VariantResult): Finding[] {
  const own = new Map<string, Verdict[]>(variant.claims.map(({ id, verdict }: ClaimResult) => [id, [verdict]]));
  const others = new Map<string, Verdict[]>();
  const note = (claim: string, verdict: Verdict): void => {
    if (!own.has(claim)) others.set(claim, [...(others.get(claim) ?? []), verdict]);
  };
  for (const { verifies, verdict } of variant.experiments) verifies.forEach((claim) => note(claim, verdict));
  for (const { verifies, verdict, promises } of variant.scenarios) {
    promises.forEach((promise) => note(promise.claim, promise.verdict));
    const judged = new Set(promises.map(({ claim }) => claim));
    verifies.filter((claim) => !judged.has(claim)).forEach((claim) => note(claim, verdict));
  }
  return [...own, ...others].map(([claim, verdicts]) => ({
    variant: variant.name,
    claim,
    verdict: mergeVerdicts(verdicts),
  }));
}

function failuresOf(record: UnjudgedRecord, findings: readonly Finding[]): readonly string[] {
  const rollbacks = record.variants
    .flatMap(({ experiments }) => experiments)
    .filter((experiment) => experiment.rollbacks.failed > 0)
    .map(({ name }) => `a roll-back of ${name}`);
  const errors = findings.filter(({ verdict }) => verdict === 'error').map(nameOf);
  const notes = (record.notes ?? []).filter(({ level }) => level === 'error').map(({ text }) => text);
  return [...rollbacks, ...errors, ...notes];
}

function gateOf(tally: Tally, partial: boolean): Gate {
  const { fresh, known, waived, vanished, warnings } = tally;
  const exitCode = exitCodeOf(tally, partial);
  return {
    exitCode,
    holds: exitCode === 0,
    sentence: sentenceOf(tally, exitCode, partial),
    newDeviations: fresh,
    knownDeviations: known,
    waived,
    vanished,
    warnings,
  };
}

function exitCodeOf({ failures, executed, fresh, inconclusive }: Tally, partial: boolean): Gate['exitCode'] {
  if (failures.length > 0 || executed === 0) return 3;
  if (fresh.length > 0) return 1;
  return inconclusive.length > 0 || partial ? 2 : 0;
}

function sentenceOf(tally: Tally, exitCode: Gate['exitCode'], partial: boolean): string {
  const { failures, executed, fresh, known, waived, vanished, inconclusive } = tally;
  const measured = `${executed} ${executed === 1 ? 'claim was' : 'claims were'} measured`;
  switch (exitCode) {
    case 3:
      return failures.length > 0
        ? `The harness failed: ${list(failures)}. ${capital(measured)}; that is no verdict on the system.`
        : 'Nothing was measured, so there is no verdict.';
    case 1:
      return `${capital(count(fresh.length, 'deviation'))} that neither baseline nor waiver knows: ${list(fresh)}.`;
    case 2: {
      const reasons = [
        ...(inconclusive.length > 0
          ? [`${count(inconclusive.length, 'result')} inconclusive (${list(inconclusive)})`]
          : []),
        ...(partial ? ['the run is partial'] : []),
      ];
      return `No new deviation, but ${reasons.join(' and ')}: the gate stays open.`;
    }
    case 0: {
      const parts = [
        ...(known.length > 0 ? [`${known.length} known`] : []),
        ...(waived.length > 0 ? [`${waived.length} waived`] : []),
      ];
      const gone = vanished.length > 0 ? ` ${capital(count(vanished.length, 'known deviation'))} vanished.` : '';
      return `${capital(measured)}; no new deviation${parts.length > 0 ? ` (${parts.join(', ')})` : ''}.${gone}`;
    }
  }
}

function matches(entry: { readonly claim: string; readonly variant?: VariantName }, finding: Finding): boolean {
  return entry.claim === finding.claim && (entry.variant === undefined || entry.variant === finding.variant);
}

function shownWaiver({ reason, owner, expires }: WaiverEntry): NonNullable<ClaimJudgement['waiver']> {
  return { reason, owner, expires };
}

function nameOf({ variant, claim }: Finding): string {
  return `${variant}/${claim}`;
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}

/** The first three by name, the others by number. */
function list(items: readonly string[]): string {
  const rest = items.length - 3;
  return items.slice(0, 3).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
