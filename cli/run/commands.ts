/** What the commands that start containers do, given checked requests. */
import { join } from 'node:path';
import { ensureImages } from '../../environments/harness/images.ts';
import { listRuns, removeRun } from '../../environments/harness/leftovers.ts';
import { OWNER_UP, ownerLives } from '../../environments/harness/owner.ts';
import { loadBaseline } from '../../environments/ledger/baseline.ts';
import { UsageError } from '../../environments/ledger/errors.ts';
import { loadLedger } from '../../environments/ledger/ledger.ts';
import type { Ledger } from '../../environments/ledger/ledger.ts';
import { renderSummary } from '../../reports/render/summary.ts';
import type { RunRecord } from '../../reports/record/types.ts';
import { EXIT } from '../exit.ts';
import { lastVerdicts } from '../last-verdicts.ts';
import { exitCodeOfComparison, runsComparisonLines } from '../show-runs-comparison.ts';
import type {
  Against,
  CapacityRequest,
  CalibrateRequest,
  ChaosRequest,
  DownRequest,
  LoadRequest,
  MeasureRequest,
  StatusRequest,
  UpRequest,
  VerifyRequest,
} from '../requests.ts';
import { calibrate, calibrateEngines } from './calibrate.ts';
import { compareRuns } from './compare.ts';
import { runInTurn } from './in-turn.ts';
import type { Controls } from './measuring.ts';
import { estimate_s, plan, planCapacity } from './plan.ts';
import type { Plan, PlanRequest } from './plan.ts';
import { faultLines, faultStories } from './faults.ts';
import { onStopKey } from './keys.ts';
import { startProgress } from './progress.ts';
import { createRunFolder, RUNS_DIR } from './run-folder.ts';
import { startTopology } from './start-topology.ts';
import { runVerify } from './verify.ts';
import { Watch } from './watch.ts';

/** Severity of exit codes: 3 before 1 before 2. */
const WORST_FIRST = [EXIT.harness, EXIT.newDeviation, EXIT.open, EXIT.ok];

export async function verifyCommand(request: VerifyRequest): Promise<number> {
  const codes: number[] = [];
  for (const environment of request.environments) {
    codes.push(
      await measure(environment, request, {
        only: request.failed ? notConforming(environment) : request.only,
        // Who names claims gets what decides them, however long it takes.
        shortOnly: request.profile === 'smoke' && !request.failed && request.only.length === 0,
      }),
    );
  }
  return WORST_FIRST.find((code) => codes.includes(code)) ?? EXIT.ok;
}

/** Claims that the newest run of an environment measured and that did not conform. @throws {UsageError} when there is none */
function notConforming(environment: string): readonly string[] {
  const last = lastVerdicts(environment);
  const settled = new Set<string>(['conforms', 'not-applicable']);
  const ids = loadLedger(environment)
    .claims.map(({ id }) => id)
    .filter((id) => Object.values(last.of(id)).some((verdict) => !settled.has(verdict)));
  if (ids.length === 0)
    throw new UsageError('Everything that the latest run measured conforms.', 'Run without --failed.');
  return ids;
}

export async function chaosCommand(request: ChaosRequest): Promise<number> {
  const { experiments, trials, watch, control } = request;
  const what = { only: [], kinds: ['experiment'], experiments, trials } as const;
  return measure(request.environment, request, what, { controls: { experiments: control }, watched: watch });
}

export async function loadCommand(request: LoadRequest): Promise<number> {
  const { scenario, control, against, generators, remoteWrite } = request;
  if (against) return compareInTurn(request, against);
  const what = { only: [], kinds: ['scenario'], scenario, generators, remoteWrite } as const;
  return measure(request.environment, request, what, { controls: { scenarios: control } });
}

/** Runs of a scenario on two configurations in turn, and what their figures say. */
async function compareInTurn(request: LoadRequest, against: Against): Promise<number> {
  const ledger = loadLedger(request.environment);
  const { scenario, profile, generators, remoteWrite } = request;
  // Many short runs tell more than a few long ones.
  const what = { only: [], kinds: ['scenario'], scenario, generators, remoteWrite, shortIfAny: true } as const;
  const planned = await plan({ ledger, profile, ...what });
  const [variant] = request.variants;
  if (!variant) throw new UsageError('A comparison starts from one variant.', 'Add --variant documented.');
  const progress = startProgress();
  try {
    const options = { ...request, ledger, baseline: loadBaseline(ledger), plan: planned, progress };
    const runs = await runInTurn(options, { before: { variant }, after: against }, against.pairs);
    progress.done();
    const { minimumEffect } = against;
    const pairs = { asked: against.pairs, made: runs.after.length };
    const comparison = compareRuns({ ...runs, minimumEffect, paired: true, mixed: false }, request.out ?? RUNS_DIR);
    if (request.json) console.log(JSON.stringify({ runs, comparison }, null, 2));
    else for (const line of runsComparisonLines(comparison, pairs)) console.log(line);
    return exitCodeOfComparison(comparison, pairs);
  } finally {
    progress.done();
  }
}

export async function capacityCommand(request: CapacityRequest): Promise<number> {
  const ledger = loadLedger(request.environment);
  return carryOut(ledger, request, await planCapacity(ledger, request), {});
}

/** Claims of an environment that a request selects. */
async function measure(
  environment: string,
  request: MeasureRequest,
  what: Omit<PlanRequest, 'ledger' | 'profile'>,
  how: How = {},
): Promise<number> {
  const ledger = loadLedger(environment);
  return carryOut(ledger, request, await plan({ ledger, profile: request.profile, ...what }), how);
}

interface How {
  readonly controls?: Controls;
  readonly watched?: boolean;
}

