/**
 * 600 connections whose headers never end, a byte each 5 s. Each holds a connection of
 * a worker until `client_header_timeout`; ordinary requests are to go on unhindered.
 */
import { configEdit } from '../../faults/config-edit.ts';
import { heldRequests, heldResults } from '../../faults/held-requests.ts';
import type { HoldResult } from '../../prober/hold-settings.ts';
import { judgeInvisible } from '../../judgements/failures.ts';
import { experiment } from '../../runner/experiment.ts';
import type { ClaimJudgement, TrialData } from '../../runner/experiment.ts';
import { waitFor } from '../../runner/wait.ts';
import { customerSeries } from '../../traffic/api-series.ts';

const GATEWAY = 'gateway-1';
const CLAIM = 'production-gateway.waf.slowloris';
const COUNT = 600;
const HEADER_TIMEOUT_MS = 10_000;
/** nginx's timer and the pace of the bytes; whoever is still there then was not closed by a time-out of 10 s. */
const HOLD_MS = HEADER_TIMEOUT_MS + 5_000;
const ENDED_TIMEOUT_MS = 30_000;
const RESULTS = 'slow connections';

export default experiment({
  title: 'Headers that never end',
  hypothesis: 'Slow connections are closed after 10 s, and ordinary requests do not notice them.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  series: (target) => [customerSeries(target, { name: 'customers', interval_ms: 40, timeout_ms: 8_000 })],
  method: [
    heldRequests('with slow headers', {
      count: COUNT,
      perAddress: 30,
      open_ms: 4_000,
      hold_ms: HOLD_MS,
      path: '/api/v1/ping',
      headers: {},
      drip_ms: 5_000,
    }),
  ],
  sabotage: [configEdit([GATEWAY], 'http/connections.conf', 'client_header_timeout 10s', 'client_header_timeout 60s')],
  blastRadius: ['vantage', GATEWAY],
  limit_s: 0,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  observe: async (watch) => {
    await waitFor('all slow connections ended', ENDED_TIMEOUT_MS, () => heldResults(watch.target), 1_000);
  },
  recover: async () => {},
  collect: async (target) => ({ texts: { [RESULTS]: [JSON.stringify((await heldResults(target)) ?? [])] } }),
  judge: (trials) => [judgeSlow(trials)],
});

function judgeSlow(trials: readonly TrialData[]): ClaimJudgement {
  const results = trials.flatMap((one) => JSON.parse(one.collected[RESULTS]?.[0] ?? '[]') as readonly HoldResult[]);
  const stayed = results.filter(({ kind }) => kind === 'held').length;
  const quiet = trials.map((one) => ({ ...one, collected: {} }));
  const noticed = judgeInvisible(quiet, {
    claim: CLAIM,
    expected: `${COUNT} slow connections are closed after ${HEADER_TIMEOUT_MS / 1_000} s, and no ordinary request fails`,
    mechanism: 'slow connections took what ordinary requests need',
  });
  const told = {
    ...noticed,
    observed: `${stayed} of ${results.length} slow connections were still open after ${HOLD_MS / 1_000} s; ${noticed.observed}`,
  };
  if (noticed.verdict !== 'conforms') return told;
  if (results.length < COUNT)
    return { ...told, verdict: 'inconclusive', reason: `only ${results.length} of ${COUNT} connections could be told` };
  if (stayed > COUNT / 20) {
    const reason =
      'client_header_timeout is not set: the default of 60 s lets every slow connection keep its place six times as long as promised';
    return { ...told, verdict: 'deviates', reason };
  }
  return told;
}
