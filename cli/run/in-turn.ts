/** Two configurations measured in turn: whole runs, in pairs, so that what drifts on the machine meets both. */
import type { Topology } from '../../environments/harness/topology.ts';
import type { VariantName } from '../../reports/record/types.ts';
import { onInterrupt } from './interrupt.ts';
import { createRunFolder, RUNS_DIR } from './run-folder.ts';
import { prepare, recorded, runVariant } from './verify.ts';
import type { VerifyOptions } from './verify.ts';

/** One configuration of a comparison. */
export interface Side {
  readonly variant: VariantName;
  /** Folder with a configuration of the user's own; the variant's when absent. */
  readonly configuration?: string | undefined;
}

/** Folders of the runs of both sides, pair by pair. */
export interface RunsInTurn {
  readonly before: readonly string[];
  readonly after: readonly string[];
}

/**
 * Runs the plan on both sides `pairs` times on one topology, whose gateways are started anew
 * for each run. Which side comes first changes from pair to pair: a drift cancels out. An
 * interrupt ends it with the whole pairs so far.
 */
export async function runInTurn(
  options: Omit<VerifyOptions, 'variants' | 'configuration'>,
  sides: { readonly before: Side; readonly after: Side },
  pairs: number,
): Promise<RunsInTurn> {
  const prepared = await prepare({ ...options, variants: [] });
  const stopping = new AbortController();
  const release = onInterrupt((signal) => {
    stopping.abort(signal);
  });
  const { signal } = stopping;
  const runs: { before: string[]; after: string[] } = { before: [], after: [] };
  let topology: Topology | undefined;
  const measure = async (side: keyof RunsInTurn, pair: number): Promise<string> => {
    const { variant, configuration } = sides[side];
    options.progress.note(`pair ${String(pair + 1)} of ${String(pairs)}, ${side}: ${configuration ?? variant}`);
    const own: VerifyOptions = { ...options, variants: [variant], configuration };
    const folder = createRunFolder(options.out ?? RUNS_DIR, new Date());
    const { dir } = await recorded(own, folder, prepared, signal, async () => {
      topology = await runVariant(own, folder, prepared.images, variant, topology, signal);
    });
    return dir;
  };
  try {
    for (let pair = 0; pair < pairs && !signal.aborted; pair += 1) {
      const order = pair % 2 === 0 ? (['before', 'after'] as const) : (['after', 'before'] as const);
      const dirs = { before: '', after: '' };
      for (const side of order) if (!signal.aborted) dirs[side] = await measure(side, pair);
      if (signal.aborted) break;
      runs.before.push(dirs.before);
      runs.after.push(dirs.after);
    }
  } finally {
    options.progress.phase('removing containers and networks');
    await topology?.stop();
    release();
  }
  return runs;
}
