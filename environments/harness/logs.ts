import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { docker, RUN_LABEL } from './docker.ts';
import { exec } from './containers.ts';

/** Lines kept of each log: enough to explain a failure, bounded in size. */
const KEPT_LINES = 5_000;

/** Files that gateways write; without keepalived there are only nginx's. */
const GATEWAY_LOGS = [
  '/var/log/nginx/access.log',
  '/var/log/nginx/error.log',
  '/var/log/keepalived.log',
  '/var/log/keepalived-state.log',
];

/** Saves the output of every container of a run, and the log files of its gateways, below `dir`. */
export async function saveLogs(runId: string, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const containers = await docker().listContainers({ all: true, filters: { label: [`${RUN_LABEL}=${runId}`] } });
  await Promise.all(
    containers.map(async ({ Id, Labels, State }) => {
      const name = Labels['gateproof.service'] ?? Id.slice(0, 12);
      const output = await docker().getContainer(Id).logs({ stdout: true, stderr: true, tail: KEPT_LINES });
      await writeFile(join(dir, `${name}.log`), withoutFrames(output));
      if (Labels['gateproof.role'] !== 'gateway' || State !== 'running') return;
      // One command for all: each costs the engine more than the reading.
      const { stdout } = await exec(Id, ['tail', '-v', '-n', String(KEPT_LINES), ...GATEWAY_LOGS]);
      for (const [file, text] of filesIn(stdout)) await writeFile(join(dir, `${name}-${basename(file)}`), text);
    }),
  );
}

/** What `tail -v` printed of each file; those that are not there are left out. */
export function filesIn(stdout: string): readonly (readonly [file: string, text: string])[] {
  const parts = stdout.split(/(?:^|\n)==> (\S+) <==\n/);
  return parts.slice(1).flatMap((file, index) => (index % 2 === 0 ? [[file, parts[index + 2] ?? ''] as const] : []));
}

/** The last lines that a container wrote to its standard output, oldest first. */
export async function outputOf(containerId: string, lines: number): Promise<string[]> {
  const output = await docker().getContainer(containerId).logs({ stdout: true, stderr: false, tail: lines });
  return withoutFrames(output)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** Docker multiplexes both streams in frames of an 8-byte header and a payload. */
function withoutFrames(output: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at + 8 <= output.length;) {
    const size = output.readUInt32BE(at + 4);
    parts.push(output.subarray(at + 8, at + 8 + size));
    at += 8 + size;
  }
  return Buffer.concat(parts);
}
