/**
 * Customer instances fail in every way that a cached answer may stand in for, after
 * that answer has expired. Without a cache the failure goes through to the client.
 */
import { configEdit } from '../../faults/config-edit.ts';
import { misbehave } from '../../faults/misbehave.ts';
import type { Misbehaviour } from '../../faults/misbehave.ts';
import { CUSTOMERS } from '../../requests/burst.ts';
import { sendInTurn } from '../../requests/send.ts';
import { customerReads } from '../../requests/series.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { pause } from '../../runner/wait.ts';

const GATEWAY = 'gateway-1';
const STALE = 'production-gateway.caching.stale-during-outage';
const LIFETIME_S = 1;
/** Lifetimes are counted in whole seconds. */
const EXPIRED_MS = 2_500;
const INACTIVE = '60m';
const CONDITIONS: Readonly<Record<string, Misbehaviour>> = {
  error: { reset: true },
  '500': { status: 500 },
  '502': { status: 502 },
  '503': { status: 503 },
  '504': { status: 504 },
};

/** An answer while the backends fail, beside the one from before. */
export interface StaleSeen {
  readonly condition: string;
  readonly status: number;
  readonly same: boolean;
}

const [SEEN, ZONES] = ['answers while the backends fail', 'cache zones'];
let seen: StaleSeen[] = [];
let zones: string[] = [];

export default experiment({
  title: 'Customer instances fail after an answer was cached',
  hypothesis: 'An answer that has expired is served while the backends fail, for up to an hour after its last use.',
  verifies: [STALE],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500 },
  series: (target) => [customerReads(target)],
  method: [],
  blastRadius: [...CUSTOMERS, GATEWAY],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  sabotage: [configEdit([GATEWAY], 'api/cache.conf', 'error timeout updating http_500 http_502', 'http_502')],

  observe: async (watch) => {
    const { target } = watch;
    seen = [];
    zones = (await target.exec(GATEWAY, ['sh', '-c', "nginx -T 2>/dev/null | grep '^ *proxy_cache_path'"])).stdout
      .split('\n')
      .filter(Boolean);
    const folder = `/api/v1/cache/stale-${Date.now().toString(36)}`;
    const requests = Object.keys(CONDITIONS).map((name) => ({
      method: 'GET',
      path: `${folder}/${name}?cc=max-age=${LIFETIME_S}`,
      headers: { Authorization: 'Bearer valid:stale-reader:user' },
    }));
    const warm = await sendInTurn(target, requests);
    await pause(EXPIRED_MS);
    for (const [index, [condition, behaviour]] of Object.entries(CONDITIONS).entries()) {
      const request = requests[index];
      if (!request) continue;
      const fault = misbehave(CUSTOMERS, { ...behaviour, paths: [`${folder}/${condition}`] });
      await watch.inject(fault);
      // The first may be answered while another request asks the backend; the second comes after that one failed.
      for (const { status, body } of await sendInTurn(target, [request, request]))
        seen.push({ condition, status, same: status === 200 && body === warm[index]?.body });
      await watch.revert(fault);
    }
  },
  recover: async () => {},
  collect: async () => ({ texts: { [SEEN]: seen.map((one) => JSON.stringify(one)), [ZONES]: zones } }),

  judge: (trials) => [judgeStale(trials)],
});

export function judgeStale(trials: readonly TrialData[]): ClaimJudgement {
  const valid = trials.filter(({ trial }) => trial.valid);
  const answers = valid.flatMap(({ collected }) => collected[SEEN] ?? []).map((line) => JSON.parse(line) as StaleSeen);
  const paths = valid.flatMap(({ collected }) => collected[ZONES] ?? []);
  const hour = paths.length > 0 && paths.every((line) => line.includes(`inactive=${INACTIVE}`));
  const lost = answers.filter(({ same, status }) => !same && status !== 200);
  const common = {
    claim: STALE,
    expected: `the expired answer after ${Object.keys(CONDITIONS).join(', ')}; kept for ${INACTIVE} without use`,
    observed:
      answers
        .map(({ condition, status, same }) => `${condition}: ${same ? 'the old answer' : String(status)}`)
        .join(', ') +
      `; configured: ${paths.length === 0 ? 'no cache' : paths.map((line) => /inactive=\S+/.exec(line)?.[0] ?? 'inactive=10m').join(', ')}`,
    evidence: [],
  };
  if (answers.length < 2 * Object.keys(CONDITIONS).length)
    return { ...common, verdict: 'inconclusive', reason: 'not every failure was met' };
  if (answers.some(({ same, status }) => !same && status === 200))
    return { ...common, verdict: 'inconclusive', reason: 'a backend answered, so it did not fail' };
  if (lost.length > 0)
    return {
      ...common,
      verdict: 'deviates',
      reason:
        paths.length === 0
          ? 'the complete configuration caches nothing'
          : 'proxy_cache_use_stale does not list these failures',
    };
  return hour
    ? { ...common, verdict: 'conforms' }
    : { ...common, verdict: 'deviates', reason: 'unused answers are dropped after another time than an hour' };
}
