/** A runner that is killed while faults are in: its watchdog undoes them, and `status` tells it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { pendingUndos, undoRecords } from '../../chaos/runner/undo.ts';
import { docker, RUN_LABEL } from '../../environments/harness/docker.ts';
import { FaultActions } from '../../environments/harness/fault-actions.ts';
import { ensureImages } from '../../environments/harness/images.ts';
import { removeRun } from '../../environments/harness/leftovers.ts';
import { waitFor } from '../../environments/harness/wait.ts';
import { gateproof } from './command.ts';

/** What is promised for a runner that dies. */
const UNDONE_WITHIN_MS = 10_000;
const TOXICS = '/proxies/link/toxics';
const RUNNER = join(import.meta.dirname, 'watchdog-runner.ts');

const root = mkdtempSync(join(tmpdir(), 'gateproof-watchdog-'));
let image: string;
let toxiproxy: string;
let count = 0;
let runId: string;
let runDir: string;
let victim: string;
let runner: ChildProcess | undefined;

beforeAll(async () => {
  const { roles } = await ensureImages({ roles: ['gateway', 'toxiproxy'] });
  [image, toxiproxy] = [roles.gateway.id, roles.toxiproxy.id];
});

beforeEach(async () => {
  count += 1;
  runId = `watchdog-${process.pid}-${count}`;
  runDir = join(root, runId);
  mkdirSync(runDir);
  victim = await started({ Image: image, Entrypoint: ['sleep'], Cmd: ['infinity'] });
});

/** A container of the run without a network. */
async function started(options: { Image: string; Entrypoint?: string[]; Cmd?: string[] }): Promise<string> {
  const own = { Labels: { [RUN_LABEL]: runId }, HostConfig: { NetworkMode: 'none', Init: true } };
  const container = await docker().createContainer({ ...options, ...own });
  await container.start();
  return container.id;
}

afterEach(async () => {
  runner?.kill('SIGKILL');
  await removeRun(runId);
});

afterAll(() => {
  rmSync(root, { recursive: true });
});

/** Starts the runner and waits until it says that the faults are in. */
async function inject(...faults: readonly string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [RUNNER, runDir, runId, image, victim, ...faults], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  runner = child;
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await waitFor('the faults to be in', async () => Promise.resolve(said.includes('in\n')), { limit_ms: 15_000 });
  return child;
}

const paused = async (): Promise<boolean> => (await new FaultActions(runId, image).inspect(victim)).paused;

async function dropped(): Promise<boolean> {
  const { stdout } = await new FaultActions(runId, image).networkExec(victim, ['iptables', '-S', 'INPUT']);
  return stdout.includes('DROP');
}

/** Asks toxiproxy, as soon as it listens. */
async function toxiproxyTells(path: string): Promise<string> {
  const patience = ['--retry', '20', '--retry-connrefused', '--retry-delay', '1'];
  const argv = ['curl', '-sS', ...patience, `http://127.0.0.1:8474${path}`];
  return (await new FaultActions(runId, image).networkExec(victim, argv)).stdout;
}

/** Waits for what the watchdog promises. */
async function untilUndone(): Promise<void> {
  await waitFor('the watchdog to undo everything', async () => Promise.resolve(pendingUndos(runDir).length === 0), {
    limit_ms: UNDONE_WITHIN_MS,
    lastSeen: () => readFileSync(join(runDir, 'watchdog.log'), 'utf8'),
  });
}

const undoneByWatchdog = (): string[] =>
  undoRecords(runDir).flatMap(({ by, state, fault }) => (by === 'watchdog' && state === 'undone' ? [fault] : []));

test('kill -9 while a container is paused: it goes on within 10 s, and status tells when', async () => {
  const child = await inject('pause');
  expect(await paused()).toBe(true);
  child.kill('SIGKILL');
  await untilUndone();
  expect(await paused()).toBe(false);
  const { stdout } = await gateproof(['status', '--out', root]);
  expect(stdout).toMatch(new RegExp(`${runId} {2}1 fault injected\n {2}pause victim: undone by the watchdog at 20`));
});

test('kill -9 while packets are dropped and a second fault came on top: both are undone, the newest first', async () => {
  const child = await inject('drop', 'pause');
  expect(await dropped()).toBe(true);
  child.kill('SIGKILL');
  await untilUndone();
  expect(undoneByWatchdog()).toEqual(['pause victim', 'drop packets of victim']);
  expect(await paused()).toBe(false);
  expect(await dropped()).toBe(false);
});

test('kill -9 while a toxic is on a link: toxiproxy has none any more', async () => {
  victim = await started({ Image: toxiproxy });
  await toxiproxyTells('/version');
  const child = await inject('toxic');
  expect(await toxiproxyTells(TOXICS)).toContain('"latency"');
  child.kill('SIGKILL');
  await untilUndone();
  expect(undoneByWatchdog()).toEqual(['toxic on the link']);
  expect(JSON.parse(await toxiproxyTells(TOXICS))).toEqual([]);
});

test('kill -9 between the undo on disk and the injection does no harm', async () => {
  const child = await inject('armed-only');
  child.kill('SIGKILL');
  await untilUndone();
  expect(undoneByWatchdog()).toEqual(['armed only']);
  expect(await paused()).toBe(false);
});

test('a runner that hangs loses its faults too, and its watchdog stays until it ends', async () => {
  const child = await inject('pause');
  child.kill('SIGSTOP');
  await untilUndone();
  expect(await paused()).toBe(false);
  child.kill('SIGKILL');
});
