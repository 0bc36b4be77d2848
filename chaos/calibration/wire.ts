/**
 * Calibration of the whole prober: it meets stand-in gateways on loopback, one for each
 * condition at the same time, and has to find their outages.
 */
import type { ProbeSample } from '../../reports/record/types.ts';
import { findOutages, steadyState } from '../../measurement/outage.ts';
import { seededRandom } from '../../measurement/random.ts';
import type { Random } from '../../measurement/random.ts';
import type { NewConnectionSeries } from '../prober/protocol.ts';
import { latenessLimit_ms, lateness_ms_p99, openProber } from '../prober/session.ts';
import type { ProberSession } from '../prober/session.ts';
import { startAgent, startStandIn } from './programs.ts';
import type { StandIn } from './programs.ts';
import { CONDITIONS } from './simulated.ts';
import type { StandInScript } from './stand-in.ts';
import { resultOf, worst } from './trials.ts';
import type { Calibration, OutageTrial } from './trials.ts';

const INTERVAL_MS = 10;
/** The first probes meet cold code on both ends. */
const WARM_UP_MS = 500;
const STEADY_MS = 3_000;
/** Between two outages: longer than the sustained time on either side. */
const GAP_MS = 1_000;
const PHASE_MS = 100;
/** Probes so far around an outage belong to it. */
const AROUND_MS = 600;
/** Above this the stand-in, held up itself, does not know its own outage well enough. */
const SLACK_MS_MAX = 5;
const END_TIMEOUT_MS = 10_000;

/**
 * Outages of these lengths, in this order, at random phase. A trial with a late prober
 * or a held-up stand-in is not counted; what is left with none is inconclusive.
 *
 * @throws Error when a program ends, or the last outage is not seen to end
 */
export async function calibrateProber(seed: number, lengths_ms: readonly number[]): Promise<Calibration> {
  const random = seededRandom(seed);
  using agent = startAgent();
  using stack = new DisposableStack();
  const standIns = CONDITIONS.map(({ errorRate, latency_ms }, index) =>
    stack.use(
      startStandIn({
        seed: seed + index,
        errorRate,
        jitter_ms_mean: latency_ms.jitter_mean > 1 ? latency_ms.jitter_mean : 0,
        outages: outageScript(lengths_ms, random),
      }),
    ),
  );
  const ports = await Promise.all(standIns.map(async (standIn) => (await standIn.next('listening')).port));
  const names = CONDITIONS.map(({ name }) => name);
  const session = await openProber(
    agent,
    ports.map((port, index) => seriesTo(port, names[index] ?? '')),
  );
  const truths = await Promise.all(standIns.map((standIn) => outagesOf(standIn, lengths_ms.length)));
  await seen(session, names, Math.max(...truths.flat().map(({ to_ms }) => to_ms)) + AROUND_MS);
  await session.stop();
  const parts = names.map((name, index) => judge(name, session.probes(name), truths[index] ?? [], lengths_ms));
  return {
    results: parts.flatMap(({ results }) => results),
    inconclusive: parts.flatMap(({ inconclusive }) => inconclusive),
  };
}

function outageScript(lengths_ms: readonly number[], random: Random): StandInScript['outages'] {
  let next_ms = WARM_UP_MS + STEADY_MS + GAP_MS;
  return lengths_ms.map((lasts_ms) => {
    const after_ms = next_ms + random() * PHASE_MS;
    next_ms = after_ms + lasts_ms + GAP_MS;
    return { after_ms, lasts_ms };
  });
}

function seriesTo(port: number, name: string): NewConnectionSeries {
  return {
    kind: 'new-connection',
    name,
    address: '127.0.0.1',
    port,
    method: 'GET',
    path: '/',
    host: 'stand-in',
    interval_ms: INTERVAL_MS,
    timeout_ms: 1_000,
    expect: [200],
  };
}

interface Truth {
  readonly from_ms: number;
  readonly to_ms: number;
  readonly slack_ms: number;
}

async function outagesOf(standIn: StandIn, count: number): Promise<Truth[]> {
  const truths: Truth[] = [];
  while (truths.length < count) truths.push(await standIn.next('outage'));
  return truths;
}

function judge(
  name: string,
  probes: readonly ProbeSample[],
  truths: readonly Truth[],
  lengths_ms: readonly number[],
): Calibration {
  const begin_ms = Math.min(...probes.map((probe) => probe.sent_ms)) + WARM_UP_MS;
  const first_ms = Math.min(...truths.map(({ from_ms }) => from_ms));
  const steady = steadyState(
    probes.filter(({ sent_ms, done_ms }) => sent_ms >= begin_ms && done_ms < first_ms - PHASE_MS),
  );
  const trials = truths.map((truth, index) => {
    const around = probes.filter(
      ({ sent_ms }) => sent_ms >= truth.from_ms - AROUND_MS && sent_ms <= truth.to_ms + AROUND_MS,
    );
    const { from_ms, to_ms, slack_ms } = truth;
    const trial: OutageTrial = { truth_ms: to_ms - from_ms, slack_ms, found: worst(findOutages(around, steady)) };
    return { ...trial, length_ms: lengths_ms[index], late_ms: lateness_ms_p99(around) };
  });
  const results = [];
  const inconclusive: string[] = [];
  for (const length_ms of new Set(lengths_ms)) {
    const all = trials.filter((trial) => trial.length_ms === length_ms);
    const sound = all.filter(({ late_ms, slack_ms }) => late_ms <= LATE_MS_MAX && slack_ms <= SLACK_MS_MAX);
    const left = sound.length === all.length ? '' : `, ${all.length - sound.length} not counted: the machine was busy`;
    const title = `prober: ${length_ms} ms, ${name}, on the wire${left}`;
    if (sound.length > 0) results.push(resultOf(title, sound));
    else
      inconclusive.push(`${title} (prober late by ${Math.max(...all.map((one) => one.late_ms)).toFixed(1)} ms at p99)`);
  }
  return { results, inconclusive };
}

const LATE_MS_MAX = latenessLimit_ms({ interval_ms: INTERVAL_MS });

/** Waits until each series has an ended probe that was sent after an instant. */
async function seen(session: ProberSession, names: readonly string[], since_ms: number): Promise<void> {
  const deadline = Date.now() + END_TIMEOUT_MS;
  while (!names.every((name) => session.probes(name).some((probe) => probe.sent_ms > since_ms))) {
    if (Date.now() > deadline)
      throw new Error(`the prober did not see the end of the outages within ${END_TIMEOUT_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
