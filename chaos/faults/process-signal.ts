/** SIGSTOP or SIGKILL to processes of a service, found by name in its container. */
import type { Fault, UndoAction } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { findProcesses } from './processes.ts';
import type { ProcessName, ProcessSeen } from './processes.ts';

const EFFECT_TIMEOUT_MS = 5_000;
const REMOVAL_TIMEOUT_MS = 30_000;
const LOOK_EVERY_MS = 300;

export interface ProcessSignalOptions {
  readonly service: string;
  readonly process: ProcessName;
  readonly signal: 'SIGSTOP' | 'SIGKILL';
  /** Which of them: the first (oldest) one, or all. */
  readonly which: 'first' | 'all';
}

/**
 * A stopped process keeps its sockets, and its kernel accepts for it: SIGCONT to
 * exactly those that were stopped undoes it. A killed one is started again by whoever
 * looks after it (nginx's master, PM2, Postgres); the container is started again when
 * the process was all that kept it running.
 */
export function processSignal({ service, process, signal, which }: ProcessSignalOptions): Fault {
  let victims: readonly ProcessSeen[] = [];
  let count = 0;
  const pids = (): string[] => victims.map(({ pid }) => String(pid));
  return {
    name: `process-signal ${signal} ${process} of ${service}`,
    services: [service],
    undo: async (target) => {
      const found = await findProcesses(target, service, process);
      if (found.length === 0) throw new Error(`${service} has no ${process}`);
      count = found.length;
      victims = which === 'all' ? found : found.slice(0, 1);
      const of = { service, containerId: target.containerId(service) };
      const actions: UndoAction[] = [{ ...of, action: 'start' }];
      if (signal === 'SIGSTOP') actions.push({ ...of, action: 'exec', argv: goOn(pids()) });
      return actions;
    },
    inject: async (target) => {
      // Whoever dies with its container ends this command as well: what came of it is proved below.
      await target.host
        .exec(target.containerId(service), ['kill', `-${signal.slice(3)}`, ...pids()])
        .catch(() => undefined);
    },
    proveEffect: async (target) => {
      await waitFor(`${process} of ${service} has ${signal}`, EFFECT_TIMEOUT_MS, async () => {
        const left = await remaining(target, service, process, victims);
        return signal === 'SIGSTOP' ? left.every(({ state }) => state === 'T') && left.length > 0 : left.length === 0;
      });
      return `${process} ${pids().join(', ')} ${signal === 'SIGSTOP' ? 'stopped (state T)' : 'gone'}`;
    },
    proveRemoval: async (target) => {
      const now = await waitFor(
        `${process} of ${service} as before`,
        REMOVAL_TIMEOUT_MS,
        async () => {
          const found = await findProcesses(target, service, process);
          return found.length >= count && found.every(({ state }) => state !== 'T') ? found : null;
        },
        LOOK_EVERY_MS,
      );
      return `${now.length} of ${process} running: ${now.map(({ pid }) => pid).join(', ')}`;
    },
  };
}

/** Processes that have gone meanwhile need nothing. */
function goOn(pids: readonly string[]): string[] {
  return ['sh', '-c', 'for pid in "$@"; do kill -CONT "$pid" 2>/dev/null || true; done', 'go-on', ...pids];
}

async function remaining(
  target: ChaosTarget,
  service: string,
  process: ProcessName,
  victims: readonly ProcessSeen[],
): Promise<readonly ProcessSeen[]> {
  const found = await findProcesses(target, service, process);
  return found.filter((now) => victims.some(({ pid, born }) => pid === now.pid && born === now.born));
}
