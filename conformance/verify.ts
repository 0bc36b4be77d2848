import { appendFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { JournalEvent } from '../reports/record/events.ts';
import type { ClaimResult, Control } from '../reports/record/types.ts';
import type { Claim } from '../environments/ledger/ledger.ts';
import { CaseContext } from './context.ts';
import type { Session } from './context.ts';
import type { Outcome } from './outcome.ts';

/** Measures one claim. Throws only when the harness fails: a broken promise is a verdict. */
export type CaseBody = (context: CaseContext & { readonly claim: Claim }) => Promise<Outcome>;

export interface Case {
  readonly claim: string;
  readonly body: CaseBody;
  readonly long: boolean;
}

/** Upper bound of one case, ms; a case that needs longer is a defect of the case. */
const CASE_LIMIT_MS = 150_000;

const cases = new Map<string, Case>();

/**
 * Binds a claim to its measurement. Under vitest each case becomes a test; the
 * mutants run the same cases by name.
 *
 * @throws {Error} when two cases are bound to one claim
 */
export function verify(claim: string, body: CaseBody): void {
  bind({ claim, body, long: false });
}

/** Like {@link verify}, for a case that waits for ten seconds and more: it begins early. */
export function verifyLong(claim: string, body: CaseBody): void {
  bind({ claim, body, long: true });
}

function bind(entry: Case): void {
  if (cases.has(entry.claim)) throw new Error(`claim ${entry.claim} has two cases`);
  cases.set(entry.claim, entry);
}

/** The cases whose files have been imported. */
export function registeredCases(): ReadonlyMap<string, Case> {
  return cases;
}

/** A case's result before the run adds what it knows of the claim. */
export interface Measured {
  readonly outcome: Outcome;
  readonly duration_ms: number;
  /** The exception behind a verdict `error`. */
  readonly failure?: unknown;
}

/** Runs one case with a context of its own; an exception, or taking too long, becomes the verdict `error`. */
export async function runCase(entry: Case, claim: Claim, session: Session): Promise<Measured> {
  const began = performance.now();
  const context = new CaseContext(session);
  try {
    const outcome = await within(CASE_LIMIT_MS, entry.body(Object.assign(context, { claim })));
    return { outcome, duration_ms: Math.round(performance.now() - began) };
  } catch (failure) {
    const text = failure instanceof Error ? (failure.stack ?? failure.message) : String(failure);
    return {
      outcome: {
        verdict: 'error',
        expected: claim.statement,
        observed: 'the measurement itself failed',
        reason: failure instanceof Error ? failure.message : String(failure),
        evidence: [{ kind: 'log', title: 'exception', lines: text.split('\n') }],
      },
      duration_ms: Math.round(performance.now() - began),
      failure,
    };
  } finally {
    await context[Symbol.asyncDispose]();
  }
}

async function within<T>(limit_ms: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`the case did not end within ${String(limit_ms / 1000)} s`));
  }, limit_ms);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** What a run knows of a claim before it measures it. */
export interface KnownOfClaim {
  /** Why the claim deviates and what would mend it, from the baseline. */
  readonly mechanism?: string;
  readonly remedy?: string;
  /** Negative controls that were tried on this revision. */
  readonly controls?: readonly Control[];
}

/** Builds the record's entry for a claim from what was measured. */
export function claimResult(
  claim: Claim,
  { outcome, duration_ms }: Measured,
  known: KnownOfClaim & { readonly environment: string; readonly contradicts?: string },
): ClaimResult {
  const reason = outcome.verdict === 'deviates' ? (known.mechanism ?? outcome.reason) : outcome.reason;
  return {
    id: claim.id,
    statement: claim.statement,
    level: claim.level,
    kind: claim.kind,
    topic: claim.topic,
    source: claim.source,
    verdict: outcome.verdict,
    expected: outcome.expected,
    observed: outcome.observed,
    ...(reason ? { reason } : {}),
    ...(outcome.verdict === 'deviates' && known.remedy ? { remedy: known.remedy } : {}),
    ...(claim.needs === 'plus' ? { needsPlus: true } : {}),
    ...(known.contradicts ? { contradicts: known.contradicts } : {}),
    evidence: outcome.evidence,
    ...(known.controls ? { controls: known.controls } : {}),
    duration_ms,
    reproduce: `./gateproof verify ${known.environment} --only '${claim.id}'`,
  };
}

/** Appends an event to the journal; one write a line, so that a killed run loses at most its last. */
export function journal(path: string, event: JournalEvent): void {
  appendFileSync(path, `${JSON.stringify(event)}\n`);
}
