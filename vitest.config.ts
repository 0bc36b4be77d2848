import { defineConfig } from 'vitest/config';

/** What each kind of test may take; everything but `unit` needs Docker or owns the machine's clock. */
function project(name: string, include: readonly string[], timeout_ms: number, fileParallelism: boolean) {
  return {
    extends: true as const,
    test: { name, include: [...include], testTimeout: timeout_ms, hookTimeout: timeout_ms, fileParallelism },
  };
}

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    // A retry hides a flake, and a file that tests nothing is a mistake.
    retry: 0,
    // Tests that share a topology have a lane of client addresses each, and there are four lanes.
    maxConcurrency: 4,
    passWithNoTests: false,
    projects: [
      project('unit', ['test/unit/**/*.test.ts', 'test/tidy.test.ts'], 20_000, true),
      project('calibration', ['test/calibration/**/*.test.ts'], 300_000, false),
      project('mutants', ['test/mutants/**/*.test.ts'], 1_200_000, false),
      project('e2e', ['test/e2e/**/*.test.ts'], 1_200_000, false),
    ],
  },
});
