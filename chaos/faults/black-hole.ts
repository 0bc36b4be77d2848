/** Instances that nobody can reach any more: new connections go unanswered, kept ones are reset with their next packet. */
import type { Fault, UndoAction } from '../runner/fault.ts';
import type { ChaosTarget } from '../runner/target.ts';
import { waitFor } from '../runner/wait.ts';
import { must, removeRule } from './network-commands.ts';

const PROOF_TIMEOUT_MS = 10_000;
/** Shorter than the second SYN of a connection, which comes after 1 s. */
const PATIENCE_S = '0.9';

/** Takes all instances away within a fraction of a second, as seen from some services; undone by deleting the rules. */
export function blackHole(instances: readonly string[], from: readonly string[]): Fault {
  const each = async <T>(of: (instance: string) => Promise<T>): Promise<readonly T[]> => Promise.all(instances.map(of));
  const ends = (target: ChaosTarget, wanted: number) =>
    each((instance) =>
      Promise.all(
        from.map((seenFrom) =>
          waitFor(`${seenFrom} → ${instance}: curl ${wanted}`, PROOF_TIMEOUT_MS, async () => {
            const { address, port } = target.endpoint(instance);
            const argv = ['curl', '-s', '-o', '/dev/null', '-m', PATIENCE_S, `http://${address}:${port}/health`];
            return (await target.exec(seenFrom, argv)).exitCode === wanted;
          }),
        ),
      ),
    );
  return {
    name: `black-hole ${instances.join(', ')}`,
    services: instances,
    undo: async (target) => {
      // Helpers in the instances' networks take a moment to start; the rules then come in together.
      await each((instance) => must(target, instance, ['true']));
      return instances.flatMap((service): UndoAction[] =>
        rulesOf(target, service, from)
          .toReversed()
          .map((rule) => ({
            action: 'network-exec',
            service,
            containerId: target.containerId(service),
            argv: removeRule([], 'INPUT', rule),
          })),
      );
    },
    inject: async (target) => {
      await each(async (instance) => {
        for (const rule of rulesOf(target, instance, from))
          await must(target, instance, ['iptables', '-I', 'INPUT', ...rule]);
      });
    },
    proveEffect: async (target) => {
      await ends(target, 28);
      return `a connection from ${from.join(', ')} to any of them goes unanswered for ${PATIENCE_S} s`;
    },
    proveRemoval: async (target) => {
      await ends(target, 0);
      return `all of them answer ${from.join(', ')}`;
    },
  };
}

/**
 * In the order in which they come in; they go in the other one. At no moment is a new connection refused or reset:
 * that would be another fault, and nginx would leave all instances alone at once.
 */
function rulesOf(target: ChaosTarget, instance: string, from: readonly string[]): readonly (readonly string[])[] {
  const port = String(target.endpoint(instance).port);
  return from.flatMap((service) => {
    const toPort = ['-s', target.endpoint(service).address, '-p', 'tcp', '--dport', port];
    return [
      [...toPort, '--syn', '-j', 'DROP'],
      [...toPort, '!', '--syn', '-j', 'REJECT', '--reject-with', 'tcp-reset'],
    ];
  });
}
