/**
 * All three admin primaries die together; the backup answers alone until they are
 * back, and is idle again as soon as one of them is tried anew after `fail_timeout`.
 */
import { configEdit } from '../../faults/config-edit.ts';
import { containerKill } from '../../faults/container-kill.ts';
import { together } from '../../faults/together.ts';
import { added, answeredBy, tellCounts } from '../../judgements/answered-by.ts';
import { failureEvidence, tellFailures } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { adminSeries } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const PRIMARIES = ['admin-1', 'admin-2', 'admin-3'];
const BACKUP = 'admin-4';
const CLAIM = 'production-gateway.failover.admin-backup';
/** Until every primary has failed twice, each time after at most the connect time-out. */
const SETTLE_MS = 9_000;
const SERVED_MS = 3_000;
/** fail_timeout and a second for nginx's whole seconds: from then on the backup is idle. */
const BACK_MS = 11_500;
const IDLE_MS = 3_000;

export default experiment({
  title: 'Losing all admin primaries, and their return',
  hypothesis: 'The backup answers while all primaries are gone, and at no other time.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [adminSeries(target, { name: 'operators', interval_ms: 50, timeout_ms: 12_000 })],
  method: [
    together(
      `container-kill ${PRIMARIES.join(', ')}`,
      PRIMARIES.map((one) => containerKill(one, { seenFrom: GATEWAY, healthPath: '/health' })),
    ),
  ],
  sabotage: [configEdit([GATEWAY], 'upstreams/admin.conf', 'admin-4:3000 backup', 'admin-4:3000')],
  blastRadius: [...PRIMARIES, GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async () => pause(SETTLE_MS + SERVED_MS),
  recover: async () => pause(BACK_MS + IDLE_MS),
  judge: (trials) => [judgeBackup(trials)],
});

function judgeBackup(trials: readonly TrialData[]): ClaimJudgement {
  const valid = trials.filter((one) => one.trial.valid);
  const before = added(valid.map((one) => answeredBy(one.probes, 0, one.trial.fault.injected_ms)));
  const during = added(
    valid.map(({ probes, trial: { fault } }) => answeredBy(probes, fault.reverted_ms - SERVED_MS, fault.reverted_ms)),
  );
  const failed = valid.flatMap(({ probes, trial: { fault } }) =>
    probes.filter(
      (probe) => !probe.ok && probe.sent_ms > fault.reverted_ms - SERVED_MS && probe.sent_ms < fault.reverted_ms,
    ),
  ).length;
  const after = added(valid.map((one) => answeredBy(one.probes, one.trial.fault.healed_ms + BACK_MS, Infinity)));
  const common = {
    claim: CLAIM,
    expected: `${BACKUP} answers nothing before, everything once the primaries are marked down, nothing from ${BACK_MS / 1_000} s after their return`,
    observed:
      `before: ${tellCounts(before)}; without primaries: ${tellCounts(during)}, ${failed} failed; ` +
      `after: ${tellCounts(after)}; ${tellFailures(trials)}`,
    evidence: failureEvidence(trials),
  };
  if ((before[BACKUP] ?? 0) > 0 || (after[BACKUP] ?? 0) > 0)
    return { ...common, verdict: 'deviates', reason: 'the backup was chosen though primaries were available' };
  if (valid.length > 0 && ((during[BACKUP] ?? 0) === 0 || failed > 0))
    return {
      ...common,
      verdict: 'deviates',
      reason: 'requests still failed when all primaries should have been marked down',
    };
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  if (invalid !== undefined) return { ...common, verdict: 'inconclusive', reason: invalid };
  return { ...common, verdict: 'conforms' };
}
