/** Processes of an nginx in a container. */
import { mustExec } from './containers.ts';

/** Lists the processes of nginx for {@link workersOf}; ps fails when there are none. */
export const LIST_NGINX = ['sh', '-c', 'ps -C nginx -o pid=,args= || true'] as const;

/** Process ids of the workers that take new connections, from what {@link LIST_NGINX} wrote. */
export function workersOf(listing: string): string[] {
  return listing
    .split('\n')
    .filter((line) => line.includes('worker process') && !line.includes('shutting down'))
    .map((line) => line.trim().split(/\s+/)[0] ?? '');
}

/** Process ids of the workers that take new connections; none when nginx does not run. */
export async function servingWorkers(containerId: string): Promise<string[]> {
  return workersOf(await mustExec(containerId, LIST_NGINX));
}

/**
 * Memory of each of these workers, MiB: resident pages that no file backs (RssAnon of
 * proc_pid_status(5)), which anybody may read. Pages that they still share with the master count
 * in each; the proportional set size would tell them apart, but may not be read everywhere.
 *
 * @throws HarnessError when one ends meanwhile
 */
export async function workerMemory(containerId: string): Promise<number[]> {
  const status = (await servingWorkers(containerId)).map((pid) => `/proc/${pid}/status`);
  if (status.length === 0) return [];
  const kib = await mustExec(containerId, ['awk', '/^RssAnon:/ { print $2 }', ...status]);
  return kib
    .trim()
    .split('\n')
    .map((each) => Number(each) / 1024);
}
