/** Processes of an nginx in a container. */
import { mustExec } from './containers.ts';

const LIST = "ps -C nginx -o pid=,args= | grep 'worker process' | grep -v 'shutting down' | awk '{ print $1 }'";

/** Process ids of the workers that take new connections; none when nginx does not run. */
export async function servingWorkers(containerId: string): Promise<string[]> {
  return lines(await mustExec(containerId, ['sh', '-c', LIST]));
}

/**
 * Memory of each of these workers, MiB: the proportional set size of proc_pid_smaps(5), in
 * which pages that the workers share count in parts.
 */
export async function workerMemory(containerId: string): Promise<number[]> {
  const each = `${LIST} | while read -r pid; do awk '/^Pss:/ { print $2 }' "/proc/$pid/smaps_rollup"; done`;
  return lines(await mustExec(containerId, ['sh', '-c', each])).map((kib) => Number(kib) / 1024);
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
