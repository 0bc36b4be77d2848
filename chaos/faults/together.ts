/** Several faults at the same instant: one after the other they would be as many faults. */
import type { Fault } from '../runner/fault.ts';

/** One fault made of several, injected side by side and proved one after the other. */
export function together(name: string, faults: readonly Fault[]): Fault {
  return {
    name,
    services: [...new Set(faults.flatMap(({ services }) => services))],
    undo: async (target) => (await Promise.all(faults.map((fault) => fault.undo(target)))).flat(),
    inject: async (target) => {
      const ended = await Promise.allSettled(faults.map((fault) => fault.inject(target)));
      const failed = ended.find((one) => one.status === 'rejected');
      if (failed) throw failed.reason;
    },
    proveEffect: async (target) => joined(faults, (fault) => fault.proveEffect(target)),
    proveRemoval: async (target) => joined(faults, (fault) => fault.proveRemoval(target)),
  };
}

async function joined(faults: readonly Fault[], prove: (fault: Fault) => Promise<string>): Promise<string> {
  const said = await Promise.all(faults.map(async (fault) => `${fault.services.join(', ')}: ${await prove(fault)}`));
  return said.join('; ');
}
