/** Whether the generator did what was asked of it: only then does a measurement say anything about the gateway. */
import type { CoreUse, ScenarioResult } from '../../reports/record/types.ts';
import type { ClusteredHistogram } from '../../measurement/clustered-histogram.ts';
import { samplesForUpperBound } from '../../measurement/statistics.ts';
import { usedUp, useInWords } from '../cores.ts';
import type { LoadMeasurement, StageMeasurement } from './engine.ts';

export const ACHIEVED_MIN = 0.99;
export const GENERATOR_CPU_MAX = 0.85;
/** Quotas hold back a moment now and then; more than this share of the run counts as throttled. */
export const THROTTLED_SHARE_MAX = 0.01;
/**
 * A network that loses more of a generator's segments than this is part of what is measured.
 * Without any loss a core in full use lets timers run out: 1.4 to 1.6 % were seen while 6,000
 * users opened a connection each and latencies stayed what they were.
 */
const RESENT_SHARE_MAX = 0.03;
/** A program that comes so late to what has happened adds that to what it measures. */
const LOOP_DELAY_MAX_MS = 50;
/** Refusals say that the load was not the one that was meant. */
export const REFUSED_SHARE_MAX = 0.001;

/** Broken by a generator that is too slow, or by a gateway that does not answer: for a promised throughput it is the question itself. */
export const ACHIEVED_RULE = `achieved at least ${percent(ACHIEVED_MIN)} of what was offered`;

/** For a promised limit it is the question itself. */
export const REFUSED_RULE = 'no refusals by limiters';

export type ValidityRule = ScenarioResult['validity'][number];

/**
 * The rules in the order in which a broken one is named as the cause.
 *
 * @param percentiles promised percentiles (0–100); each needs samples enough for an upper bound
 * @param duration_s of the measured step
 */
export function validityRules(
  measured: LoadMeasurement,
  percentiles: readonly number[],
  duration_s: number,
): ValidityRule[] {
  const { offered, achieved, dropped, users, outcomes, generatorCpu, lost, failure } = measured;
  const waited = heldUp(measured, duration_s);
  const ratio = offered === 0 ? 0 : (achieved + waited) / offered;
  const needed = Math.max(0, ...percentiles.map((percentile) => samplesForUpperBound(percentile / 100)));
  const samples = outcomes.answered + outcomes.failed + waited;
  const refusedShare = achieved === 0 ? 0 : outcomes.refused / achieved;
  return [
    { rule: 'the generator ran to its end', holds: failure === null, seen: failure ?? 'exit code 0' },
    {
      rule: 'every sample of the generator arrived',
      holds: lost === 0,
      seen: lost === null ? 'the generator left no count' : `${lost} lost`,
    },
    {
      rule: `generator below ${percent(GENERATOR_CPU_MAX)} of its CPU`,
      holds: generatorCpu.share < GENERATOR_CPU_MAX,
      seen: percent(generatorCpu.share),
    },
    {
      rule: 'generator not throttled',
      holds: !throttled(measured, duration_s),
      seen: `held back for ${Math.round(generatorCpu.throttled_ms)} ms`,
    },
    ...rulesOfWhatIsKnown(measured),
    {
      rule: 'nothing dropped by the generator',
      holds: dropped === waited,
      seen:
        waited > 0 && dropped === waited
          ? `${waited} requests were due while all ${users} users waited for the gateway; they count as failed`
          : `${dropped - waited} dropped`,
    },
    {
      rule: ACHIEVED_RULE,
      holds: ratio >= ACHIEVED_MIN,
      seen: `${achieved} of ${offered} (${percent(ratio)})`,
    },
    {
      rule: 'samples enough for the highest percentile',
      holds: samples >= needed,
      seen: `${samples} samples, ${needed} needed`,
    },
    {
      rule: REFUSED_RULE,
      holds: refusedShare <= REFUSED_SHARE_MAX,
      seen: `${outcomes.refused} requests got 429`,
    },
  ];
}

