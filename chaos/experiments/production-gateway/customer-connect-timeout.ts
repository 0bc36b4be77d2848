/**
 * Nobody answers who connects to a customer instance, as behind a firewall that
 * drops. nginx waits for proxy_connect_timeout and tries another instance; when that
 * one is behind the firewall too, both waits add up and the client gets a 504.
 */
import { configEdit } from '../../faults/config-edit.ts';
import { packetDrop } from '../../faults/packet-drop.ts';
import { together } from '../../faults/together.ts';
import { judgeWaits } from '../../judgements/waits.ts';
import { customerReads } from '../../requests/series.ts';
import { experiment } from '../../runner/experiment.ts';
import type { TrialData } from '../../runner/experiment.ts';
import type { SessionProbe } from '../../prober/session.ts';
import { seconds } from '../../runner/settings.ts';
import { waitFor } from '../../runner/wait.ts';
import { CUSTOMER_PRIMARIES } from '../../traffic/api-series.ts';

const GATEWAYS = ['gateway-1', 'gateway-2'];
const CUSTOMERS = [1, 2, 3, 4, 5, 6].map((n) => `customer-${String(n)}`);
const VICTIM = 'customer-2';
const LOCATION = '/api/v1/';
const CONNECT_S = 5;
/** The first victim alone: one time-out, the second try, and time to spare. */
const ONE_MS = 8_500;
/** All of them, injection and proof included: two time-outs one after the other. */
const ALL_MS = 13_000;
const TOLERANCE_S = 0.5;

const CONNECT = 'production-gateway.timeouts.connect-5s';

const drop = (to: string) => packetDrop({ from: GATEWAYS, to, protocol: 'http', kind: 'connect' });
const ALL_OTHERS = 'all other customer instances drop connections';
const others = together(ALL_OTHERS, CUSTOMERS.filter((name) => name !== VICTIM).map(drop));

export default experiment({
  title: 'Customer instances drop connections',
  hypothesis: `A connection that is not accepted within ${String(CONNECT_S)} s is given up, and one more instance is tried.`,
  verifies: [CONNECT],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 500, answering: CUSTOMER_PRIMARIES },
  series: (target) => [customerReads(target, { timeout_ms: 14_000 })],
  method: [drop(VICTIM)],
  blastRadius: [...CUSTOMERS, ...GATEWAYS],
  limit_s: null,
  trials: { smoke: 1, nightly: 3, prerelease: 10 },
  sabotage: [configEdit(GATEWAYS, 'api/attempts.conf', 'proxy_connect_timeout 5s;', 'proxy_connect_timeout 7s;')],

  observe: async (watch) => {
    const from_ms = watch.now_ms();
    const until = (what: string, end_ms: number): Promise<boolean> =>
      waitFor(what, end_ms + 5_000, () => watch.now_ms() - from_ms >= end_ms);
    await until('one instance without answer', ONE_MS);
    await watch.inject(others);
    await until('no instance with an answer', ONE_MS + ALL_MS);
  },
  recover: async () => {},

  collect: async (target) => {
    const { stdout } = await target.exec('gateway-1', [
      'grep',
      '-aF',
      'timed out) while connecting to upstream',
      '/var/log/nginx/error.log',
    ]);
    return { texts: { 'nginx error log, while connecting': stdout.trim().split('\n').slice(-20) } };
  },

  predict: ({ nginx }) => {
    const connect_s = seconds(nginx.directive(LOCATION, 'proxy_connect_timeout') ?? '60s');
    const tries = Number(nginx.directive(LOCATION, 'proxy_next_upstream_tries') ?? 0);
    return {
      range_s: [connect_s, connect_s * Math.max(1, tries)],
      formula: 'proxy_connect_timeout for each try; the answer of another instance, or 504 after the last try',
      settings: `proxy_connect_timeout ${String(connect_s)}s; proxy_next_upstream_tries ${String(tries)}`,
      quantity: 'waits of requests that met dead instances',
      seen_s: (one) => {
        const waited_s = [...rescuedWaits_s(one), ...refusedWaits_s(one)];
        return waited_s.length === 0 ? null : [Math.min(...waited_s), Math.max(...waited_s)];
      },
    };
  },

  judge: (trials) => {
    const valid = trials.filter(({ trial }) => trial.valid);
    const rescued = valid.flatMap(rescuedWaits_s);
    const refused = valid.flatMap(refusedWaits_s);
    const judged =
      valid.length === 0
        ? { verdict: 'inconclusive' as const, reason: trials[0]?.trial.invalidReason ?? 'no trial' }
        : judgeWaits([
            kind('a request that met one dead instance', CONNECT_S, rescued),
            kind('a request that met two dead instances', 2 * CONNECT_S, refused),
          ]);
    return [
      {
        claim: CONNECT,
        ...judged,
        expected: `200 after ${String(CONNECT_S)} s when one instance drops connections, 504 after ${String(2 * CONNECT_S)} s when all do`,
        observed: `200 after ${range(rescued)} (${String(rescued.length)} requests), 504 after ${range(refused)} (${String(refused.length)})`,
        evidence: valid.flatMap(({ collected }) =>
          Object.entries(collected).map(([title, lines]) => ({ kind: 'log' as const, title, lines })),
        ),
      },
    ];
  },
});

function kind(what: string, promised_s: number, waited_s: readonly number[]) {
  return { what, promised_s, waited_s, early_s: TOLERANCE_S, late_s: TOLERANCE_S };
}

/** When an event of the second fault was noted. */
function ofSecondFault_ms({ trial }: TrialData, wanted: string): number {
  const event = trial.timeline.find(({ source, what }) => source === ALL_OTHERS && what === wanted);
  return event?.at_ms ?? Number.POSITIVE_INFINITY;
}

/** Requests that began and were answered while one instance was dead, and waited for it. */
function rescuedWaits_s(one: TrialData): number[] {
  const from_ms = one.trial.fault.injected_ms;
  const to_ms = ofSecondFault_ms(one, 'undo armed');
  return waits(one.probes.filter((probe) => probe.ok && probe.sent_ms > from_ms && probe.done_ms < to_ms)).filter(
    (wait_s) => wait_s > CONNECT_S / 2,
  );
}

/** Requests that ended with a 504 while all instances were dead; those that began before met an open instance perhaps. */
function refusedWaits_s(one: TrialData): number[] {
  const from_ms = ofSecondFault_ms(one, 'injected');
  return waits(one.probes.filter((probe) => probe.kind === 'status-504' && probe.sent_ms > from_ms));
}

function waits(probes: readonly SessionProbe[]): number[] {
  return probes.map((probe) => (probe.done_ms - probe.sent_ms) / 1_000);
}

function range(values: readonly number[]): string {
  if (values.length === 0) return 'no time: never seen';
  return `${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)} s`;
}
