/** Other files on gateway nodes, taken over by a reload; the old ones come back with another one. */
import { LIST_NGINX, workersOf } from '../../environments/harness/nginx-workers.ts';
import type { Fault, UndoAction } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';

/** nginx starts new workers before it tells the old ones to go. */
const RELOAD_TIMEOUT_MS = 15_000;
const LOOK_EVERY_MS = 200;
/** A node that does not run reads its files when it starts. */
const RELOAD = ['sh', '-c', 'if pidof nginx >/dev/null; then nginx -t && nginx -s reload; fi'];

/** Texts of files by absolute path. */
type Files = Readonly<Record<string, string>>;

export interface GatewayFilesOptions {
  readonly name: string;
  readonly nodes: readonly string[];
  /** Absolute paths of the files that change. */
  readonly paths: readonly string[];
  /** New texts of a node's files; called once with the old ones. @throws Error when they do not fit */
  readonly change: (old: Files, node: string, target: ChaosTarget) => Promise<Files> | Files;
}

interface NodeState {
  readonly after: Files;
  readonly modes: Readonly<Record<string, number>>;
  /** Workers that served when the fault was asked for last; a reload replaces all of them. */
  workers: readonly string[];
}

/**
 * Changes files on gateway nodes and reloads nginx after `nginx -t`. The effect is
 * proved by the files and by workers that all began after the reload.
 */
export function gatewayFiles({ name, nodes, paths, change }: GatewayFilesOptions): Fault {
  const states = new Map<string, NodeState>();
  const stateOf = (node: string): NodeState => {
    const state = states.get(node);
    if (!state) throw new Error(`${name} was not armed on ${node}`);
    return state;
  };
  const renewed = async (target: ChaosTarget, node: string): Promise<void> => {
    const state = stateOf(node);
    state.workers = await waitFor(
      `new workers on ${node}`,
      RELOAD_TIMEOUT_MS,
      async () => {
        const now = await servingWorkers(target, node);
        return now.length > 0 && now.every((pid) => !state.workers.includes(pid)) ? now : null;
      },
      LOOK_EVERY_MS,
    );
  };
  return {
    name,
    services: nodes,
    undo: async (target) => {
      const actions: UndoAction[] = [];
      for (const node of nodes) {
        const [before, modes] = await readFiles(target, node, paths);
        const after = await change(before, node, target);
        states.set(node, { after, modes, workers: await servingWorkers(target, node) });
        actions.push(...restore(target, node, before, modes));
      }
      return actions;
    },
    inject: async (target) => {
      for (const node of nodes) {
        const { after, modes } = stateOf(node);
        for (const [path, content] of Object.entries(after))
          await target.host.put(target.containerId(node), path, content, modes[path]);
        await reload(target, node);
      }
    },
    proveEffect: async (target) => {
      for (const node of nodes) {
        const [found] = await readFiles(target, node, paths);
        const wrong = paths.find((path) => found[path] !== stateOf(node).after[path]);
        if (wrong) throw new Error(`${wrong} on ${node} is not what was put there`);
        await renewed(target, node);
      }
      return `${paths.join(', ')} changed on ${nodes.join(' and ')}; all workers began after the reload`;
    },
    proveRemoval: async (target) => {
      for (const node of nodes) {
        const [found] = await readFiles(target, node, paths);
        const { after } = stateOf(node);
        const left = paths.find((path) => found[path] === after[path]);
        if (left) throw new Error(`${left} on ${node} was not put back`);
        await renewed(target, node);
      }
      return `old files back on ${nodes.join(' and ')}; all workers began after the reload`;
    },
  };
}

function restore(
  target: ChaosTarget,
  node: string,
  before: Files,
  modes: Readonly<Record<string, number>>,
): UndoAction[] {
  const of = { service: node, containerId: target.containerId(node) };
  const puts = Object.entries(before).map(([path, content]): UndoAction => {
    const mode = modes[path];
    return { ...of, action: 'put', path, content, ...(mode === undefined ? {} : { mode }) };
  });
  return [...puts, { ...of, action: 'exec', argv: RELOAD }];
}

async function readFiles(
  target: ChaosTarget,
  node: string,
  paths: readonly string[],
): Promise<[Files, Readonly<Record<string, number>>]> {
  const files: Record<string, string> = {};
  const modes: Record<string, number> = {};
  for (const path of paths) {
    // Links are followed: what is put back must be a file that nginx reads, with its own rights.
    const { exitCode, stdout, stderr } = await target.host.exec(target.containerId(node), [
      'sh',
      '-c',
      'stat -L -c %a "$1" && cat "$1"',
      'read',
      path,
    ]);
    if (exitCode !== 0) throw new Error(`${path} on ${node} cannot be read: ${stderr.trim()}`);
    const end = stdout.indexOf('\n');
    modes[path] = Number.parseInt(stdout.slice(0, end), 8);
    files[path] = stdout.slice(end + 1);
  }
  return [files, modes];
}

/** @throws Error with nginx's words when it refuses the files */
async function reload(target: ChaosTarget, node: string): Promise<void> {
  const { exitCode, stderr } = await target.host.exec(target.containerId(node), RELOAD);
  if (exitCode !== 0) throw new Error(`nginx on ${node} refuses the files: ${stderr.trim().slice(-300)}`);
}

/** Workers that take new connections, by process id. */
async function servingWorkers(target: ChaosTarget, node: string): Promise<readonly string[]> {
  return workersOf((await target.exec(node, LIST_NGINX)).stdout);
}
