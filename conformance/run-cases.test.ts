/**
 * All selected cases of an environment as one vitest module: vitest finishes one
 * module before it begins the next, and most of a case is waiting. A deviation is a
 * verdict in the journal, not a failed test; a test fails only when the harness does.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, inject, test } from 'vitest';
import type { Claim } from '../environments/ledger/ledger.ts';
import type { TopologyDescriptor } from '../environments/harness/types.ts';
import type { GivenUp } from '../environments/harness/variant.ts';
import { seededRandom } from '../measurement/random.ts';
import { Session } from './context.ts';
import { notApplicable } from './outcome.ts';
import { Turns, whenIdle } from './turns.ts';
import { claimResult, journal, registeredCases, runCase } from './verify.ts';
import type { Case, KnownOfClaim, Measured } from './verify.ts';

/** What the command line gives to its vitest workers. */
export interface ProvidedRun {
  readonly topology: TopologyDescriptor;
  readonly journal: string;
  readonly environment: string;
  readonly claims: readonly Claim[];
  /** Decides on the order of the cases. */
  readonly seed: number;
  readonly givenUp: readonly GivenUp[];
  readonly known: Readonly<Record<string, KnownOfClaim>>;
}

/** Upper bound of all cases together, ms. */
const ALL_LIMIT_MS = 900_000;

declare module 'vitest' {
  interface ProvidedContext {
    gateproof: ProvidedRun;
  }
}

const run = inject('gateproof');
const claims = new Map(run.claims.map((claim) => [claim.id, claim]));
const givenUp = new Map(run.givenUp.map((entry) => [entry.claim, entry]));

/** The lanes of client addresses that cases use; the last one is left to experiments. */
const LANES_OF_CASES = [0, 1, 2];
const session = Session.open(run.topology, LANES_OF_CASES);
afterAll(() => session[Symbol.asyncDispose]());

/**
 * Cases that begin side by side. A case does most of its work at its beginning: when
 * the processors have time to spare, or after some seconds, the next one may begin
 * while it waits.
 */
const turns = new Turns(3);
const spare = whenIdle({ share: 0.25, every_ms: 250, longest_ms: 3_000 });

/** One after the other, when all others have ended: see {@link measureAgain}. */
const calm = new Turns(1);

/** Long cases begin within this part of the order: early enough for others to fill their waiting, and not all at once. */
const LONG_WITHIN = 0.35;

/** The order that the seed gives. */
function ordered(entries: readonly Case[]): Case[] {
  const random = seededRandom(run.seed);
  return entries
    .map((entry) => ({ entry, key: (entry.long ? LONG_WITHIN : 1) * random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ entry }) => entry);
}

const folder = join(import.meta.dirname, 'cases', run.environment);
for (const file of globSync('*.test.ts', { cwd: folder }).sort()) await import(join(folder, file));
const selected = ordered([...registeredCases().values()]).flatMap((entry) => {
  const claim = claims.get(entry.claim);
  return claim ? [{ entry, claim, ended: Promise.withResolvers<void>() }] : [];
});
const calmBegins = Promise.all(selected.map(({ ended }) => ended.promise)).then(() => session.forgetMeasured());
for (const { entry, claim, ended } of selected) {
  // All tests begin at once and wait for their turn here, so the limit of one is that of all.
  test(entry.claim, { timeout: ALL_LIMIT_MS }, async ({ signal }) => {
    const once = (): Promise<Measured> => unlessStopped(signal, () => measure(entry, claim));
    const first = await turns.take(once, spare).finally(ended.resolve);
    record(claim, first.outcome.verdict === 'inconclusive' ? await measureAgain(once, first) : first);
  });
}

function measure(entry: Case, claim: Claim): Promise<Measured> {
  const refused = givenUp.get(claim.id);
  if (!refused) return runCase(entry, claim, session);
  const why = refused.contradicts ? `contradicts ${refused.contradicts}: ${refused.why}` : refused.why;
  return Promise.resolve({ outcome: notApplicable(claim.statement, why), duration_ms: 0 });
}

/** A stopped run begins no case any more and does not wait for those under way: their agents end with the session. */
async function unlessStopped(signal: AbortSignal, work: () => Promise<Measured>): Promise<Measured> {
  signal.throwIfAborted();
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => {
    stopped.reject(signal.reason);
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work(), stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/**
 * Side by side, cases take the machine from each other, and some then cannot tell.
 * These get it to themselves, once, and the record says so. A verdict on the system is
 * never measured again: this hides no deviation and no flake of the system.
 */
async function measureAgain(once: () => Promise<Measured>, first: Measured): Promise<Measured> {
  await calmBegins;
  const second = await calm.take(once);
  const told = `the first measurement, side by side with others, could not tell: ${first.outcome.reason ?? first.outcome.observed}`;
  const { outcome } = second;
  return {
    ...second,
    duration_ms: first.duration_ms + second.duration_ms,
    outcome: { ...outcome, evidence: [...outcome.evidence, { kind: 'log', title: 'measured twice', lines: [told] }] },
  };
}

function record(claim: Claim, measured: Measured): void {
  const { contradicts } = givenUp.get(claim.id) ?? {};
  journal(run.journal, {
    event: 'claim',
    at: new Date().toISOString(),
    variant: run.topology.variant,
    claim: claimResult(claim, measured, {
      environment: run.environment,
      ...run.known[claim.id],
      ...(contradicts ? { contradicts } : {}),
    }),
  });
  if (measured.failure !== undefined)
    throw new Error(`the measurement of ${claim.id} failed`, { cause: measured.failure });
}
