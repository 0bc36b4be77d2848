/** Load engines, corrected latency and the capacity search against servers whose truth is known. */
import { shares } from '../../environments/harness/addresses.ts';
import type { CalibrationResult } from '../../reports/record/types.ts';
import { parseObjective } from '../capacity/objective.ts';
import { findCapacity } from '../capacity/run.ts';
import type { Generator, GeneratorHost, LoadMeasurement } from '../engines/engine.ts';
import { k6 } from '../engines/k6.ts';
import { sources } from '../engines/tool.ts';
import { offer } from '../run.ts';
import { scenario } from '../scenario.ts';
import type { LoadShape } from '../scenario.ts';

const FOLDER = '/opt/gateproof/drivers';
const PORTS = { uniform: 8_001, stall: 8_002, queue: 8_003 } as const;
type Mode = keyof typeof PORTS;

/** The queue of the truth server: one request at a time, 10 ms each. */
const QUEUE_PER_S = 100;

interface Bench {
  readonly host: GeneratorHost;
  readonly clients: string;
}

const declared = scenario({
  title: 'a server of known behaviour',
  measures: 'latency',
  engine: k6('api-mix.ts'),
  promises: [{ claim: 'calibration', percentile: 95, limit_ms: 100 }],
  routes: [{ name: 'serve', method: 'GET', path: '/serve', weight: 1 }],
  shapes: {
    smoke: { rate_perS: 1, warmup_s: 1, measured_s: 1 },
    nightly: { rate_perS: 1, warmup_s: 1, measured_s: 1 },
    prerelease: { rate_perS: 1, warmup_s: 1, measured_s: 1 },
  },
  perAddress_perMin: 60,
  timeout_s: 15,
});

/**
 * Takes about three minutes.
 *
 * @param clients block of addresses on the host's loopback
 * @throws Error when a server does not start
 */
export async function calibrateLoad(host: GeneratorHost, clients: string): Promise<CalibrationResult[]> {
  await host.putFiles(await sources('drivers', ['truth-server.ts'], FOLDER));
  const bench = { host, clients };
  return [...(await percentiles(bench)), ...(await stall(bench)), await capacity(bench)];
}

async function percentiles(bench: Bench): Promise<CalibrationResult[]> {
  await using server = await serve(bench.host, 'uniform');
  const measured = await load(bench, server.mode, { rate_perS: 100, warmup_s: 3, measured_s: 30 }, 60);
  const truth = await server.truth();
  const against = ([50, 95, 99] as const).map((percentile) =>
    result({
      instrument: `k6 latency, P${String(percentile)}`,
      truth: truth[`p${percentile}_ms`],
      measured: measured.corrected.percentile_ms(percentile),
      tolerance: Math.max(1, 0.01 * truth[`p${percentile}_ms`]),
      unit: 'ms',
    }),
  );
  return [...against, ...(await split(bench, server))];
}

/** One load by three generators against the same load by one: what they write is counted together. */
async function split({ host, clients }: Bench, server: Server): Promise<CalibrationResult[]> {
  const shape = { rate_perS: 90, warmup_s: 3, measured_s: 20 };
  const [first = '', ...others] = shares(clients, 3);
  const alone = await load({ host, clients }, server.mode, shape, 60);
  const besides = others.map((clientBlock) => ({ host, clientBlock }));
  const three = await load({ host, clients: first }, server.mode, shape, 60, besides);
  return [
    result({
      instrument: 'requests of three generators, against those of one',
      truth: alone.achieved,
      measured: three.achieved,
      // One at each end of the step.
      tolerance: 2,
      unit: 'requests',
    }),
    ...([50, 95] as const).map((percentile) =>
      result({
        instrument: `k6 latency of three generators, P${String(percentile)}, against one`,
        truth: alone.corrected.percentile_ms(percentile),
        measured: three.corrected.percentile_ms(percentile),
        tolerance: Math.max(1, 0.01 * alone.corrected.percentile_ms(percentile)),
        unit: 'ms',
      }),
    ),
  ];
}

