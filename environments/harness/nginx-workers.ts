/** Processes of an nginx in a container. */
import { mustExec } from './containers.ts';

const LIST = "ps -C nginx -o pid=,args= | grep 'worker process' | grep -v 'shutting down' | awk '{ print $1 }'";

/** Process ids of the workers that take new connections; none when nginx does not run. */
export async function servingWorkers(containerId: string): Promise<string[]> {
  return lines(await mustExec(containerId, ['sh', '-c', LIST]));
}

/**
 * Memory of each of these workers, MiB: resident pages that no file backs (RssAnon of
 * proc_pid_status(5)), which anybody may read. Pages that they still share with the master count
 * in each; the proportional set size would tell them apart, but may not be read everywhere.
 */
export async function workerMemory(containerId: string): Promise<number[]> {
  const each = `${LIST} | while read -r pid; do awk '/^RssAnon:/ { print $2 }' "/proc/$pid/status"; done`;
  return lines(await mustExec(containerId, ['sh', '-c', each])).map((kib) => Number(kib) / 1024);
}

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');
