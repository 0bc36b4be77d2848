/**
 * `npm run check`: everything that can be said about the code without running
 * it. Two tools at a time, the slow ones first; what a tool prints is shown
 * only when it fails.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, join } from 'node:path';

interface Tool {
  readonly name: string;
  readonly what: string;
  readonly command: readonly [string, ...string[]];
}

const root = join(import.meta.dirname, '..');

const ROOMS = ['cli', 'conformance', 'chaos', 'environments', 'measurement', 'reports', 'scenarios', 'test'].filter(
  (room) => existsSync(join(root, room)),
);

const TOOLS: readonly Tool[] = [
  {
    name: 'eslint',
    what: 'mistakes',
    command: ['eslint', '.', '--max-warnings', '0', '--cache', '--cache-location', '.cache/eslint/'],
  },
  { name: 'tsc', what: 'types', command: ['tsc', '-p', 'tsconfig.json', '--pretty'] },
  { name: 'tsc k6', what: 'types of k6 scripts', command: ['tsc', '-p', 'scenarios/k6', '--pretty'] },
  { name: 'tsc apps', what: 'types of applications', command: ['tsc', '-p', 'environments/apps', '--pretty'] },
  {
    name: 'knip',
    what: 'dead code and packages',
    command: ['knip', '--no-progress', '--cache', '--cache-location', '.cache/knip'],
  },
  {
    name: 'depcruise',
    what: 'one-way imports',
    command: ['depcruise', ...ROOMS, '--config', '.dependency-cruiser.cjs'],
  },
  {
    name: 'prettier',
    what: 'layout',
    command: ['prettier', '--check', '.', '--log-level', 'warn', '--cache', '--cache-location', '.cache/prettier'],
  },
];

/** Runs one tool to its end; what it printed comes back whole. */
async function run(tool: Tool): Promise<{ ok: boolean; output: string; duration_s: number }> {
  const started = performance.now();
  const [program, ...args] = tool.command;
  const path = join(root, 'node_modules/.bin') + delimiter + (process.env['PATH'] ?? '');
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PATH: path },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number>((resolve) => {
    child.on('error', (error) => {
      output += `${program} could not be started: ${error.message}. Run npm ci.\n`;
      resolve(1);
    });
    child.on('close', (exit) => {
      resolve(exit ?? 1);
    });
  });
  return { ok: code === 0, output, duration_s: (performance.now() - started) / 1000 };
}

mkdirSync(join(root, '.cache'), { recursive: true });
const chosen = process.argv.slice(2);
const waiting = TOOLS.filter((tool) => chosen.length === 0 || chosen.some((name) => tool.name.startsWith(name)));
const failed: string[] = [];
const count = waiting.length;

async function worker(): Promise<void> {
  for (let tool = waiting.shift(); tool !== undefined; tool = waiting.shift()) {
    const { ok, output, duration_s } = await run(tool);
    console.log(`${ok ? '✔' : '✘'} ${tool.name.padEnd(10)} ${tool.what.padEnd(24)} ${duration_s.toFixed(1)} s`);
    if (!ok) {
      failed.push(tool.name);
      console.log(output.trimEnd().replaceAll(/^/gm, '    '));
    }
  }
}

await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, worker));
console.log(
  failed.length === 0 ? `check: ${count} passed` : `check: ${failed.length} of ${count} failed: ${failed.join(', ')}`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
