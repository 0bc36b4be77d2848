/** A client of Redis that goes by the Sentinels, in a container of its own, and what it saw. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MASTER_NAME, SENTINEL_PORT } from '../operations/redis-hosts.ts';
import type { HostAddresses } from '../operations/redis-hosts.ts';
import { mustRun } from '../operations/commands.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

export interface WriterPlan {
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly name: string;
  readonly key: string;
  readonly interval_ms: number;
  /** Where a line for each attempt goes. */
  readonly file: string;
}

/** One attempt to write; times in ms since the epoch. */
export interface WriteSeen {
  readonly sent_ms: number;
  readonly done_ms: number;
  readonly ok: boolean;
  /** The counter's value, or how the attempt failed. */
  readonly what: string;
}

const WRITER = 'redis-writer';
/** Beside the packages of the application, where the library is found. */
const PROGRAM = '/opt/gateproof/apps/sentinel-writer-main.ts';
const FILE = '/tmp/writes.ndjson';
const INTERVAL_MS = 50;
const START_TIMEOUT_MS = 20_000;

/** Starts the client and waits for its first write. @throws WaitTimeout when none succeeds */
export async function startWriter(target: ChaosTarget, addresses: HostAddresses): Promise<void> {
  const plan: WriterPlan = {
    sentinels: Object.values(addresses).map((host) => ({ host, port: SENTINEL_PORT })),
    name: MASTER_NAME,
    key: 'writer:count',
    interval_ms: INTERVAL_MS,
    file: FILE,
  };
  await target.startOwn({
    name: WRITER,
    image: 'app',
    command: ['node', PROGRAM, JSON.stringify(plan)],
    files: [{ path: PROGRAM, content: readFileSync(join(import.meta.dirname, 'sentinel-writer-main.ts'), 'utf8') }],
  });
  await waitFor('a first write through the Sentinels', START_TIMEOUT_MS, async () =>
    (await writesSeen(target)).some(({ ok }) => ok),
  );
}

/** All attempts so far, in the order of their ends. */
export async function writesSeen(target: ChaosTarget): Promise<readonly WriteSeen[]> {
  const text = await mustRun(target, WRITER, ['sh', '-c', `cat ${FILE} 2>/dev/null || true`]);
  return text.split('\n').flatMap((line) => (line.endsWith('}') ? [JSON.parse(line) as WriteSeen] : []));
}

export const removeWriter = (target: ChaosTarget): Promise<void> => target.removeOwn(WRITER);
