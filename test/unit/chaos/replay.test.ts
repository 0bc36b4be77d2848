import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { Armory } from '../../../chaos/runner/armory.ts';
import type { Fault } from '../../../chaos/runner/fault.ts';
import { Replay } from '../../../chaos/runner/replay.ts';
import type { FaultHost } from '../../../chaos/runner/target.ts';
import { startTimeline } from '../../../chaos/runner/timeline.ts';
import { applyUndo, pendingUndos, undoRecords, writeUndo } from '../../../chaos/runner/undo.ts';
import { faultLines, faultStories } from '../../../cli/run/faults.ts';
import { fakeTarget } from './fake-target.ts';

let root: string;
let runDir: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gateproof-replay-'));
  runDir = join(root, 'run-1');
});
afterEach(() => rmSync(root, { recursive: true }));

const on = { service: 'x', containerId: 'id-x' };

function arm(id: string, fault: string): void {
  const undo = [{ ...on, service: fault, containerId: fault, action: 'unpause' as const }];
  writeUndo(runDir, { id, at: new Date().toISOString(), runId: 'run-1', fault, undo, state: 'armed', by: 'runner' });
}

/** A host that notes what is undone, and fails so many times. */
function host(failures = 0): { readonly host: FaultHost; readonly calls: string[] } {
  const calls: string[] = [];
  let left = failures;
  const unpause = async (id: string): Promise<void> => {
    calls.push(id);
    left -= 1;
    if (left >= 0) throw new Error('the engine does not answer');
    return Promise.resolve();
  };
  return { calls, host: { ...fakeTarget().host, unpause } };
}

const replayOf = (fakeHost: FaultHost): Replay =>
  new Replay({ runDir, host: fakeHost, say: () => undefined, settle_ms: 1 });

describe('replaying an undo log', () => {
  test('for a dead runner everything is undone twice, newest first, and told once', async () => {
    arm('1', 'first');
    arm('2', 'second');
    const { host: fake, calls } = host();
    await replayOf(fake).toTheEnd('test');
    expect(calls).toEqual(['second', 'first', 'second', 'first']);
    expect(undoRecords(runDir).map(({ state }) => state)).toEqual(['armed', 'armed', 'undone', 'undone']);
  });

  test('what fails is tried again, and not for ever', async () => {
    arm('1', 'first');
    const twice = host(2);
    await replayOf(twice.host).toTheEnd('test');
    expect(pendingUndos(runDir)).toEqual([]);
    arm('2', 'second');
    const always = host(99);
    await replayOf(always.host).toTheEnd('test');
    expect(always.calls).toHaveLength(5);
    expect(pendingUndos(runDir)).toMatchObject([{ fault: 'second', problem: 'the engine does not answer' }]);
  });

  test('while the runner may live each fault is undone once', async () => {
    arm('1', 'first');
    const { host: fake, calls } = host(1);
    const replay = replayOf(fake);
    await replay.once('silent');
    await replay.once('silent');
    expect(calls).toEqual(['first']);
  });
});

describe('undoing', () => {
  test('a step that fails does not keep the others from being taken', async () => {
    const { host: fake, calls } = host(1);
    const steps = ['a', 'b'].map((containerId) => ({ service: containerId, containerId, action: 'unpause' as const }));
    await expect(applyUndo(fake, steps)).rejects.toThrow('does not answer');
    expect(calls).toEqual(['a', 'b']);
  });

  test('a container that ended took its network, one that is removed took everything', async () => {
    const target = fakeTarget();
    const gone = {
      ...target.host,
      unpause: async () => Promise.reject(Object.assign(new Error(), { statusCode: 404 })),
    };
    await applyUndo(gone, [
      { ...on, action: 'network-exec', argv: ['true'] },
      { ...on, action: 'unpause' },
    ]);
  });
});

describe('the armory', () => {
  const named = (inject: () => Promise<void>): Fault => ({
    name: 'pause x',
    services: ['x'],
    undo: async () => Promise.resolve([{ ...on, action: 'unpause' }]),
    inject,
    proveEffect: async () => Promise.resolve(''),
    proveRemoval: async () => Promise.resolve(''),
  });

  test('closing waits for an injection under way and undoes it; nothing goes in afterwards', async () => {
    const { host: fake, calls } = host();
    const armory = new Armory({ ...fakeTarget(), host: fake }, runDir, startTimeline());
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const slow = named(async () => {
      await promise;
      calls.push('injected');
    });
    const injecting = armory.inject(slow);
    const closing = armory.close();
    resolve(undefined);
    await Promise.all([injecting, closing].map(async (one) => one.catch(() => undefined)));
    expect(calls.at(-1)).not.toBe('injected');
    expect(armory.inForce).toEqual([]);
    await expect(armory.inject(slow)).rejects.toThrow('has ended');
  });

  test('knows when the watchdog was there', async () => {
    const { host: fake } = host();
    const armory = new Armory({ ...fakeTarget(), host: fake }, runDir, startTimeline());
    await armory.inject(named(async () => Promise.resolve()));
    expect(armory.undoneByOthers).toBeNull();
    await replayOf(fake).once('silent');
    expect(armory.undoneByOthers).toMatch(/^the watchdog undid pause x at 20/);
  });
});

describe('what status tells', () => {
  const told = (engine: ReadonlyMap<string, boolean>): string => faultLines(faultStories(root, engine)).join('\n');

  test('a fault that is still in, meant to be in, or gone with its container', () => {
    arm('1', 'pause x');
    expect(told(new Map([['run-1', false]]))).toMatch(/pause x: armed at 20.*not undone: STILL IN/);
    expect(told(new Map([['run-1', true]]))).toContain('in now, the run is measuring');
    expect(told(new Map())).toContain('gone with the containers');
  });

  test('what the watchdog undid, and runs that did it themselves', async () => {
    arm('1', 'pause x');
    await replayOf(host().host).toTheEnd('test');
    expect(told(new Map())).toMatch(/1 fault injected\n {2}pause x: undone by the watchdog at 20/);
    const [armed] = undoRecords(runDir);
    if (!armed) throw new Error('nothing was armed');
    for (const state of ['armed', 'undone'] as const) writeUndo(join(root, 'run-2'), { ...armed, state });
    expect(told(new Map())).toContain('faults of 1 other run: 1, all undone by the runs');
    expect(faultLines(faultStories(join(root, 'none'), new Map()))).toEqual([]);
  });
});
