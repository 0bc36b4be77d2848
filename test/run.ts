/**
 * Runs `npm run check` and every kind of test, one kind after the other, cheap
 * ones first. All kinds run even when one fails. The last line says
 * `N passed, N failed`. With arguments, only the named kinds run.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
const KINDS = ['check', 'unit', 'calibration', 'mutants', 'e2e'] as const;
type Kind = (typeof KINDS)[number];

interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** Runs a program with our own Node and packages first on its path; its output goes through. */
async function run(program: string, args: readonly string[]): Promise<number> {
  const path = join(ROOT, 'node_modules/.bin') + delimiter + (process.env['PATH'] ?? '');
  const child = spawn(program, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, PATH: path } });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}

async function runKind(kind: Kind): Promise<Count> {
  if (kind === 'check') {
    const code = await run('node', ['test/check.ts']);
    return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1 };
  }
  const results = join(ROOT, `.cache/test-${kind}.json`);
  rmSync(results, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  const code = await run('vitest', ['run', '--project', kind, ...reporters]);
  const { numPassedTests: passed, numFailedTests } = readResults(results);
  // A file that cannot be loaded, or an error outside any test, fails no test but the run.
  const failed = code !== 0 && numFailedTests === 0 ? 1 : numFailedTests;
  return { passed, failed };
}

function readResults(path: string): { numPassedTests: number; numFailedTests: number } {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as { numPassedTests: number; numFailedTests: number };
  } catch {
    return { numPassedTests: 0, numFailedTests: 0 };
  }
}

mkdirSync(join(ROOT, '.cache'), { recursive: true });
const asked = process.argv.slice(2);
const counts: Count[] = [];
for (const kind of KINDS.filter((name) => asked.length === 0 || asked.includes(name))) {
  const began = performance.now();
  console.log(`\n── ${kind}`);
  const count = await runKind(kind);
  counts.push(count);
  const duration_s = ((performance.now() - began) / 1000).toFixed(0);
  console.log(`── ${kind}: ${count.passed} passed, ${count.failed} failed in ${duration_s} s`);
}
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
