/**
 * A runner that is made to be killed: it starts a watchdog, injects faults into one
 * container, says so, and waits. `watchdog-runner.ts <folder> <run> <image> <container> <fault>…`
 */
import { toxiproxyApi, undoToxic } from '../../chaos/faults/toxiproxy.ts';
import { Armory } from '../../chaos/runner/armory.ts';
import type { Fault, UndoAction } from '../../chaos/runner/fault.ts';
import { startTimeline } from '../../chaos/runner/timeline.ts';
import { writeUndo } from '../../chaos/runner/undo.ts';
import { startWatchdog } from '../../chaos/runner/watchdog.ts';
import { FaultActions } from '../../environments/harness/fault-actions.ts';
import { fakeTarget } from '../unit/chaos/fake-target.ts';

const [, , runDir = '', runId = '', image = '', containerId = '', ...kinds] = process.argv;
const host = new FaultActions(runId, image);
const target = { ...fakeTarget(), runId, host, containerId: () => containerId };
const on = { service: 'victim', containerId };

function fault(name: string, undo: UndoAction, inject: () => Promise<void>): Fault {
  return {
    name,
    services: ['victim'],
    undo: async () => Promise.resolve([undo]),
    inject,
    proveEffect: async () => Promise.resolve(''),
    proveRemoval: async () => Promise.resolve(''),
  };
}

const LINK = { name: 'link', listen: '127.0.0.1:20001', upstream: '127.0.0.1:20002', enabled: true } as const;
const TOXIC = 'latency';

const rule = (flag: string): string => `iptables ${flag} INPUT -p tcp --dport 81 -j DROP`;

const FAULTS: Readonly<Record<string, Fault>> = {
  pause: fault('pause victim', { ...on, action: 'unpause' }, () => host.pause(containerId)),
  drop: fault(
    'drop packets of victim',
    { ...on, action: 'network-exec', argv: ['sh', '-c', `while ${rule('-D')} 2>/dev/null; do :; done`] },
    async () => {
      await host.networkExec(containerId, ['sh', '-c', rule('-A')]);
    },
  ),
  // The container is toxiproxy itself, and the link leads nowhere: what counts is who takes the toxic away.
  toxic: {
    ...fault('toxic on the link', { ...on, action: 'unpause' }, async () => {
      const proxy = await toxiproxyApi(target).createProxy(LINK);
      const attributes = { latency: 1_000, jitter: 0 };
      await proxy.addToxic({ name: TOXIC, type: TOXIC, stream: 'downstream', toxicity: 1, attributes });
    }),
    undo: async () => Promise.resolve([undoToxic(target, LINK, TOXIC)]),
  },
};

startWatchdog({ runDir, runId, toolImage: image, limit_s: 60 });
const armory = new Armory(target, runDir, startTimeline());
for (const kind of kinds) {
  const wanted = FAULTS[kind];
  if (wanted) await armory.inject(wanted);
  // Killed between the undo on disk and the injection: nothing is in, and the undo must do no harm.
  else
    writeUndo(runDir, {
      id: 'armed-only',
      at: new Date().toISOString(),
      runId,
      fault: 'armed only',
      undo: [{ ...on, action: 'unpause' }],
      state: 'armed',
      by: 'runner',
    });
}
process.stdout.write('in\n');
setInterval(() => undefined, 1_000);
