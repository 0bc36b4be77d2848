/**
 * Journal → run record. Pure, and indifferent to how the run ended: a killed
 * run's journal gives a record that says it is partial and what it lacks.
 */
import { capacityGate } from './capacity.ts';
import { controlGate } from './controls.ts';
import { resultFromRuns, verifiedByRuns } from './measured-by.ts';
import { mergeVerdicts, severity } from './merge.ts';
import { SCHEMA_ID } from './types.ts';
import type { CatalogueEntry, JournalEvent } from './events.ts';
import type {
  ClaimResult,
  Counts,
  Disposition,
  Gate,
  HistoryRow,
  Note,
  RunInfo,
  RunRecord,
  VariantName,
  VariantResult,
  Verdict,
} from './types.ts';

/** A record that nobody has judged yet: everything but the gate. */
export type UnjudgedRecord = Omit<RunRecord, 'summary'> & { readonly summary: Omit<RunRecord['summary'], 'gate'> };

/** What the baseline and the waivers know about one claim in one variant. */
export interface ClaimJudgement {
  readonly disposition?: Disposition;
  readonly waiver?: ClaimResult['waiver'];
  /** From the baseline; fills what the check left out, never overwrites it. */
  readonly reason?: string;
  readonly remedy?: string;
  readonly story?: ClaimResult['story'];
}

/** The gate and, by variant and claim id, what the baseline says. */
export interface Judgement {
  readonly gate: Gate;
  readonly claims: Readonly<Partial<Record<VariantName, Readonly<Record<string, ClaimJudgement>>>>>;
}

/** Compares a record with baseline and waivers; lives with the ledger, passed in from above. */
export type Judge = (record: UnjudgedRecord) => Judgement;

export interface DeriveOptions {
  readonly judge: Judge;
  /** Files beside the record; names relative to the run's folder, sizes in bytes. */
  readonly files?: RunRecord['files'];
  readonly history?: readonly HistoryRow[];
  /** A last line that the journal did not finish (see `parseJournal`). */
  readonly broken?: { readonly line: number } | null;
}

type Started = Extract<JournalEvent, { event: 'run-started' }>;

/**
 * Derives the record of a run from its journal.
 * Throws an Error when the journal has no `run-started`: then nothing is known
 * about the run, not even which claims were planned.
 */
export function deriveRecord(events: readonly JournalEvent[], options: DeriveOptions): RunRecord {
  const started = events.find((event) => event.event === 'run-started');
  if (started === undefined) throw new Error('The journal has no run-started event: the run ended before it began.');
  const notes: Note[] = events
    .filter((event) => event.event === 'note')
    .map(({ at, level, text }) => ({ at, level, text }));
  const names = variantNames(started, events);
  const variants = names.map((name) => deriveVariant(name, started, events, notes));
  const run = deriveRun(started, events, variants, options.broken ?? null);
  const unjudged: UnjudgedRecord = {
    schema: SCHEMA_ID,
    run,
    variants,
    calibration: events.filter((event) => event.event === 'calibration').map((event) => event.calibration),
    // What an experiment measured after all is not outside the profile.
    outside: started.outside.filter(
      ({ id }) => !variants.some(({ claims }) => claims.some((claim) => claim.id === id)),
    ),
    summary: { byVariant: Object.fromEntries(variants.map(({ name, claims }) => [name, count(claims)])) },
    ...(notes.length > 0 && { notes }),
    ...(options.history !== undefined && { history: options.history }),
    files: options.files ?? [],
  };
  return applyJudgement(unjudged, options.judge(unjudged));
}

/** Counts verdicts; `total` is their sum. */
export function count(claims: readonly { readonly verdict: Verdict }[]): Counts {
  const of = (verdict: Verdict): number => claims.filter((claim) => claim.verdict === verdict).length;
  return {
    conforms: of('conforms'),
    deviates: of('deviates'),
    inconclusive: of('inconclusive'),
    notApplicable: of('not-applicable'),
    error: of('error'),
    notRun: of('not-run'),
    total: claims.length,
  };
}

function variantNames(started: Started, events: readonly JournalEvent[]): readonly VariantName[] {
  return [...new Set([...started.variants, ...events.flatMap((event) => ('variant' in event ? [event.variant] : []))])];
}

function deriveVariant(
  name: VariantName,
  started: Started,
  events: readonly JournalEvent[],
  notes: Note[],
): VariantResult {
  const own = events.filter((event) => 'variant' in event && event.variant === name);
  const start = own.findLast((event) => event.event === 'variant-started');
  const results = new Map<string, ClaimResult>();
  for (const event of own) {
    if (event.event !== 'claim') continue;
    const before = results.get(event.claim.id);
    results.set(event.claim.id, before === undefined ? event.claim : mergeResults(before, event.claim));
    if (before !== undefined) notes.push(duplicateNote(event.at, name, before, event.claim));
  }
  const experiments = own.filter((event) => event.event === 'experiment').map((event) => event.experiment);
  const scenarios = own.filter((event) => event.event === 'scenario').map((event) => event.scenario);
  for (const id of verifiedByRuns(experiments, scenarios).filter((claim) => !results.has(claim))) {
    const result = resultFromRuns(catalogued(id, started), experiments, scenarios);
    if (result !== null) results.set(id, result);
  }
  const capacities = own.filter((event) => event.event === 'capacity').map((event) => event.capacity);
  const scalings = own.filter((event) => event.event === 'scaling').map((event) => event.scaling);
  const missing = started.planned.filter((id) => !results.has(id)).map((id) => notRun(id, started, name));
  return {
    name,
    adaptations: start?.adaptations ?? [],
    remedies: start?.remedies ?? [],
    claims: inPlannedOrder([...results.values(), ...missing], started.planned),
    experiments,
    scenarios,
    ...(capacities.length > 0 && { capacities }),
    ...(scalings.length > 0 && { scalings }),
    addressMap: start?.addressMap ?? {},
    started_ms: start?.started_ms ?? 0,
  };
}

