/** Backups of a gateway node: made with the script of the variant, looked at, restored. */
import type { ChaosTarget } from '../runner/target.ts';
import { mustRun } from './commands.ts';

export const BACKUP_TOOL = '/usr/local/bin/backup-gateway-config.sh';
const ROOT = '/backups/gateway';

/** What a backup holds, and what it should hold. */
export interface BackupContent {
  /** Names of the files in the backup's folder. */
  readonly files: readonly string[];
  /** Files of the node's configuration, programs of keepalived among them, that are not in the backup. */
  readonly missing: readonly string[];
  /** How many files the configuration has. */
  readonly expected: number;
}

/** Makes a backup; its folder, or null when the script left none. */
export async function makeBackup(target: ChaosTarget, node: string): Promise<string | null> {
  await target.host.exec(target.containerId(node), ['bash', BACKUP_TOOL]);
  const { stdout } = await target.exec(node, ['sh', '-c', `ls -d ${ROOT}/20* 2>/dev/null | tail -n 1`]);
  return stdout.trim() || null;
}

/** Folders of backups that were made so many days ago, in a root that is old itself. */
export async function plantBackups(target: ChaosTarget, node: string, days: readonly number[]): Promise<void> {
  const plant = days.map((day) => `mkdir -p ${ROOT}/day-${day}; touch -d '${day} days ago' ${ROOT}/day-${day}`);
  await mustRun(target, node, ['sh', '-ec', [...plant, `touch -d '40 days ago' ${ROOT}`].join('\n')]);
}

/** Ages in days of the planted backups that are still there. */
export async function plantedLeft(target: ChaosTarget, node: string): Promise<readonly number[]> {
  const { stdout } = await target.exec(node, ['sh', '-c', `ls ${ROOT} 2>/dev/null`]);
  return [...stdout.matchAll(/^day-(\d+)$/gm)].map(([, day]) => Number(day)).toSorted((a, b) => a - b);
}

export async function removeBackups(target: ChaosTarget, node: string): Promise<void> {
  await target.host.exec(target.containerId(node), ['rm', '-rf', ROOT]);
}

const LOOK = `
cd "$0"
ls
echo --
for archive in *.tar.gz; do tar -tzf "$archive"; done | sed 's#^/##' | sort > /tmp/archived
{
  find /etc/nginx /etc/letsencrypt ! -type d
  grep -oE '"/[^" ]+' /etc/keepalived/keepalived.conf | tr -d '"'
} | sed 's#^/##' | sort -u > /tmp/expected
wc -l < /tmp/expected
comm -23 /tmp/expected /tmp/archived
cmp -s keepalived.conf /etc/keepalived/keepalived.conf || echo etc/keepalived/keepalived.conf
rm /tmp/archived /tmp/expected
`;

/** Compares a backup with what the node has now. */
export async function lookAtBackup(target: ChaosTarget, node: string, folder: string): Promise<BackupContent> {
  const [files = '', rest = ''] = (await mustRun(target, node, ['sh', '-c', LOOK, folder])).split('--\n');
  const [expected = '0', ...missing] = rest.trim().split('\n');
  return { files: files.trim().split('\n'), missing, expected: Number(expected) };
}

const RESTORE = `
for archive in "$0"/*.tar.gz; do tar -C / -xzf "$archive"; done
cp "$0/keepalived.conf" /etc/keepalived/
nginx -t -q
if pidof nginx >/dev/null; then nginx -s reload; else nginx </dev/null >/dev/null 2>&1; fi
`;

/** Puts a backup back on a node and loads it. Its words when nginx refuses, else null. */
export async function restoreBackup(target: ChaosTarget, node: string, folder: string): Promise<string | null> {
  const { exitCode, stderr } = await target.host.exec(target.containerId(node), ['sh', '-ec', RESTORE, folder]);
  return exitCode === 0 ? null : stderr.trim().slice(-300) || `the restore ended with ${exitCode}`;
}

/**
 * Restores a backup in an empty gateway container, which gets nothing else but the
 * node's names of hosts. Its words when nginx refuses, else null.
 */
export async function restoreElsewhere(
  target: ChaosTarget,
  node: string,
  folder: string,
  empty: string,
): Promise<string | null> {
  const packed = await mustRun(target, node, ['sh', '-ec', 'tar -C "$0" -czf - . | base64 -w 0', folder]);
  const hosts = await mustRun(target, node, ['cat', '/etc/hosts']);
  await target.host.put(target.containerId(empty), '/tmp/backup.b64', packed);
  const unpack = `
printf '%s\\n' "$1" >> /etc/hosts
rm -rf /etc/nginx/* /etc/letsencrypt
mkdir -p "$0" /etc/keepalived
base64 -d /tmp/backup.b64 | tar -C "$0" -xzf -`;
  const { exitCode, stderr } = await target.host.exec(target.containerId(empty), ['sh', '-ec', unpack, folder, hosts]);
  if (exitCode !== 0) throw new Error(`${empty} cannot be prepared: ${stderr.trim().slice(-300)}`);
  return restoreBackup(target, empty, folder);
}
