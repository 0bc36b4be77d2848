/** Whom a redundant pair believes: what strangers on its segment achieved with which password. Pure. */
import type { Evidence } from '../../reports/record/types.ts';
import type { ClaimJudgement, TrialData } from '../runner/experiment.ts';
import { judgeEach } from './holders.ts';

/** Name under which a trial keeps its attempts. */
export const ATTEMPTS = 'strangers';

/** What one stranger achieved. Instants on the trial's clock. */
export interface Attempt {
  /** What it knew of the password. */
  readonly knew: string;
  /** It knew the whole password: such a one has to be believed, and says nothing about the promise. */
  readonly peer?: true;
  readonly from_ms: number;
  readonly to_ms: number;
  /** Nodes of the pair that had the address when the stranger had been heard. */
  readonly holders: readonly string[];
}

/** Characters of the password: as written, and as adverts carry them. */
export interface Carried {
  readonly written: number;
  readonly carried: number;
}

/** What a trial collected about strangers. */
export interface StrangersSeen extends Carried {
  readonly attempts: readonly Attempt[];
}

/** Null when the trial did not come so far. */
export function strangersIn({ collected }: Pick<TrialData, 'collected'>): StrangersSeen | null {
  const [line] = collected[ATTEMPTS] ?? [];
  return line === undefined ? null : (JSON.parse(line) as StrangersSeen);
}

type Result = 'believed' | 'refused' | 'unclear';

/** A believed stranger takes the address from the whole pair; a refused one leaves it with its first node. */
export function resultOf({ holders }: Attempt, first: string): Result {
  if (holders.length === 0) return 'believed';
  return holders.join() === first ? 'refused' : 'unclear';
}

/** @param first node that has the address whenever nobody else is believed */
export function judgeStrangers(claim: string, trials: readonly TrialData[], first: string): ClaimJudgement {
  const seen = trials.filter(({ trial }) => trial.valid).flatMap((one) => strangersIn(one) ?? []);
  const judged = judgeEach(
    claim,
    'only whoever knows the whole password is believed: strangers that know less of it leave the address where it is',
    trials,
    (one) => look(one, first),
    mechanism(seen, first),
  );
  return { ...judged, evidence: [attemptTable(trials, first), ...judged.evidence] };
}

function look(one: TrialData, first: string): { readonly kept: boolean | null; readonly seen: string } {
  const seen = strangersIn(one);
  if (seen === null) return { kept: null, seen: 'no stranger was tried' };
  const strangers = seen.attempts.filter(({ peer }) => peer !== true);
  const results = strangers.map((attempt) => resultOf(attempt, first));
  const told = seen.attempts.map((attempt) => `with ${attempt.knew}: ${resultOf(attempt, first)}`).join('; ');
  const kept = results.includes('believed')
    ? false
    : results.length > 0 && results.every((result) => result === 'refused')
      ? true
      : null;
  return { kept, seen: `${told}; adverts carry ${seen.carried} of ${seen.written} characters of the password` };
}

/** Why strangers are believed, from what adverts carry. */
function mechanism(seen: readonly StrangersSeen[], first: string): string {
  const believed = seen.flatMap(({ attempts }) =>
    attempts.filter((attempt) => attempt.peer !== true && resultOf(attempt, first) === 'believed'),
  );
  const knew = [...new Set(believed.map((attempt) => attempt.knew))].join(', ');
  const { written = 0, carried = 0 } = seen[0] ?? {};
  const field =
    carried < written
      ? `adverts carry ${carried} of the ${written} characters that were written, in the clear, and nothing else is compared`
      : 'the password is not compared';
  return `${field}: strangers were believed with ${knew}`;
}

/** Attempts for a reader, with what the clients of the address noticed. */
function attemptTable(trials: readonly TrialData[], first: string): Evidence {
  const rows = trials.flatMap((one, index) =>
    (strangersIn(one)?.attempts ?? []).map((attempt) => {
      const sent = one.probes.filter(({ sent_ms }) => sent_ms >= attempt.from_ms && sent_ms < attempt.to_ms);
      const failed = sent.filter(({ ok }) => !ok).length;
      const holders = attempt.holders.join(' and ') || 'the stranger alone';
      return [index + 1, attempt.knew, resultOf(attempt, first), holders, `${failed} of ${sent.length}`];
    }),
  );
  return {
    kind: 'table',
    title:
      'Strangers of priority 255. A refused one takes the address for itself all the same, and its ARP misleads clients',
    columns: ['trial', 'stranger with', 'adverts', 'of the pair the address has', 'requests of clients failed'],
    rows,
  };
}
