/** What a failover of Redis under Sentinels says about its promises. Pure. */
import { judgeInvisible, logEvidence, tellFailures } from './failures.ts';
import { HOSTS, MASTER_HOST, QUORUM, SECOND_REPLICA } from '../operations/redis-hosts.ts';
import type { WrittenThrough } from '../operations/redis-upstream.ts';
import type { WriteSeen } from '../traffic/sentinel-writer.ts';
import type { ClaimJudgement, TrialData } from '../runner/experiment.ts';

/** Name under which a trial keeps what it saw. */
export const SEEN = 'failover of Redis';

/** What of the gateway reaches the Redis that takes writes, at one time. */
export interface Reach {
  /** Keys about client addresses on the master: what the gateway's limiter wrote. */
  readonly limiterKeys: number;
  /** Writes through the documented upstream; null in a variant that has another way. */
  readonly through: WrittenThrough | null;
}

export interface FailoverSeen {
  /** Hosts whose Redis says that it is a master. */
  readonly masters: number;
  /** As a Sentinel counts them, itself included. */
  readonly replicas: number;
  readonly sentinels: number;
  readonly quorum: number;
  /** Hosts whose Redis says that it belongs to a cluster. */
  readonly clusterNodes: number;
  readonly stopped: boolean;
  /** The master that all Sentinels that run name, when it says so itself. */
  readonly master: string | null;
  /** From the stop of the first host until they name it, s. */
  readonly agreed_s: number | null;
  readonly writes: WriteGap;
  readonly before: Reach;
  /** Null when there was no master to look at. */
  readonly after: Reach | null;
}

/** How a client that goes by the Sentinels fared. */
export interface WriteGap {
  readonly failed: number;
  /** From the stop until a write succeeded after the first failed one, s; 0 when none failed, null when none succeeded. */
  readonly again_s: number | null;
  /** Acknowledged writes that the counter of the new master does not have. */
  readonly lost: number;
}

/** Reads the attempts of a client since an instant (ms since the epoch). */
export function gapOf(writes: readonly WriteSeen[], from_ms: number): WriteGap {
  const since = writes.filter(({ done_ms }) => done_ms >= from_ms);
  const firstFailed = since.find(({ ok }) => !ok);
  if (firstFailed === undefined) return { failed: 0, again_s: since.length > 0 ? 0 : null, lost: 0 };
  const again = since.find(({ ok, sent_ms }) => ok && sent_ms > firstFailed.sent_ms);
  const value = ({ what }: WriteSeen): number => Number(what);
  const acknowledged = writes.filter(({ ok, sent_ms }) => ok && sent_ms <= firstFailed.sent_ms).map(value);
  return {
    failed: since.filter(({ ok }) => !ok).length,
    again_s: again === undefined ? null : (again.done_ms - from_ms) / 1_000,
    lost: again === undefined ? 0 : Math.max(0, Math.max(0, ...acknowledged) + 1 - value(again)),
  };
}

const seenOf = (trials: readonly TrialData[]): readonly FailoverSeen[] =>
  trials.flatMap((one) => (one.collected[SEEN] ?? []).map((line) => JSON.parse(line) as FailoverSeen));

/** One master, two replicas, three Sentinels; after the loss of the master's host they promote a replica, and clients write again. */
export function judgeSentinel(claim: string, trials: readonly TrialData[]): ClaimJudgement {
  const seen = seenOf(trials);
  const gateway = judgeInvisible(trials, {
    claim,
    expected: `one master, two replicas, three Sentinels, quorum ${QUORUM}; without the first host the Sentinels agree on a new master, clients that ask them write again, no request to the gateway fails`,
    mechanism: 'requests to the gateway failed while Redis had no master',
  });
  const common = { ...gateway, observed: `${told(seen)}; ${tellFailures(trials)}` };
  const reasons = [...new Set(seen.flatMap(brokenPromises))];
  if (reasons.length > 0) return { ...common, verdict: 'deviates', reason: reasons.join('; ') };
  if (gateway.verdict !== 'conforms') return common;
  return seen.length === 0 ? { ...common, ...nothingSeen(trials) } : common;
}

function brokenPromises({
  masters,
  replicas,
  sentinels,
  quorum,
  stopped,
  master,
  writes,
}: FailoverSeen): readonly string[] {
  return [
    ...(masters === 1 && replicas === HOSTS.length - 1 && sentinels === HOSTS.length && quorum === QUORUM
      ? []
      : ['the hosts do not form the promised layout']),
    ...(master === null || (stopped && master === MASTER_HOST)
      ? ['the Sentinels promoted no replica: none was left that may become master, or they did not agree']
      : []),
    ...(writes.again_s === null ? ['no write of a client that asks the Sentinels succeeded any more'] : []),
  ];
}