async function carryOut(
  ledger: Ledger,
  request: MeasureRequest,
  planned: Plan,
  { controls = {}, watched = false }: How,
): Promise<number> {
  const { environment } = ledger;
  const baseline = loadBaseline(ledger);
  const progress = startProgress();
  const minutes = Math.ceil(estimate_s(planned, request.profile, request.variants.length) / 60);
  progress.note(
    `${environment}, profile ${request.profile}, seed ${String(request.seed)}: ${whatOf(planned)} in ` +
      `${request.variants.join(' and ')}; about ${String(minutes)} min once images are built`,
  );
  const live = watched && process.stderr.isTTY && process.stdin.isTTY;
  if (watched && !live) progress.note('--watch needs a terminal; going on with a line for each phase');
  // The same way out as Ctrl-C: faults are undone, the report says partial.
  const giveBack = live ? onStopKey(() => process.kill(process.pid, 'SIGINT')) : () => undefined;
  try {
    const watch = live ? new Watch(progress) : undefined;
    const { record, dir } = await runVerify({ ...request, ledger, baseline, plan: planned, progress, watch, controls });
    progress.done();
    process.stdout.write(
      request.json
        ? `${JSON.stringify({ dir, summary: record.summary }, null, 2)}\n`
        : renderSummary(record, join(dir, 'report.html')),
    );
    return exitCodeOf(record);
  } finally {
    giveBack();
    progress.done();
  }
}

function whatOf({ capacity, planned, text }: Plan): string {
  if (!capacity) return `${String(planned.length)} claims`;
  return `${text ?? ''}, at most ${String(capacity.steps)} steps for each search,`;
}

const exitCodeOf = (record: RunRecord): number => record.summary.gate.exitCode;

export async function upCommand({ environment, variant, images, json }: UpRequest): Promise<number> {
  const progress = startProgress();
  try {
    const built = await ensureImages({ overrides: images, progress: progress.note });
    const folder = createRunFolder(RUNS_DIR, new Date(), 'up');
    const { topology } = await startTopology({
      runId: folder.id,
      environment,
      variant,
      images: built,
      logDir: folder.dir,
      extent: 'full',
      owner: OWNER_UP,
      progress: progress.phase,
    });
    progress.phase('the virtual address');
    await topology.oneHolder();
    progress.done();
    const { services, serverName } = topology.descriptor;
    const rows = services.map(({ name, addresses }) => ({ name, ...addresses }));
    if (json) process.stdout.write(`${JSON.stringify({ run: folder.id, serverName, services: rows }, null, 2)}\n`);
    else {
      console.table(rows);
      process.stdout.write(
        `${environment} (${variant}) is up as ${folder.id}, after ${String(topology.started_ms)} ms. Remove it: ./gateproof down\n`,
      );
    }
    return EXIT.ok;
  } finally {
    progress.done();
  }
}

export async function downCommand({ all, environment }: DownRequest): Promise<number> {
  let removed = 0;
  for (const { runId, owner, environment: started } of await listRuns()) {
    if (environment !== undefined && started !== environment) continue;
    if (owner !== OWNER_UP && !(all && !ownerLives(owner))) continue;
    process.stdout.write(`removing ${runId}\n`);
    await removeRun(runId, (text) => process.stdout.write(`${text}\n`));
    removed += 1;
  }
  if (removed === 0) process.stdout.write('nothing of ours is there to remove\n');
  return EXIT.ok;
}

export async function statusCommand({ json, environment, out }: StatusRequest): Promise<number> {
  const all = await listRuns();
  const listed = all.filter((run) => environment === undefined || run.environment === environment);
  const runs = listed.map((run) => ({
    ...run,
    state: run.owner === OWNER_UP ? 'up' : ownerLives(run.owner) ? 'running' : 'leftover',
  }));
  const faults = faultStories(out ?? RUNS_DIR, new Map(all.map(({ runId, owner }) => [runId, ownerLives(owner)])));
  if (json) {
    process.stdout.write(`${JSON.stringify({ runs, faults }, null, 2)}\n`);
    return EXIT.ok;
  }
  if (runs.length === 0) process.stdout.write('nothing of ours is running\n');
  for (const { runId, state, containers, networks, volumes } of runs) {
    process.stdout.write(
      `${runId}  ${state}: ${String(containers.length)} containers, ${String(networks.length)} networks, ${String(volumes.length)} volumes` +
        `${state === 'leftover' ? ' of a run that was killed; remove them: ./gateproof down --all' : ''}\n`,
    );
    for (const { name, state: containerState } of containers) process.stdout.write(`  ${name} (${containerState})\n`);
  }
  for (const line of faultLines(faults)) process.stdout.write(`${line}\n`);
  return EXIT.ok;
}

/** Any seed must hold; a fixed one makes two calibrations comparable. */
const CALIBRATION_SEED = 1;

export async function calibrateCommand({ json, throughput }: CalibrateRequest): Promise<number> {
  const progress = startProgress();
  progress.phase('limiter and prober');
  const instruments = await calibrate(CALIBRATION_SEED);
  const engines = await calibrateEngines(progress, { throughput }).finally(progress.done);
  const results = [...instruments.results, ...engines];
  const { inconclusive } = instruments;
  const shown = results.map(({ instrument, truth, measured, ...rest }) => {
    const error = Math.round((measured - truth) * 1000) / 1000;
    return { instrument, truth, measured, error, ...rest };
  });
  if (json) process.stdout.write(`${JSON.stringify({ results: shown, inconclusive }, null, 2)}\n`);
  else {
    console.table(shown);
    for (const what of inconclusive) process.stdout.write(`inconclusive: ${what}\n`);
  }
  if (!results.every(({ holds }) => holds)) return EXIT.harness;
  return inconclusive.length === 0 ? EXIT.ok : EXIT.open;
}
