/**
 * What the engines cost: the throughput of a tool led and counted by its engine against that
 * of the tool alone, as fast as both can, in interleaved pairs. An engine that slows its tool
 * down would call a gateway slow.
 */
import { shiftOfPairs } from '../../measurement/comparison/shift.ts';
import type { CalibrationResult } from '../../reports/record/types.ts';
import { autocannon } from '../engines/driven.ts';
import type { GeneratorHost, LoadEngine, LoadMeasurement } from '../engines/engine.ts';
import { k6, k6Alone } from '../engines/k6.ts';
import type { LoadPlan } from '../k6/load.ts';

/**
 * Pairs at least; more are taken while their interval is too wide to say anything. On shared
 * machines one run differs from the next by a tenth and more: many short pairs tell more than a few long ones.
 */
const PAIRS = { least: 20, most: 40 };
const USERS = 50;
const [WARM_UP_S, MEASURED_S] = [1, 3];
/** The interval of the ratio has to come this near to 1, and must not do so by being wide. */
const TOLERANCE = 0.05;
const WIDTH_MAX = 0.15;
/** More than any tool sends: each sends as fast as it can. */
const UNREACHED_PER_S = 1_000_000;

/** Requests that were answered in one run. */
type Arm = () => Promise<number>;

/**
 * Takes seven minutes, and up to fourteen on a busy machine.
 *
 * @param url of a server that answers faster than any of the tools asks
 * @throws Error when a tool fails
 */
export async function calibrateThroughput(
  host: GeneratorHost,
  url: string,
  clients: string,
): Promise<CalibrationResult[]> {
  const plan = planFor(url);
  const led =
    (engine: LoadEngine, count: (measured: LoadMeasurement) => number): Arm =>
    async () => {
      const measured = await engine.run(host, { plan, measured: ['measured'], clientBlock: clients });
      if (measured.failure !== null) throw new Error(measured.failure);
      return count(measured);
    };
  // k6 alone tells one number, which counts its warm-up; autocannon alone has a warm-up that it does not count.
  const all = ({ buckets }: LoadMeasurement): number => buckets.reduce((sum, { achieved }) => sum + achieved, 0);
  const counted = ({ achieved }: LoadMeasurement): number => achieved;
  return [
    await compare('k6', led(k6('api-mix.ts'), all), led(k6Alone('api-mix.ts'), all)),
    await compare('autocannon', led(autocannon, counted), () => autocannonAlone(host, url)),
  ];
}

function planFor(url: string): LoadPlan {
  const step = { rate_perS: UNREACHED_PER_S, drain_s: 0, closedLoop: true };
  return {
    baseUrl: url,
    hosts: {},
    steps: [
      { ...step, name: 'warm-up', start_s: 0, duration_s: WARM_UP_S },
      { ...step, name: 'measured', start_s: WARM_UP_S, duration_s: MEASURED_S },
    ],
    routes: [{ name: 'static', method: 'GET', path: '/', weight: 1 }],
    headers: {},
    backends: [],
    virtualUsers: USERS,
    timeout_s: 15,
  };
}

async function compare(tool: string, led: Arm, alone: Arm): Promise<CalibrationResult> {
  const logRatios: number[] = [];
  let result = judgeRatio(tool, logRatios);
  for (let pair = 0; pair < PAIRS.least || (pair < PAIRS.most && !result.narrow); pair += 1) {
    // In turn first: what drifts over the pairs meets both.
    const [first, second] = pair % 2 === 0 ? [led, alone] : [alone, led];
    const [a, b] = [await first(), await second()];
    logRatios.push(Math.log(pair % 2 === 0 ? a / b : b / a));
    result = judgeRatio(tool, logRatios);
  }
  return result.calibration;
}

/**
 * The ratio by Hodges and Lehmann with its 95 % interval. What is told as measured is the ratio of
 * that interval that lies nearest to 1: it holds when that is near enough, and the interval narrow
 * enough to have missed it.
 *
 * @param logRatios natural logarithms of the ratios of pairs
 */
export function judgeRatio(
  tool: string,
  logRatios: readonly number[],
): { readonly narrow: boolean; readonly calibration: CalibrationResult } {
  const { estimate, lower, upper } =
    logRatios.length === 0 ? { estimate: 0, lower: null, upper: null } : shiftOfPairs(logRatios);
  const [low, high] = [
    lower === null ? 0 : Math.exp(lower),
    upper === null ? Number.POSITIVE_INFINITY : Math.exp(upper),
  ];
  const narrow = high - low <= WIDTH_MAX;
  const nearest = Math.min(Math.max(1, low), high);
  const seen =
    `${Math.exp(estimate).toFixed(3)} (95 % confidence ${low.toFixed(3)} to ${high.toFixed(3)}` +
    `${narrow ? '' : ', too wide to say anything'}) in ${String(logRatios.length)} pairs`;
  return {
    narrow,
    calibration: {
      instrument: `${tool}: throughput through the engine ÷ alone, ${seen}; nearest to 1 in the interval`,
      truth: 1,
      measured: Math.round(nearest * 1000) / 1000,
      tolerance: TOLERANCE,
      unit: '',
      holds: narrow && Math.abs(nearest - 1) <= TOLERANCE,
    },
  };
}

async function autocannonAlone(host: GeneratorHost, url: string): Promise<number> {
  const lines: string[] = [];
  const users = ['-c', String(USERS)];
  const warmUp = ['-W', '[', ...users, '-d', String(WARM_UP_S), ']'];
  const argv = ['autocannon', '-j', '-n', ...users, '-d', String(MEASURED_S), ...warmUp, `${url}/`];
  const { exitCode, stderr } = await host.exec(argv, { onLine: (line) => lines.push(line) });
  if (exitCode !== 0) throw new Error(`autocannon ended with ${String(exitCode)}: ${stderr.slice(-400)}`);
  // The warm-up has a line of its own, before.
  const result = JSON.parse(lines.findLast((line) => line !== '') ?? '') as {
    readonly requests: { readonly total: number };
  };
  return result.requests.total;
}
