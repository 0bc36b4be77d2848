import { join } from 'node:path';
import { createVitest } from 'vitest/node';
import type { Reporter, TestCase, Vitest } from 'vitest/node';
import type { ProvidedRun } from '../../conformance/run-cases.test.ts';

const ROOT = join(import.meta.dirname, '../..');

export interface CasesRun {
  readonly provided: ProvidedRun;
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
  const vitest = await withoutItsSignals(() =>
    createVitest({
      root: ROOT,
      config: false,
      watch: false,
      include: ['conformance/run-cases.test.ts'],
      pool: 'threads',
      isolate: false,
      maxWorkers: 1,
      // Node reads the files as they are; nothing has to be transformed first.
      experimental: { viteModuleRunner: false },
      // All at once: the module itself decides which of them begin.
      maxConcurrency: 10_000,
      sequence: { concurrent: true },
      retry: 0,
      reporters: [reporter],
      provide: { gateproof: provided },
      hookTimeout: 60_000,
    }),
  );
  const abort = (): void => {
    void vitest.cancelCurrentRun('keyboard-input');
  };
  signal.addEventListener('abort', abort, { once: true });
  try {
    await vitest.start();
    unhandled.push(...vitest.state.getTestModules().flatMap((module) => module.errors().map(({ message }) => message)));
    return { failed, unhandled };
  } finally {
    signal.removeEventListener('abort', abort);
    await vitest.close();
  }
}

/** Vitest would end the process at the first signal, before anything is removed; the run has its own answer to it. */
async function withoutItsSignals(create: () => Promise<Vitest>): Promise<Vitest> {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const before = signals.map((signal) => new Set(process.listeners(signal)));
  const vitest = await create();
  signals.forEach((signal, index) => {
    for (const listener of process.listeners(signal)) {
      if (before[index]?.has(listener) === false) process.off(signal, listener);
    }
  });
  return vitest;
}
