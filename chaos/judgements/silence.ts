/** What becomes of requests whose instance says nothing. */
import { quantile } from '../../measurement/statistics.ts';
import type { ClaimJudgement } from '../runner/experiment.ts';

/** One request that met a silent instance. */
export interface SilenceSeen {
  /** Which were silent: one, all, or all before they had read the body. */
  readonly who: 'one' | 'all' | 'unread';
  readonly status: number;
  readonly time_s: number;
  readonly tries: number;
}

/** Configured waits, s. */
export interface Waits {
  readonly read_s: number;
  readonly send_s: number;
  readonly window_s: number;
}

interface Claims {
  readonly read: string;
  readonly send: string;
  readonly retried: string;
  readonly window: string;
}

const MINUTE_S = 60;
const WINDOW_S = 10;
/** After a time-out the answer is made and sent; a busy machine takes longer. */
const LATE_S = 0.5;
/** Buffers fill before the send time-out begins to count. */
const FILLING_S = 1;

/** @param scale by which all waits were divided while it was measured */
export function judgeSilence(
  claims: Claims,
  seen: readonly SilenceSeen[],
  waits: Waits,
  scale: number,
): ClaimJudgement[] {
  const by = (who: SilenceSeen['who']): readonly SilenceSeen[] => seen.filter((one) => one.who === who);
  const measured = `at a ${scale}th`;
  return [
    judgeTimeout(claims.read, by('all'), { promised_s: MINUTE_S, configured_s: waits.read_s, scale, late_s: LATE_S }),
    judgeTimeout(claims.send, by('unread'), {
      promised_s: MINUTE_S,
      configured_s: waits.send_s,
      scale,
      late_s: LATE_S + FILLING_S,
    }),
    {
      claim: claims.retried,
      expected: 'a request that meets the silent instance is tried again and answered 200',
      observed: `${by('one').filter(({ status }) => status === 200).length} of ${by('one').length} answered 200, ${describe(by('one'), measured)}`,
      evidence: [],
      ...when(by('one'), ({ status, tries }) => status === 200 && tries === 2, {
        reason: `the read time-out (${waits.read_s} s) is longer than the time in which a second try may begin (proxy_next_upstream_timeout ${waits.window_s} s)`,
      }),
    },
    {
      claim: claims.window,
      expected: `no request takes longer than ${WINDOW_S} s for its tries (${WINDOW_S / scale} s ${measured})`,
      observed: describe([...by('one'), ...by('all')], measured),
      evidence: [],
      ...when([...by('one'), ...by('all')], ({ time_s }) => time_s <= WINDOW_S / scale + LATE_S, {
        reason: `proxy_next_upstream_timeout bounds when another try may begin, not how long one takes: that is the read time-out, ${waits.read_s} s`,
      }),
    },
  ];
}

interface Timeout {
  readonly promised_s: number;
  readonly configured_s: number;
  readonly scale: number;
  readonly late_s: number;
}

function judgeTimeout(
  claim: string,
  seen: readonly SilenceSeen[],
  { promised_s, configured_s, scale, late_s }: Timeout,
): ClaimJudgement {
  const common = {
    claim,
    expected: `504 after ${promised_s} s: configured so, and after ${promised_s / scale} s with all waits at a ${scale}th`,
    observed: `configured ${configured_s} s; ${describe(seen, `at a ${scale}th`)}`,
    evidence: [],
  };
  if (seen.length === 0) return { ...common, verdict: 'inconclusive', reason: 'no request met a silent instance' };
  const early = seen.some(({ time_s }) => time_s < promised_s / scale - 0.1);
  if (configured_s !== promised_s || early || seen.some(({ status }) => status !== 504))
    return {
      ...common,
      verdict: 'deviates',
      reason: `the time-out in force is not ${promised_s} s, or another answer comes first`,
    };
  const late = seen.some(({ time_s }) => time_s > promised_s / scale + late_s);
  return late
    ? { ...common, verdict: 'inconclusive', reason: 'the answer came later than the time-out: the machine was busy' }
    : { ...common, verdict: 'conforms' };
}

function when(
  seen: readonly SilenceSeen[],
  holds: (one: SilenceSeen) => boolean,
  { reason }: { readonly reason: string },
): Pick<ClaimJudgement, 'verdict'> & { readonly reason?: string } {
  if (seen.length === 0) return { verdict: 'inconclusive', reason: 'no request met a silent instance' };
  return seen.every(holds) ? { verdict: 'conforms' } : { verdict: 'deviates', reason };
}

function describe(seen: readonly SilenceSeen[], measured: string): string {
  if (seen.length === 0) return 'none';
  const statuses = [...new Set(seen.map(({ status }) => status))].toSorted((a, b) => a - b).join(', ');
  const times_s = seen.map(({ time_s }) => time_s);
  return `status ${statuses} after ${quantile(times_s, 0.5).toFixed(2)} s (longest ${Math.max(...times_s).toFixed(2)} s) ${measured}`;
}
