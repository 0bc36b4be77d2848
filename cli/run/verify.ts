import { join } from 'node:path';
import { ensureImages } from '../../environments/harness/images.ts';
import type { ImageSet } from '../../environments/harness/images.ts';
import { healLeftovers } from '../../environments/harness/leftovers.ts';
import type { Topology } from '../../environments/harness/topology.ts';
import type { GivenUp } from '../../environments/harness/variant.ts';
import type { KnownOfClaim } from '../../conformance/verify.ts';
import type { Ledger } from '../../environments/ledger/ledger.ts';
import type { Baseline } from '../../environments/ledger/baseline.ts';
import type { Profile, RunInfo, RunRecord, VariantName } from '../../reports/record/types.ts';
import { calibrate } from './calibrate.ts';
import { runCapacity } from './capacity.ts';
import { runCases } from './cases.ts';
import { measuredControls } from './controls.ts';
import { describeHost, revision } from './host.ts';
import { onInterrupt } from './interrupt.ts';
import { runExperiments } from './experiments.ts';
import type { Controls, Measuring } from './measuring.ts';
import { readyGenerator, runScenarios } from './scenarios.ts';
import { createRunFolder, RUNS_DIR } from './run-folder.ts';
import type { RunFolder } from './run-folder.ts';
import type { Progress } from './progress.ts';
import type { Plan } from './plan.ts';
import { setUpOf } from './set-up.ts';
import { startTopology } from './start-topology.ts';
import type { Watch } from './watch.ts';
import { writeReports } from './write-reports.ts';

export interface VerifyOptions {
  readonly ledger: Ledger;
  readonly baseline: Baseline;
  readonly plan: Plan;
  readonly variants: readonly VariantName[];
  readonly profile: Profile;
  readonly seed: number;
  readonly out: string | undefined;
  readonly images: Readonly<Record<string, string>>;
  readonly command: string;
  readonly progress: Progress;
  readonly controls?: Controls;
  readonly watch?: Watch | undefined;
  /** Folder with a configuration of the user's own in place of the variant's. */
  readonly configuration?: string | undefined;
}

/**
 * Measures the selected claims in each variant, one variant after the other, and
 * writes the reports. The journal is written as it goes, so a killed run keeps
 * what it measured.
 *
 * @returns the record; its gate holds the exit code
 */
export async function runVerify(options: VerifyOptions): Promise<{ record: RunRecord; dir: string }> {
  const prepared = await prepare(options);
  const folder = createRunFolder(options.out ?? RUNS_DIR, new Date());
  const stopping = new AbortController();
  const release = onInterrupt((signal) => {
    stopping.abort(signal);
  });
  let removed: Promise<void> | undefined;
  try {
    return await recorded(options, folder, prepared, stopping.signal, async () => {
      if (options.profile !== 'smoke') await calibrateFirst(options, folder);
      await runVariants(options, folder, prepared.images, stopping.signal, (topology) => {
        // While the reports are written: neither needs the other.
        removed = topology.stop();
        removed.catch(() => undefined);
      });
    });
  } finally {
    await removed;
    release();
  }
}

/** What is known before anything runs. */
export interface Prepared {
  readonly host: Awaited<ReturnType<typeof describeHost>>;
  readonly images: ImageSet;
}

/** Looks at the machine, removes what killed runs left, and builds images. */
export async function prepare({ images: overrides, progress }: VerifyOptions): Promise<Prepared> {
  const host = await describeHost();
  await healLeftovers((text) => {
    progress.note(text);
  });
  const images = await ensureImages({
    overrides,
    progress: (text) => {
      progress.note(text);
    },
  });
  return { host, images };
}

/** Does the work of a run between the beginning and the end of its journal, and writes its reports whatever happened. */
export async function recorded(
  options: VerifyOptions,
  folder: RunFolder,
  { host, images }: Prepared,
  signal: AbortSignal,
  work: () => Promise<unknown>,
): Promise<{ record: RunRecord; dir: string }> {
  folder.append(runStarted(options, folder, host, images));
  let reason: string | undefined;
  try {
    await work();
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
    folder.append({ event: 'note', at: now(), level: 'error', text: reason });
    options.progress.note(reason);
  }
  const interrupted = signal.aborted;
  folder.append({
    event: 'run-finished',
    at: now(),
    interrupted: interrupted || reason !== undefined,
    ...(interrupted ? { reason: `stopped by ${String(signal.reason)}` } : reason ? { reason } : {}),
  });
  return { record: await writeReports(folder.dir), dir: folder.dir };
}

/** The instruments against known truth, before anything is judged; smoke leaves that to the tests, to stay short. */
async function calibrateFirst({ seed, progress }: VerifyOptions, folder: RunFolder): Promise<void> {
  progress.phase('calibrating the instruments');
  const { results, inconclusive } = await calibrate(seed);
  for (const calibration of results) folder.append({ event: 'calibration', at: now(), calibration });
  for (const what of inconclusive)
    folder.append({ event: 'note', at: now(), level: 'warning', text: `Calibration inconclusive: ${what}.` });
}

const now = (): string => new Date().toISOString();

