import { join } from 'node:path';
import { startVitest } from 'vitest/node';
import type { Reporter, TestCase } from 'vitest/node';
import { LANES } from '../../conformance/addresses.ts';
import type { ProvidedRun } from '../../conformance/vitest.setup.ts';

const ROOT = join(import.meta.dirname, '../..');

/** Cases of one worker that wait side by side; most of a case is waiting. */
const CASES_SIDE_BY_SIDE = 3;

/** Workers; each owns a lane of client addresses. */
const WORKERS = 3;

export interface CasesRun {
  readonly provided: ProvidedRun;
  readonly seed: number;
  /** Called when a case has ended. */
  readonly onCase: (claim: string, failed: boolean) => void;
  readonly signal: AbortSignal;
}

/**
 * Runs the selected cases of an environment under vitest, side by side. Verdicts
 * go to the journal from the workers; the returned names are cases in which the
 * harness failed.
 */
export async function runCases({
  provided,
  seed,
  onCase,
  signal,
}: CasesRun): Promise<{ failed: string[]; unhandled: string[] }> {
  const failed: string[] = [];
  const unhandled: string[] = [];
  const reporter: Reporter = {
    onTestCaseResult(test: TestCase) {
      const bad = test.result().state === 'failed';
      if (bad) failed.push(test.name);
      onCase(test.name, bad);
    },
    onTestRunEnd(_modules, errors) {
      unhandled.push(...errors.map(({ message }) => message));
    },
  };
  const vitest = await startVitest([], {
    root: ROOT,
    config: false,
    watch: false,
    include: [`conformance/cases/${provided.environment}/*.test.ts`],
    setupFiles: [join(ROOT, 'conformance/vitest.setup.ts')],
    pool: 'threads',
    isolate: false,
    maxWorkers: Math.min(WORKERS, LANES),
    maxConcurrency: CASES_SIDE_BY_SIDE,
    sequence: { concurrent: true, shuffle: { files: true, tests: true }, seed },
    // A file without a selected claim registers no test.
    passWithNoTests: true,
    retry: 0,
    reporters: [reporter],
    provide: { gateproof: provided },
    testTimeout: 200_000,
    hookTimeout: 60_000,
  });
  const abort = (): void => {
    void vitest.cancelCurrentRun('keyboard-input');
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    unhandled.push(
      ...vitest.state.getTestModules().flatMap((module) =>
        module
          .errors()
          .map(({ message }) => message)
          .filter((message) => !message.startsWith('No test suite found')),
      ),
    );
    return { failed, unhandled };
  } finally {
    signal.removeEventListener('abort', abort);
    await vitest.close();
  }
}
