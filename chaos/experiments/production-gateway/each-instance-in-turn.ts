/**
 * Every gateway, every instance of both pools and Redis is stopped and started again, one after the other. What
 * clients see for a few seconds after each change is the failover, which other experiments measure; afterwards
 * nobody may notice that one is missing.
 */
import { containerStop } from '../../faults/container-stop.ts';
import { IN_TURN, judgeInTurn } from '../../judgements/in-turn.ts';
import type { Absence } from '../../judgements/in-turn.ts';
import { experiment } from '../../runner/experiment.ts';
import type { TrialWatch } from '../../runner/experiment.ts';
import type { Fault } from '../../runner/fault.ts';
import { pause } from '../../runner/wait.ts';
import { ACTIVE, hasPair, STANDBY } from '../../stages/gateway-pair.ts';
import { standbyAbsent } from '../../stages/sabotage.ts';
import { adminSeries, customerSeries } from '../../traffic/api-series.ts';

const CLAIM = 'production-gateway.high-availability.multi-instance';
const GATEWAYS = [ACTIVE, STANDBY];
const INSTANCES = [...numbered('admin', 4), ...numbered('customer', 6)];
const STORE = 'redis-1';
const CUSTOMERS = 'customers';
const OPERATORS = 'operators';
/** The claim's own rate: ten requests a second. */
const INTERVAL_MS = 100;
/** A connection that nobody answers is given up after 5 s, and the request tried elsewhere. */
const PROBE_TIMEOUT_MS = 12_000;
/** The promised failover, and as long again for a return. */
const FAILOVER_MS = 3_000;
/** The claim's 60 s are shortened; nginx leaves a dead instance alone for 10 s, and tries it again within this time. */
const ABSENT_MS = 11_000;
const RESTED_MS = 1_200;
/** Thirteen in turn, each with its stop and its start. */
const TRIAL_S = 280;

let seen: Absence[] = [];

export default experiment({
  title: 'Each instance stopped in turn',
  hypothesis: 'No single gateway, instance or Redis node is missed: outside of the failover no request fails.',
  verifies: [CLAIM],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 800 },
  preflight: hasPair,
  series: (target) => [
    customerSeries(target, { name: CUSTOMERS, interval_ms: INTERVAL_MS, timeout_ms: PROBE_TIMEOUT_MS }),
    adminSeries(target, { name: OPERATORS, interval_ms: INTERVAL_MS, timeout_ms: PROBE_TIMEOUT_MS }),
  ],
  // One is back before the next one goes: observe injects.
  method: [],
  sabotage: [standbyAbsent()],
  blastRadius: [...GATEWAYS, ...INSTANCES, STORE],
  limit_s: null,
  trials: { smoke: 1, nightly: 1, prerelease: 3 },
  trial_s: TRIAL_S,
  observe: async (watch) => {
    seen = [];
    for (const service of [...GATEWAYS, ...INSTANCES, STORE]) seen.push(await without(watch, service));
  },
  recover: async () => {},
  collect: async () => ({ texts: { [IN_TURN]: seen.map((one) => JSON.stringify(one)) } }),
  judge: (trials) => [
    judgeInTurn(CLAIM, trials, {
      absent_s: ABSENT_MS / 1000,
      failover_s: FAILOVER_MS / 1000,
      notShown: `each was missing for ${String(ABSENT_MS / 1000)} s in place of 60 s, and this topology has no MongoDB`,
    }),
  ],
});

function numbered(name: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${name}-${String(index + 1)}`);
}

/** Stops one, looks, starts it again, and waits until its return is over. */
async function without(watch: TrialWatch, service: string): Promise<Absence> {
  const fault = stopped(service);
  const stopped_ms = watch.now_ms();
  await watch.inject(fault);
  const missing_ms = watch.now_ms() + FAILOVER_MS;
  await pause(FAILOVER_MS + ABSENT_MS);
  const back_ms = watch.now_ms();
  await watch.revert(fault);
  await pause(FAILOVER_MS);
  const rested_ms = watch.now_ms();
  await pause(RESTED_MS);
  // Operators reach one node, on a network without a virtual address.
  const series = GATEWAYS.includes(service) ? [CUSTOMERS] : [CUSTOMERS, OPERATORS];
  return { service, series, stopped_ms, missing_ms, back_ms, rested_ms };
}

function stopped(service: string): Fault {
  if (service === STORE) return containerStop(service, { command: ['redis-cli', 'ping'] });
  if (GATEWAYS.includes(service)) return containerStop(service, { command: ['pgrep', '-f', '^nginx: master'] });
  return containerStop(service, { seenFrom: ACTIVE, healthPath: '/health' });
}