/** Requests that were due while all users waited for the gateway, of all stages. */
export function heldUp(measured: LoadMeasurement, duration_s: number): number {
  if (measured.generatorCpu.share >= GENERATOR_CPU_MAX || throttled(measured, duration_s)) return 0;
  return measured.stages.reduce((sum, stage) => sum + heldUpIn(stage), 0);
}

/** On what only some tools and hosts tell. */
function rulesOfWhatIsKnown({ loopDelay_ms, generatorCpu: { resentShare } }: LoadMeasurement): ValidityRule[] {
  const rules: ValidityRule[] = [];
  if (loopDelay_ms !== undefined)
    rules.push({
      rule: `event loop of the generator less than ${LOOP_DELAY_MAX_MS} ms late`,
      holds: loopDelay_ms < LOOP_DELAY_MAX_MS,
      seen: `P99 ${loopDelay_ms.toFixed(1)} ms`,
    });
  if (resentShare !== undefined)
    rules.push({
      rule: `at most ${percent(RESENT_SHARE_MAX)} of the generator's segments sent again`,
      holds: resentShare <= RESENT_SHARE_MAX,
      seen: `${(100 * resentShare).toFixed(2)} %`,
    });
  return rules;
}

/**
 * Requests that were due in a stage while all its users waited for the gateway, of a sound generator.
 *
 * A tool drops requests when all its users are busy: because it has too few of them or no
 * time itself, or because the gateway keeps them waiting. Only the last says something about
 * the gateway, and it shows: to hold U users at r requests a second, answers must take U ÷ r
 * on average (Little's law). So many users must have waited half of that at least, for answers or
 * in vain, while the generator had processor time to spare. Otherwise nobody can tell.
 */
export function heldUpIn({ dropped, users, offered, waits, duration_s }: StageMeasurement): number {
  const long_ms = (1000 * users * duration_s) / offered / 2;
  const waited = (1 - waits.shareUpTo(long_ms)) * waits.count >= users / 2;
  return waited ? dropped : 0;
}

/** Counts what `heldUpIn` tells of stages into latencies, as endless and in the seconds in which it was due. */
export function countHeldUp(latency: ClusteredHistogram, stages: readonly StageMeasurement[]): void {
  for (const stage of stages.filter((one) => heldUpIn(one) > 0))
    for (const [at_s, { dropped }] of stage.seconds) latency.fail(at_s, dropped);
}

function throttled({ generatorCpu }: LoadMeasurement, duration_s: number): boolean {
  return generatorCpu.throttled_ms / (duration_s * 1000) > THROTTLED_SHARE_MAX;
}

/**
 * When others took more of the machine's time than this, what was slow may have been the
 * machine. The engine's own work counts among them, a few percent.
 */
const OTHERS_SHARE_MAX = 0.15;

/** Something beside the system that may have been what was slow. */
export interface Slowed {
  readonly by: 'others' | 'generator';
  readonly why: string;
}

/**
 * Why a slow or missing answer says nothing about the gateway; null when it does. This disturbs in
 * one direction only: nothing gets faster by it, so a promise that was kept is kept.
 *
 * The generator's own share of its cores, which must stay below {@link GENERATOR_CPU_MAX}, is not all
 * that happens there: the kernel takes in its packets, and other programs run there. Once no time is
 * left on them, answers wait to be seen, and that counts as the gateway's latency. It is no rule of
 * validity, because it hides nothing: what was kept then was kept under harder conditions.
 *
 * @param generator use of the generator's cores in the time that is judged; null when it is unknown
 */
export function slowed(
  { generatorCpu: { othersShare } }: Pick<LoadMeasurement, 'generatorCpu'>,
  generator: CoreUse | null,
): Slowed | null {
  if (othersShare > OTHERS_SHARE_MAX)
    return {
      by: 'others',
      why: `others took ${percent(othersShare)} of the machine's time (more than ${percent(OTHERS_SHARE_MAX)}), so the machine may have been what was slow`,
    };
  if (generator === null || !usedUp(generator)) return null;
  return {
    by: 'generator',
    why: `the generator's cores were used up, ${useInWords(generator)}, so the generator may have been what was slow`,
  };
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`;
}
