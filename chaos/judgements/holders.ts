/** What trials say about who held the virtual address: read from the lanes that the failover observer drew. */
import type { Evidence, Trial } from '../../reports/record/types.ts';
import type { Holding } from '../observers/address-events.ts';
import { heldTwice_ms } from '../observers/address-events.ts';
import { KEEPALIVED, NODES } from '../observers/failover.ts';
import type { ClaimJudgement, TrialData } from '../runner/experiment.ts';

/** Spans in which each node held the address. */
export function holdingsOf({ lanes = [] }: Trial): Holding[] {
  return NODES.flatMap((node) =>
    (lanes.find(({ name }) => name.startsWith(`${node}:`))?.spans ?? [])
      .filter(({ kind }) => kind === 'active')
      .map(({ from_ms, to_ms }) => ({ node, from_ms, to_ms })),
  );
}

/** When another node than `from` first got the address after the fault; null when none did. */
export function takeover_ms(trial: Trial, from: string): number | null {
  const taken = holdingsOf(trial).filter(({ node, from_ms }) => node !== from && from_ms > trial.fault.injected_ms);
  return taken.length === 0 ? null : Math.min(...taken.map(({ from_ms }) => from_ms));
}

/** Whether another node than `from` took the address over while the fault was in, and when. */
export function takenOver(trial: Trial, from: string): { readonly kept: boolean; readonly seen: string } {
  const at_ms = takeover_ms(trial, from);
  const { injected_ms, reverted_ms } = trial.fault;
  const after_s = (end_ms: number): string => ((end_ms - injected_ms) / 1000).toFixed(1);
  if (at_ms !== null && at_ms < reverted_ms)
    return { kept: true, seen: `the address moved ${after_s(at_ms)} s after the fault` };
  return {
    kept: false,
    seen: `no takeover within ${after_s(reverted_ms)} s; ${trial.failedRequests} of ${trial.totalRequests} requests failed`,
  };
}

/** Nodes that held the address at an instant. */
export function holdersAt(trial: Trial, at_ms: number): string[] {
  return holdingsOf(trial)
    .filter(({ from_ms, to_ms }) => from_ms <= at_ms && at_ms < to_ms)
    .map(({ node }) => node);
}

/** Time with two holders after an instant, ms. */
export function twice_ms(trial: Trial, since_ms = 0): number {
  const clipped = holdingsOf(trial).map((span) => ({ ...span, from_ms: Math.max(span.from_ms, since_ms) }));
  return heldTwice_ms(clipped.filter(({ from_ms, to_ms }) => to_ms > from_ms));
}

/** The first line of keepalived's log after the fault that a pattern fits, ms after the fault; null without one. */
export function logged_ms({ trial, collected }: TrialData, pattern: RegExp): number | null {
  const instants = (collected[KEEPALIVED] ?? []).flatMap((line) => {
    const [at = '', ...rest] = line.split(' ');
    const after = Number(at) - trial.fault.injected_ms;
    return after >= 0 && pattern.test(rest.join(' ')) ? [after] : [];
  });
  return instants.length === 0 ? null : Math.min(...instants);
}

/** keepalived's lines around each trial's fault, as evidence. */
export function keepalivedLog(trials: readonly TrialData[]): Evidence[] {
  return trials.slice(0, 3).map(({ trial, collected }) => ({
    kind: 'log',
    title: 'keepalived, s after the fault',
    lines: (collected[KEEPALIVED] ?? []).slice(0, 40).map((line) => {
      const [at = '', ...rest] = line.split(' ');
      return `${((Number(at) - trial.fault.injected_ms) / 1000).toFixed(2)} ${rest.join(' ')}`;
    }),
  }));
}

/**
 * A yes-or-no promise over trials: each valid trial says whether it was kept, or null
 * when it could not be told. Conforms when all say yes, deviates when one says no.
 */
export function judgeEach(
  claim: string,
  expected: string,
  trials: readonly TrialData[],
  look: (one: TrialData) => { readonly kept: boolean | null; readonly seen: string },
  mechanism: string,
): ClaimJudgement {
  const valid = trials.filter(({ trial }) => trial.valid);
  const looks = valid.map(look);
  const observed = [...new Set(looks.map(({ seen }) => seen))].slice(0, 5).join('; ') || 'no valid trial';
  const common = { claim, expected, observed, evidence: keepalivedLog(valid) };
  if (looks.some(({ kept }) => kept === false)) return { ...common, verdict: 'deviates', reason: mechanism };
  if (looks.length > 0 && looks.every(({ kept }) => kept === true)) return { ...common, verdict: 'conforms' };
  const thrown = trials.flatMap(({ trial }) => trial.invalidReason ?? []);
  return {
    ...common,
    verdict: 'inconclusive',
    reason: thrown[0] ?? 'some trials could not tell',
  };
}
