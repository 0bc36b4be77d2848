/** What became of connections that clients held while the virtual address moved. Pure. */
import type { Evidence } from '../../reports/record/types.ts';
import type { HeldClient, HeldConnection, HeldKind } from '../prober/held-clients-settings.ts';
import type { ClaimJudgement, TrialData } from '../runner/experiment.ts';
import { KEEPALIVED } from '../observers/failover.ts';
import { judgeEach, takeover_ms } from './holders.ts';

/** Name under which a trial keeps what the clients saw, on the trial's clock. */
export const HELD_CLIENTS = 'held clients';

/** One client's connection in the failover, and the one after it. */
export interface Fate {
  readonly kind: HeldKind;
  /** `moved on`: the same connection carried an answer after the address had moved. `unknown`: it did not break, and carried nothing. */
  readonly fate: 'moved on' | 'lost' | 'unknown';
  /** Why it was lost, as the client saw it. */
  readonly why: string | null;
  readonly lost_ms: number | null;
  /** When a connection after it first carried a whole answer. */
  readonly back_ms: number | null;
}

/** Clients of a finished trial; none when they were not read. */
function heldIn({ collected }: Pick<TrialData, 'collected'>): readonly HeldClient[] {
  return (collected[HELD_CLIENTS] ?? []).map((line) => JSON.parse(line) as HeldClient);
}

/** Sets the instants of a client to another clock. */
export function onClock(client: HeldClient, at: (wall_ms: number) => number): HeldClient {
  const set = (instant: number | null): number | null => (instant === null ? null : at(instant));
  const connections = client.connections.map((one): HeldConnection => ({
    ...one,
    begun_ms: at(one.begun_ms),
    answered_ms: set(one.answered_ms),
    ended_ms: set(one.ended_ms),
  }));
  return { ...client, connections };
}

/** Instants of a failover, on the clock of the connections. */
export interface Moments {
  /** Since when the lost node had had the address: an older connection may belong to the other one. */
  readonly since_ms: number;
  readonly injected_ms: number;
  /** When the new holder had the address; answers after it came from there. */
  readonly moved_ms: number;
}

/** When a node last became master before the fault, by keepalived's log; the beginning of the trial when it was before that. */
export function masterSince_ms({ trial, collected }: Pick<TrialData, 'trial' | 'collected'>, node: string): number {
  const instants = (collected[KEEPALIVED] ?? []).flatMap((line) => {
    const [at = '', of, ...rest] = line.split(' ');
    return of === node && rest.join(' ').includes('Entering MASTER STATE') ? [Number(at)] : [];
  });
  return Math.max(0, ...instants.filter((at_ms) => at_ms < trial.fault.injected_ms));
}

/** The fate of what a client held at the lost node when the fault came; null when it held nothing there. */
export function fateOf({ kind, connections }: HeldClient, moments: Moments): Fate | null {
  const { since_ms, injected_ms, moved_ms } = moments;
  const at = connections.findIndex(
    ({ begun_ms, ended_ms, answered_ms }) =>
      begun_ms >= since_ms &&
      begun_ms < injected_ms &&
      (ended_ms === null || ended_ms >= injected_ms) &&
      answered_ms !== null,
  );
  const held = connections[at];
  if (held === undefined) return null;
  const next = connections.slice(at + 1).find(({ answered_ms }) => answered_ms !== null);
  const { answered_ms, ended_ms, why } = held;
  const carried = (answered_ms ?? 0) > moved_ms;
  const fate = carried ? 'moved on' : ended_ms !== null ? 'lost' : 'unknown';
  return {
    ...{ kind, fate, why },
    lost_ms: fate === 'lost' ? ended_ms : null,
    back_ms: next?.answered_ms ?? null,
  };
}

const KINDS = ['keep-alive', 'download', 'websocket'] as const;

/**
 * @param wanted connections that have to be held when the fault comes, or the trial cannot tell
 * @param lost node that the fault takes away
 */
export function judgeHeld(claim: string, trials: readonly TrialData[], wanted: number, lost: string): ClaimJudgement {
  const fates = (one: TrialData): readonly Fate[] => {
    const { injected_ms } = one.trial.fault;
    const moved_ms = takeover_ms(one.trial, lost) ?? injected_ms;
    const moments: Moments = { since_ms: masterSince_ms(one, lost), injected_ms, moved_ms };
    return heldIn(one).flatMap((client) => fateOf(client, moments) ?? []);
  };
  const valid = trials.filter(({ trial }) => trial.valid);
  const judged = judgeEach(
    claim,
    `all ${wanted} held connections go on at the gateway that takes over`,
    trials,
    (one) => look(fates(one), wanted, one.trial.fault.injected_ms),
    mechanism(valid.flatMap(fates)),
  );
  return { ...judged, evidence: [fateTable(valid.map(fates)), ...judged.evidence] };
}

function look(
  fates: readonly Fate[],
  wanted: number,
  injected_ms: number,
): { readonly kept: boolean | null; readonly seen: string } {
  const [went, lost] = [fates.filter(({ fate }) => fate === 'moved on'), fates.filter(({ fate }) => fate === 'lost')];
  const back = lost.flatMap(({ back_ms }) => back_ms ?? []);
  const last_s = ((Math.max(...back) - injected_ms) / 1000).toFixed(1);
  const anew = lost.length === 0 ? '' : `; ${back.length} of ${lost.length} were served over a new connection`;
  const seen = `${went.length} of ${fates.length} held connections went on${anew}${back.length > 0 ? `, the last ${last_s} s after the fault` : ''}`;
  return { kept: lost.length > 0 ? false : fates.length === wanted && went.length === wanted ? true : null, seen };
}

/** How connections broke, by kind, as clients saw it. */
function mechanism(fates: readonly Fate[]): string {
  const ways = KINDS.flatMap((kind) => {
    const lost = fates.filter((one) => one.kind === kind && one.fate === 'lost');
    const whys = [...new Set(lost.map(({ why }) => why ?? 'no reason'))];
    return lost.length === 0 ? [] : [`${kind}: ${whys.join(', ')}`];
  });
  return `a connection lives in the node that accepted it, and the node that takes over knows nothing of it (${ways.join('; ')})`;
}

function fateTable(trials: readonly (readonly Fate[])[]): Evidence {
  const rows = trials.flatMap((fates, index) =>
    KINDS.map((kind) => {
      const own = fates.filter((one) => one.kind === kind);
      const lost = own.filter(({ fate }) => fate === 'lost');
      const whys = [...new Set(lost.map(({ why }) => why ?? ''))].join(', ');
      const back = lost.filter(({ back_ms }) => back_ms !== null).length;
      return [index + 1, kind, own.length, own.filter(({ fate }) => fate === 'moved on').length, whys, back];
    }),
  );
  return {
    kind: 'table',
    title: 'Connections that clients held when the fault came',
    columns: ['trial', 'kind', 'held', 'went on', 'others ended with', 'of these served over a new one'],
    rows,
  };
}