/** Ten users at 100 requests a second: in two seconds of silence 200 requests are due, and ten are sent. */
async function stall(bench: Bench): Promise<CalibrationResult[]> {
  const [users, rate_perS, stalled_s] = [10, 100, 2];
  await using server = await serve(bench.host, 'stall');
  const shape = { rate_perS, warmup_s: 3, measured_s: 20 };
  const measured = await load(bench, server.mode, shape, users);
  const due = rate_perS * shape.measured_s;
  const late = (held: number, of: number): number => Math.round((1000 * held) / of) / 10;
  const { corrected, actual, dropped } = measured;
  const over = (histogram: LoadMeasurement['actual']): number => (1 - histogram.shareUpTo(100)) * histogram.count;
  return [
    result({
      instrument: 'requests that a stall of 2 s held up, from the intended start',
      truth: late(stalled_s * rate_perS, due),
      measured: late(over(corrected) + dropped, due),
      tolerance: 1,
      unit: '%',
    }),
    result({
      instrument: 'the same stall as a closed loop sees it: what correction is for',
      truth: late(users, due),
      measured: late(over(actual), due),
      tolerance: 1,
      unit: '%',
    }),
  ];
}

async function capacity(bench: Bench): Promise<CalibrationResult> {
  await using server = await serve(bench.host, 'queue');
  const { lower_perS, upper_perS } = await findCapacity('calibration', declared, {
    host: bench.host,
    gateway: { address: '127.0.0.1', serverName: '127.0.0.1' },
    baseUrl: server.url,
    backends: [],
    clientBlock: bench.clients,
    addresses: 60_000,
    addresses_min: 1,
    objective: parseObjective('p95=100ms,errors=1%'),
    search: { start_perS: 40, growth: 2, width: 1.05, confirmations: 1, steps_max: 14 },
    step: { warmup_s: 1, measured_s: 8 },
    sutCores: 1,
    gatewayName: '',
    applications: [],
    reproduce: 'gateproof calibrate',
  });
  return result({
    instrument: 'capacity search, middle of the interval',
    truth: QUEUE_PER_S,
    measured: ((lower_perS ?? 0) + (upper_perS ?? 0)) / 2,
    tolerance: 0.05 * QUEUE_PER_S,
    unit: 'requests/s',
  });
}

async function load(
  { host, clients }: Bench,
  mode: Mode,
  shape: LoadShape,
  users: number,
  besides: readonly Generator[] = [],
): Promise<LoadMeasurement> {
  const { measured } = await offer(declared, shape, users, {
    host,
    gateway: { address: '127.0.0.1', serverName: '127.0.0.1' },
    baseUrl: url(mode),
    backends: [],
    clientBlock: clients,
    besides,
  });
  return measured;
}

const url = (mode: Mode): string => `http://127.0.0.1:${String(PORTS[mode])}`;

interface Truth {
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
}

interface Server extends AsyncDisposable {
  readonly mode: Mode;
  readonly url: string;
  truth(): Promise<Truth>;
}

async function serve(host: GeneratorHost, mode: Mode): Promise<Server> {
  const stopping = new AbortController();
  const listening = Promise.withResolvers<null>();
  const ended = host.exec(['node', `${FOLDER}/truth-server.ts`, mode, String(PORTS[mode])], {
    onLine: () => {
      listening.resolve(null);
    },
    signal: stopping.signal,
  });
  ended.then(
    ({ stderr }) => {
      listening.reject(new Error(`the server of known behaviour ended: ${stderr.slice(-400)}`));
    },
    (error: unknown) => {
      listening.reject(error instanceof Error ? error : new Error(String(error)));
    },
  );
  await listening.promise;
  return {
    mode,
    url: url(mode),
    truth: async () => {
      const lines: string[] = [];
      await host.exec(['curl', '-s', `${url(mode)}/truth`], { onLine: (line) => lines.push(line) });
      return JSON.parse(lines.join('')) as Truth;
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await ended.catch(() => undefined);
    },
  };
}

function result(one: Omit<CalibrationResult, 'holds'>): CalibrationResult {
  const measured = Math.round(one.measured * 100) / 100;
  return { ...one, measured, holds: Math.abs(measured - one.truth) <= one.tolerance };
}