function inPlannedOrder(claims: readonly ClaimResult[], planned: readonly string[]): readonly ClaimResult[] {
  const place = new Map(planned.map((id, index) => [id, index]));
  return claims.toSorted((a, b) => (place.get(a.id) ?? planned.length) - (place.get(b.id) ?? planned.length));
}

/** The gravest result speaks; the evidence of all is kept and the reason says that there were several. */
function mergeResults(a: ClaimResult, b: ClaimResult): ClaimResult {
  const gravest = severity(b.verdict) < severity(a.verdict) ? b : a;
  const twice = `Measured more than once (${a.verdict}, ${b.verdict}); the gravest verdict counts.`;
  return {
    ...gravest,
    verdict: mergeVerdicts([a.verdict, b.verdict]),
    reason: gravest.reason === undefined ? twice : `${gravest.reason} ${twice}`,
    evidence: [...a.evidence, ...b.evidence],
    duration_ms: a.duration_ms + b.duration_ms,
  };
}

function duplicateNote(at: string, variant: VariantName, a: ClaimResult, b: ClaimResult): Note {
  return { at, level: 'warning', text: `${b.id} was measured twice in ${variant}: ${a.verdict} and ${b.verdict}.` };
}

/** What is known about a claim before it is measured. */
function catalogued(id: string, started: Started): CatalogueEntry {
  const outside = started.outside.find((entry) => entry.id === id);
  return (
    started.catalogue?.find((entry) => entry.id === id) ?? {
      id,
      statement: outside?.statement ?? id,
      // Without the catalogue the strictest level is assumed, so that nothing missing looks harmless.
      level: 'must',
      kind: outside?.kind ?? 'conformance',
      topic: outside?.topic ?? id.split('.')[1] ?? id,
      source: { section: '', lines: [0, 0] },
    }
  );
}

/** Stands in for a planned claim that the run did not reach. */
function notRun(id: string, started: Started, variant: VariantName): ClaimResult {
  return {
    ...catalogued(id, started),
    verdict: 'not-run',
    expected: '',
    observed: '',
    reason: 'Planned for this profile; the run ended before it was measured.',
    evidence: [],
    duration_ms: 0,
    reproduce: `gateproof verify ${started.run.environment} --only ${id} --variant ${variant} --seed ${started.run.seed}`,
  };
}

function deriveRun(
  started: Started,
  events: readonly JournalEvent[],
  variants: readonly VariantResult[],
  broken: { readonly line: number } | null,
): RunInfo {
  const finished = events.findLast((event) => event.event === 'run-finished');
  const reasons: string[] = [];
  if (finished === undefined) reasons.push('The run was killed: its journal has no end.');
  else if (finished.interrupted) reasons.push(finished.reason ?? 'The run was interrupted.');
  if (broken !== null) reasons.push(`Line ${broken.line} of the journal was cut off.`);
  const planned = new Set(started.planned);
  const lacks = (claim: ClaimResult): boolean => claim.verdict === 'not-run' && planned.has(claim.id);
  const missing = variants
    .map(({ name, claims }) => ({ name, count: claims.filter(lacks).length }))
    .filter((variant) => variant.count > 0);
  for (const { name, count: lacking } of missing) {
    reasons.push(`${lacking} of ${started.planned.length} planned claims not run in ${name}.`);
  }
  return {
    ...started.run,
    finishedAt: finished?.at ?? null,
    partial: reasons.length > 0,
    ...(reasons.length > 0 && { partialReason: reasons.join(' ') }),
  };
}

function applyJudgement(record: UnjudgedRecord, judgement: Judgement): RunRecord {
  const remedies = record.variants.flatMap((variant) => variant.remedies);
  const variants = record.variants.map((variant) => ({
    ...variant,
    claims: variant.claims.map((claim) => {
      const { reason, remedy, ...rest } = judgement.claims[variant.name]?.[claim.id] ?? {};
      const mends = claim.verdict === 'deviates' ? remedies.find((item) => item.mends.includes(claim.id)) : undefined;
      const why = claim.reason ?? reason;
      const what = claim.remedy ?? remedy ?? mends?.title;
      return {
        ...claim,
        ...rest,
        ...(why !== undefined && { reason: why }),
        ...(what !== undefined && { remedy: what }),
      };
    }),
  }));
  const gate = controlGate(record.variants) ?? capacityGate(record) ?? judgement.gate;
  return { ...record, variants, summary: { ...record.summary, gate } };
}
