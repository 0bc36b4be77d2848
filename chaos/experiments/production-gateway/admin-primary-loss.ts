/**
 * admin-3 (a fifth of the weight) dies and comes back; then admin-1 (two fifths) does.
 * The others share what it had by their weights (smooth weighted round robin without
 * the missing one); the backup stays idle as long as one primary is well.
 */
import { containerKill } from '../../faults/container-kill.ts';
import { configEdit } from '../../faults/config-edit.ts';
import { added, answeredBy, fitShares, noted, tellCounts } from '../../judgements/answered-by.ts';
import type { Counts } from '../../judgements/answered-by.ts';
import { failureEvidence, judgeInvisible, tellFailures } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData, TrialWatch } from '../../runner/experiment.ts';
import { pause, waitFor } from '../../runner/wait.ts';
import { adminSeries } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const REDISTRIBUTION = 'production-gateway.load-balancing.admin-redistribution';
const FILTERED = 'production-gateway.load-balancing.admin-filters-down';
const IDLE_BACKUP = 'production-gateway.load-balancing.backup-idle';
const BACKUP = 'admin-4';
const [FIRST, SECOND] = ['admin-3', 'admin-1'];
/**
 * The victim is marked down when the first connects to it time out (5 s); those that began until then are tried
 * elsewhere up to 5 s later, out of turn. All of them are over by then, and nginx does not try the victim again yet.
 */
const SETTLE_MS = 9_000;
const COUNT_MS = 4_000;
const RETURN_TIMEOUT_MS = 20_000;
const TOLERANCE_POINTS = 4;
const SHARES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  [FIRST]: { 'admin-1': 50, 'admin-2': 50 },
  [SECOND]: { 'admin-2': 66.7, 'admin-3': 33.3 },
};

const kill = (name: string) => containerKill(name, { seenFrom: GATEWAY, healthPath: '/health' });
const [firstLoss, secondLoss] = [kill(FIRST), kill(SECOND)];
const beginning = (name: string): string => `shares without ${name} are counted from here`;
const ending = (name: string): string => `shares without ${name} are counted to here`;

export default experiment({
  title: 'Losing one admin primary, then another',
  hypothesis: 'The others share its requests by their weights, no request fails, and the backup stays idle.',
  verifies: [REDISTRIBUTION, FILTERED, IDLE_BACKUP],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [adminSeries(target, { name: 'operators', interval_ms: 40, timeout_ms: 12_000 })],
  method: [firstLoss],
  sabotage: [configEdit([GATEWAY], 'upstreams/admin.conf', 'weight=50', 'weight=100')],
  blastRadius: [FIRST, SECOND, GATEWAY],
  limit_s: 0,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async (watch) => {
    await count(watch, FIRST);
    await watch.revert(firstLoss);
    const back_ms = watch.now_ms();
    await waitFor(`${FIRST} serves again`, RETURN_TIMEOUT_MS, () =>
      watch.probes().some((probe) => probe.servedBy === FIRST && probe.sent_ms > back_ms),
    );
    await watch.inject(secondLoss);
    await count(watch, SECOND);
  },
  recover: async () => {},
  judge: (trials) => [judgeShares(trials), judgeFiltered(trials), judgeBackup(trials)],
});

async function count(watch: TrialWatch, name: string): Promise<void> {
  await pause(SETTLE_MS);
  watch.note('runner', beginning(name));
  await pause(COUNT_MS);
  watch.note('runner', ending(name));
}

function countsWithout(trials: readonly TrialData[], name: string): Counts {
  return added(
    trials
      .filter((one) => one.trial.valid)
      .map((one) =>
        answeredBy(one.probes, noted(one, beginning(name)) ?? Infinity, noted(one, ending(name)) ?? -Infinity),
      ),
  );
}

function judgeShares(trials: readonly TrialData[]): ClaimJudgement {
  const counted = [FIRST, SECOND].map((name) => ({ name, counts: countsWithout(trials, name) }));
  const fits = counted.map(({ name, counts }) => fitShares(counts, SHARES[name] ?? {}, TOLERANCE_POINTS));
  const common = {
    claim: REDISTRIBUTION,
    expected: `without ${FIRST} 50 and 50 % for admin-1 and admin-2, without ${SECOND} 66.7 and 33.3 % for admin-2 and admin-3`,
    observed: counted.map(({ name, counts }) => `without ${name}: ${tellCounts(counts)}`).join('; '),
    evidence: failureEvidence(trials),
  };
  if (fits.includes('differs'))
    return {
      ...common,
      verdict: 'deviates',
      reason: 'the shares of those that are left do not follow the documented weights',
    };
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  if (invalid !== undefined || fits.includes('unclear'))
    return { ...common, verdict: 'inconclusive', reason: invalid ?? 'too few answers to tell the shares' };
  return { ...common, verdict: 'conforms' };
}

function judgeFiltered(trials: readonly TrialData[]): ClaimJudgement {
  return judgeInvisible(trials, {
    claim: FILTERED,
    expected: `no failed request while ${FIRST}, then ${SECOND} are down`,
    mechanism:
      'failures are noticed on requests alone, and a request that met a dead instance was not rescued by another',
  });
}

function judgeBackup(trials: readonly TrialData[]): ClaimJudgement {
  const counts = added(trials.map((one) => answeredBy(one.probes, 0, Infinity)));
  const common = {
    claim: IDLE_BACKUP,
    expected: `no answer by ${BACKUP} while two of three primaries are well`,
    observed: `answered: ${tellCounts(counts)}; ${tellFailures(trials)}`,
    evidence: [],
  };
  if ((counts[BACKUP] ?? 0) > 0)
    return { ...common, verdict: 'deviates', reason: 'the backup was chosen though primaries were available' };
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  if (invalid !== undefined) return { ...common, verdict: 'inconclusive', reason: invalid };
  return { ...common, verdict: 'conforms' };
}
