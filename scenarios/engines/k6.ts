/** k6 in the generator container; its output extension writes what it counted to standard output. */
import type { EngineRun, Generator, LoadEngine } from './engine.ts';
import { readSummary, requestsOf, summaryPath, talliesOf } from './k6-summary.ts';
import type { Summary } from './k6-summary.ts';
import { runTool, runTools, sources } from './tool.ts';

/** Where the scripts go in the container. */
const FOLDER = '/tmp/gateproof-k6';
/** Scripts that can be run, and what they import. */
const SCRIPTS = ['api-mix.ts', 'overhead.ts', 'websocket-sessions.ts', 'login-storm.ts', 'uploads.ts'] as const;
const IMPORTED = ['kind.ts', 'load.ts', 'steps.ts', 'tally.ts', 'timed.ts'] as const;
/** The output extension of the tools image. */
const OUTPUT = 'gateproof';
/** k6's own output for Prometheus; each generator gets a value of this label. */
export const REMOTE_WRITE = 'experimental-prometheus-rw';
/** Label by which series of one generator are told from those of another. */
export const GENERATOR_LABEL = 'generator';

type Script = (typeof SCRIPTS)[number];

/** Runs one script of `scenarios/k6`; several generators each run a segment of it. */
export function k6(script: Script): LoadEngine {
  return {
    name: 'k6',
    script,
    run: async (host, run) => {
      const generators = [{ host, clientBlock: run.clientBlock }, ...(run.besides ?? [])];
      const part = 1 / generators.length;
      const summaries: (Summary | null)[] = [];
      const tools = generators.map(async (generator, n) => ({
        host: generator.host,
        engine: 'k6',
        argv: await prepare(generator, run, script, n, [
          ...segment(n, generators.length),
          '--out',
          `${OUTPUT}=${rates(run, part)}`,
          ...(run.remoteWrite === undefined ? [] : ['--out', REMOTE_WRITE, '--tag', `${GENERATOR_LABEL}=${String(n)}`]),
        ]),
        counted: async () => {
          const summary = await readSummary(generator.host, n);
          summaries.push(summary);
          return requestsOf(summary)?.count ?? null;
        },
      }));
      const measured = await runTools(run, await Promise.all(tools));
      return { ...measured, tallies: talliesOf(summaries) };
    },
  };
}

/** A script and what it imports, by file name; the script comes first. */
export async function scriptSources(script: string): Promise<Record<string, string>> {
  const files = await sources('k6', [script, ...IMPORTED], '');
  return Object.fromEntries(Object.entries(files).map(([path, text]) => [path.slice(1), text]));
}

/**
 * What the extension has to know of each step: `<name>:<requests a second>`, those of this
 * generator, since an iteration that is dropped shifts the schedule by one of its own periods.
 */
const rates = ({ plan }: EngineRun, part: number): string =>
  plan.steps.map(({ name, rate_perS }) => `${name}:${String(rate_perS * part)}`).join(',');

/** The n-th of equal execution segments: iterations and users of a scenario are dealt out, none twice. */
export function segment(n: number, of: number): string[] {
  if (of === 1) return [];
  const sequence = Array.from({ length: of + 1 }, (_, k) => `${String(k)}/${String(of)}`);
  return [
    '--execution-segment',
    `${sequence[n] ?? ''}:${sequence[n + 1] ?? ''}`,
    '--execution-segment-sequence',
    sequence.join(','),
  ];
}

/** The same without what counts its samples: of the result only the buckets' sum is known, as one bucket. */
export function k6Alone(script: Script): LoadEngine {
  return {
    name: 'k6 alone',
    run: async (host, run) => {
      const argv = await prepare({ host, clientBlock: run.clientBlock }, run, script, 0, []);
      const measured = await runTool(host, run, {
        engine: 'k6',
        argv,
        counted: async () => requestsOf(await readSummary(host, 0))?.count ?? null,
      });
      const achieved = measured.lost ?? 0;
      return { ...measured, buckets: [{ at_s: 0, offered: 0, achieved, dropped: 0, errors: 0 }] };
    },
  };
}

async function prepare(
  { host, clientBlock }: Generator,
  run: EngineRun,
  script: Script,
  n: number,
  added: readonly string[],
): Promise<string[]> {
  await host.putFiles(await sources('k6', [...SCRIPTS, ...IMPORTED], FOLDER));
  return [
    'env',
    ...Object.entries(remoteWriteSettings(run.remoteWrite)).map(([name, value]) => `${name}=${value}`),
    'k6',
    'run',
    '--quiet',
    '--no-color',
    '--no-usage-report',
    '--no-thresholds',
    '--log-output',
    'stderr',
    '--local-ips',
    clientBlock,
    ...added,
    '-e',
    `GATEPROOF_SUMMARY=${summaryPath(n)}`,
    '-e',
    `GATEPROOF_LOAD=${JSON.stringify(run.plan)}`,
    `${FOLDER}/${script}`,
  ];
}

/** Settings of that output, which k6 takes from its environment alone: native histograms to an address. */
export const remoteWriteSettings = (url: string | undefined): Readonly<Record<string, string>> =>
  url === undefined ? {} : { K6_PROMETHEUS_RW_SERVER_URL: url, K6_PROMETHEUS_RW_TREND_AS_NATIVE_HISTOGRAM: 'true' };