function runStarted(
  options: VerifyOptions,
  folder: RunFolder,
  host: Awaited<ReturnType<typeof describeHost>>,
  images: ImageSet,
): Parameters<RunFolder['append']>[0] {
  const run: Omit<RunInfo, 'finishedAt' | 'partial' | 'partialReason'> = {
    id: folder.id,
    startedAt: now(),
    environment: options.ledger.environment,
    document: options.ledger.document,
    profile: options.profile,
    seed: options.seed,
    revision: revision(),
    command: options.command,
    selection: options.plan.text,
    ...setUpOf(options.configuration, options.plan),
    host,
    versions: Object.assign({}, ...Object.values(images.roles).map(({ versions }) => versions)) as Record<
      string,
      string
    >,
    images: Object.entries(images.roles).map(([role, { reference, id, replaced }]) => ({
      role,
      reference,
      id,
      replaced,
    })),
  };
  const { planned, outside } = options.plan;
  const catalogue = options.ledger.claims
    .filter(({ id }) => planned.includes(id))
    .map(({ id, statement, level, kind, topic, source }) => ({ id, statement, level, kind, topic, source }));
  return { event: 'run-started', at: now(), run, variants: options.variants, planned, outside, catalogue };
}

async function runVariants(
  options: VerifyOptions,
  folder: RunFolder,
  images: ImageSet,
  signal: AbortSignal,
  remove: (topology: Topology) => void,
): Promise<void> {
  let topology: Topology | undefined;
  try {
    for (const name of options.variants) {
      if (signal.aborted) return;
      topology = await runVariant(options, folder, images, name, topology, signal);
    }
  } finally {
    // Also after an abort only here: an experiment undoes its faults while their containers still exist.
    options.progress.phase('removing containers and networks, writing reports');
    if (topology) remove(topology);
  }
}

/** Starts a variant (or switches a running topology to it) and measures everything selected in it. */
export async function runVariant(
  options: VerifyOptions,
  folder: RunFolder,
  images: ImageSet,
  name: VariantName,
  running: Topology | undefined,
  signal: AbortSignal,
): Promise<Topology> {
  const { progress, ledger, plan, baseline } = options;
  progress.phase(`${name}: starting the topology`);
  const { topology, variant } = await startTopology({
    runId: folder.id,
    environment: ledger.environment,
    variant: name,
    configuration: options.configuration,
    images,
    logDir: join(folder.dir, 'raw', name),
    extent: 'full',
    remoteWrite: plan.remoteWrite ?? false,
    running,
    progress: (phase) => {
      progress.phase(`${name}: ${phase}`);
    },
  });
  const { adaptations, remedies, givenUp } = variant;
  const { descriptor, started_ms } = topology;
  folder.append({
    event: 'variant-started',
    at: now(),
    variant: name,
    adaptations,
    remedies,
    addressMap: descriptor.addressMap,
    started_ms,
  });
  const known = knownOfClaims(baseline, name);
  const run: Measuring = {
    topology: descriptor,
    folder,
    profile: options.profile,
    seed: options.seed,
    progress,
    signal,
    controls: options.controls ?? {},
    remoteWrite: plan.remoteWrite ?? false,
    watch: options.watch,
    claims: new Map(ledger.claims.map((claim) => [claim.id, claim])),
    givenUp: new Map(givenUp.map((entry) => [entry.claim, entry])),
    known,
  };
  if (plan.cases.length > 0) await measureCases(options, run, givenUp);
  if (!signal.aborted && plan.experiments.length + plan.scenarios.length + (plan.capacity ? 1 : 0) > 0) {
    // Cases count and compare; only times need a machine whose parts do not take each other's cores.
    await Promise.all([topology.oneHolder(), topology.place('separate'), readyGenerator(plan.scenarios, run)]);
  }
  if (!signal.aborted) await runExperiments(plan.experiments, run);
  if (!signal.aborted) await runScenarios(plan.scenarios, run);
  if (!signal.aborted && plan.capacity) await runCapacity(plan.capacity, run);
  folder.append({ event: 'variant-finished', at: now(), variant: name });
  return topology;
}

async function measureCases(
  { plan, ledger, seed }: VerifyOptions,
  run: Measuring,
  givenUp: readonly GivenUp[],
): Promise<void> {
  const { topology, folder, progress, signal, known } = run;
  progress.phase(`${topology.variant}: ${String(plan.cases.length)} cases`, plan.cases.length);
  const { failed, unhandled } = await runCases({
    provided: {
      topology,
      journal: folder.journal,
      environment: ledger.environment,
      claims: plan.cases,
      seed,
      givenUp,
      known,
    },
    onCase: () => {
      progress.step();
    },
    signal,
  });
  for (const text of [...failed.map((claim) => `the measurement of ${claim} failed`), ...unhandled]) {
    folder.append({ event: 'note', at: now(), level: 'error', text });
  }
}

/** Baseline and negative controls, by claim. */
function knownOfClaims(baseline: Baseline, variant: VariantName): Record<string, KnownOfClaim> {
  const known: Record<string, KnownOfClaim> = {};
  for (const [claim, controls] of Object.entries(measuredControls())) known[claim] = { controls };
  for (const { claim, mechanism, remedy, variant: of } of baseline.entries) {
    if (of === variant) known[claim] = { ...known[claim], mechanism, remedy };
  }
  return known;
}
