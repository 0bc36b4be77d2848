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
      for (const file of GATEWAY_LOGS) {
        const { exitCode, stdout } = await exec(Id, ['tail', '-n', String(KEPT_LINES), file]);
        if (exitCode === 0) await writeFile(join(dir, `${name}-${basename(file)}`), stdout);
      }
    }),
  );
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