/** All three nodes belong to a cluster. */
export function judgeCluster(claim: string, trials: readonly TrialData[]): ClaimJudgement {
  const seen = seenOf(trials);
  const nodes = seen.map(({ clusterNodes }) => clusterNodes);
  const common = {
    claim,
    expected: `${HOSTS.length} nodes of a Redis cluster`,
    observed: `cluster_enabled on ${nodes.join(', ') || 'an unknown number'} of ${HOSTS.length} hosts; ${told(seen)}`,
    evidence: logEvidence(trials),
  };
  if (nodes.some((count) => count < HOSTS.length))
    return {
      ...common,
      verdict: 'deviates',
      reason:
        'as the document lists the hosts they are one master with two replicas under Sentinels: no host has cluster mode, and Sentinels do not watch a cluster',
    };
  return { ...common, ...soundOr(trials, seen) };
}

/** After the failover the limiter of the gateway writes to the new master, by whatever way the variant has. */
export function judgeUpstream(claim: string, trials: readonly TrialData[]): ClaimJudgement {
  const seen = seenOf(trials);
  const common = {
    claim,
    expected: `with ${SECOND_REPLICA} (10.0.5.103) as master the gateway's limiter writes to it`,
    observed: seen.map(toldReach).join('; ') || 'nothing seen',
    evidence: logEvidence(trials),
  };
  const reasons = [...new Set(seen.flatMap(({ after }) => (after === null ? [] : unreached(after))))];
  if (reasons.length > 0) return { ...common, verdict: 'deviates', reason: reasons.join('; ') };
  const other = seen.find(({ stopped, master }) => stopped && master !== SECOND_REPLICA);
  if (other)
    return { ...common, verdict: 'inconclusive', reason: `the master after the fault is ${other.master ?? 'nobody'}` };
  return { ...common, ...soundOr(trials, seen) };
}

function unreached({ limiterKeys, through }: Reach): readonly string[] {
  return [
    ...(limiterKeys > 0 ? [] : ['the limiter of the gateway wrote nothing to the master']),
    ...(through !== null && through.readOnly + through.unanswered > 0
      ? [
          'the upstream hands connections to its two static servers in turn, whichever of them is master: a replica refuses writes, a lost host does not answer, and the third host is not in it',
        ]
      : []),
  ];
}

function soundOr(
  trials: readonly TrialData[],
  seen: readonly FailoverSeen[],
): Pick<ClaimJudgement, 'verdict' | 'reason'> {
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  if (invalid !== undefined) return { verdict: 'inconclusive', reason: invalid };
  return seen.length === 0 ? nothingSeen(trials) : { verdict: 'conforms' };
}

function nothingSeen(trials: readonly TrialData[]): Pick<ClaimJudgement, 'verdict'> & { readonly reason: string } {
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  return { verdict: 'inconclusive', reason: invalid ?? 'nothing was seen of the failover' };
}

function told(seen: readonly FailoverSeen[]): string {
  return seen
    .map(({ masters, replicas, sentinels, quorum, ...rest }) =>
      [
        `${masters} master, ${replicas} replicas, ${sentinels} Sentinels, quorum ${quorum}`,
        rest.stopped ? toldFailover(rest) : `no host stopped; master ${rest.master ?? 'unknown'}`,
        `${rest.writes.failed} writes failed, ${rest.writes.lost} acknowledged ones lost`,
      ].join(', '),
    )
    .join('; ');
}

function toldFailover({ master, agreed_s, writes }: Pick<FailoverSeen, 'master' | 'agreed_s' | 'writes'>): string {
  if (master === null || agreed_s === null) return 'no new master';
  const again = writes.again_s === null ? 'no writes any more' : `writes again after ${writes.again_s.toFixed(1)} s`;
  return `${master} master after ${agreed_s.toFixed(1)} s (5 s of them until the loss counts), ${again}`;
}

function toldReach({ before, after, master }: FailoverSeen): string {
  const tell = ({ limiterKeys, through }: Reach): string =>
    `${limiterKeys} keys of the limiter on the master` +
    (through === null
      ? ''
      : `, through the upstream ${through.written} writes done, ${through.readOnly} refused by a replica, ${through.unanswered} unanswered`);
  return `before: ${tell(before)}; master ${master ?? 'unknown'}: ${after === null ? 'nothing to look at' : tell(after)}`;
}
