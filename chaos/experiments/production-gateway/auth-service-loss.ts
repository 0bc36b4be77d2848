/**
 * The authentication service dies. A gateway that asks it before it forwards has to
 * refuse; one that never asks notices nothing.
 */
import { containerKill } from '../../faults/container-kill.ts';
import { configEdit } from '../../faults/config-edit.ts';
import { added, answeredBy, tellCounts } from '../../judgements/answered-by.ts';
import type { Counts } from '../../judgements/answered-by.ts';
import { failureEvidence, tellFailures } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';
import { customerSeries } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const SERVICE = 'auth-1';
const CLAIM = 'production-gateway.authentication.fail-closed';
const WINDOW_MS = 6_000;
/** Both statuses say that the server cannot, and neither that the client may not. */
const REFUSALS = ['status-500', 'status-503'];

export default experiment({
  title: 'Losing the authentication service',
  hypothesis: 'Without it every request is refused and no backend is asked.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 40, timeout_ms: 8_000 })],
  method: [containerKill(SERVICE, { seenFrom: GATEWAY, healthPath: '/health' })],
  sabotage: [configEdit([GATEWAY], 'api/customer-pool.conf', 'auth_request /auth/validate;', '')],
  blastRadius: [SERVICE, GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 10, prerelease: 59 },
  observe: async () => pause(WINDOW_MS),
  recover: async () => {},
  judge: (trials) => [judgeClosed(trials)],
});

function judgeClosed(trials: readonly TrialData[]): ClaimJudgement {
  const valid = trials.filter((one) => one.trial.valid);
  const passed: Counts = added(
    // What is answered after the return may have waited for it.
    valid.map(({ probes, trial: { fault } }) =>
      answeredBy(
        probes.filter((probe) => probe.done_ms < fault.reverted_ms),
        fault.proved_ms,
        fault.reverted_ms,
      ),
    ),
  );
  const refused = valid.flatMap(({ probes, trial: { fault } }) =>
    probes.filter((probe) => !probe.ok && probe.sent_ms > fault.proved_ms && probe.sent_ms < fault.reverted_ms),
  );
  const otherwise = refused.filter((probe) => !REFUSALS.includes(probe.kind));
  const common = {
    claim: CLAIM,
    expected: `while ${SERVICE} is gone every request is refused (500, or 503), none reaches a backend`,
    observed: `answered by backends meanwhile: ${tellCounts(passed)}; refused: ${refused.length}; ${tellFailures(trials)}`,
    evidence: failureEvidence(trials),
  };
  if (Object.keys(passed).length > 0) {
    const reason = 'requests are forwarded without anybody being asked whether their credentials are valid';
    return { ...common, verdict: 'deviates', reason };
  }
  const invalid = trials.find((one) => !one.trial.valid)?.trial.invalidReason;
  if (invalid !== undefined || refused.length === 0)
    return { ...common, verdict: 'inconclusive', reason: invalid ?? 'no request ended while the service was gone' };
  if (otherwise.length > 0) {
    const kinds = [...new Set(otherwise.map(({ kind }) => kind))].join(', ');
    return {
      ...common,
      verdict: 'inconclusive',
      reason: `some requests ended with neither answer nor refusal: ${kinds}`,
    };
  }
  return { ...common, verdict: 'conforms' };
}
