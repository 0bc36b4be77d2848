/**
 * Turns the registered cases into vitest tests. A deviation is a verdict in the
 * journal, not a failed test; a test fails only when the harness does.
 */
import { inject, test } from 'vitest';
import type { Claim } from '../environments/ledger/ledger.ts';
import type { TopologyDescriptor } from '../environments/harness/types.ts';
import type { GivenUp } from '../environments/harness/variant.ts';
import { LANES } from './addresses.ts';
import { Session } from './context.ts';
import { notApplicable } from './outcome.ts';
import { CASE_LIMIT_MS, claimResult, journal, runCase, whenRegistered } from './verify.ts';
import type { Case, KnownOfClaim } from './verify.ts';

/** What the command line gives to its vitest workers. */
export interface ProvidedRun {
  readonly topology: TopologyDescriptor;
  readonly journal: string;
  readonly environment: string;
  readonly claims: readonly Claim[];
  readonly givenUp: readonly GivenUp[];
  readonly known: Readonly<Record<string, KnownOfClaim>>;
}

declare module 'vitest' {
  interface ProvidedContext {
    gateproof: ProvidedRun;
  }
}

const run = inject('gateproof');
const lane = (Number(process.env['VITEST_POOL_ID'] ?? '1') - 1) % LANES;

/** One session a worker: vitest reads this file anew for each test file, agents and replicas stay. */
const kept = globalThis as { gateproofSession?: Session };

const claims = new Map(run.claims.map((claim) => [claim.id, claim]));
const givenUp = new Map(run.givenUp.map((entry) => [entry.claim, entry]));

whenRegistered((entry) => {
  const claim = claims.get(entry.claim);
  if (claim) test(entry.claim, { timeout: CASE_LIMIT_MS }, () => measure(entry, claim));
});

async function measure(entry: Case, claim: Claim): Promise<void> {
  const refused = givenUp.get(claim.id);
  const session = (kept.gateproofSession ??= Session.open(run.topology, lane));
  const measured = refused
    ? {
        outcome: notApplicable(
          claim.statement,
          refused.contradicts ? `contradicts ${refused.contradicts}: ${refused.why}` : refused.why,
        ),
        duration_ms: 0,
        failure: undefined,
      }
    : await runCase(entry, claim, session);
  journal(run.journal, {
    event: 'claim',
    at: new Date().toISOString(),
    variant: run.topology.variant,
    claim: claimResult(claim, measured, {
      environment: run.environment,
      ...run.known[claim.id],
      ...(refused?.contradicts ? { contradicts: refused.contradicts } : {}),
    }),
  });
  if (measured.failure !== undefined)
    throw new Error(`the measurement of ${claim.id} failed`, { cause: measured.failure });
}
