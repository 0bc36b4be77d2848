import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { containerKill } from '../../../chaos/faults/container-kill.ts';
import { experiment } from '../../../chaos/runner/experiment.ts';
import type { Experiment } from '../../../chaos/runner/experiment.ts';
import { runExperiment } from '../../../chaos/runner/run.ts';
import type { ExperimentOptions } from '../../../chaos/runner/run.ts';
import { pendingUndos, UNDO_LOG } from '../../../chaos/runner/undo.ts';
import type { UndoRecord } from '../../../chaos/runner/undo.ts';
import { judgeOutages } from '../../../chaos/runner/verdict.ts';
import { pause } from '../../../chaos/runner/wait.ts';
import { fakeTarget } from './fake-target.ts';
import type { FakeTarget } from './fake-target.ts';

let runDir: string;
beforeEach(() => {
  runDir = mkdtempSync(join(tmpdir(), 'gateproof-chaos-'));
});
afterEach(() => rmSync(runDir, { recursive: true }));

const declared: Experiment = experiment({
  title: 'Losing customer-2',
  hypothesis: 'At most 3 s of failed requests.',
  verifies: ['x.failover'],
  steadyState: { availability_min: 0.99, latency_ms_p95_max: 100 },
  series: (target) => [
    {
      kind: 'new-connection',
      name: 'new-connections',
      address: target.gateway.address,
      port: target.gateway.port,
      method: 'GET',
      path: '/',
      host: 'gateway',
      interval_ms: 10,
      timeout_ms: 500,
      expect: [200],
    },
  ],
  method: [containerKill('customer-2', { seenFrom: 'gateway-1', healthPath: '/health' })],
  sabotage: 'a fake gateway has no configuration',
  blastRadius: ['customer-2'],
  limit_s: 3,
  trials: { smoke: 1, nightly: 2, prerelease: 3 },
  observe: async () => pause(250),
  recover: async () => pause(50),
  judge: (trials) => {
    const judged = judgeOutages(
      trials.map((one) => one.trial),
      3,
    );
    return [{ claim: 'x.failover', ...judged, expected: '', observed: '', evidence: [] }];
  },
});

function options(target: FakeTarget): ExperimentOptions {
  return {
    target,
    runDir,
    profile: 'smoke',
    seed: 1,
    reproduce: '',
    durations: { warmUp_ms: 50, calm_ms: 200, steadyBefore_ms: 300, steadyAfter_ms: 100 },
  };
}

const undoLog = (): UndoRecord[] =>
  readFileSync(join(runDir, UNDO_LOG), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as UndoRecord);

describe('a trial', () => {
  test('goes through its phases, measures the outage and undoes the fault', async () => {
    const target = fakeTarget({ neededByClients: 'customer-2' });
    const phases: string[] = [];
    const { experiment: result } = await runExperiment('loss', declared, {
      ...options(target),
      onPhase: (_, phase) => phases.push(phase),
    });
    expect(phases).toEqual([
      'set the stage',
      'steady state before',
      'inject',
      'prove effect',
      'observe',
      'revert',
      'prove removal',
      'recover',
      'steady state after',
    ]);
    expect(result.verdict).toBe('conforms');
    expect(result.rollbacks).toEqual({ done: 1, failed: 0 });
    const trial = result.trials[0];
    expect(trial?.valid).toBe(true);
    expect(trial?.lower_s).toBeGreaterThan(0.15);
    expect(trial?.upper_s).toBeLessThan(1.5);
    expect(trial?.errorsByKind).toEqual({ ECONNREFUSED: trial?.failedRequests });
    expect(trial?.fault.injected_ms).toBeLessThan(trial?.fault.proved_ms ?? 0);
    expect(trial?.fault.reverted_ms).toBeLessThan(trial?.fault.healed_ms ?? 0);
    expect(undoLog().map((record) => record.state)).toEqual(['armed', 'undone']);
    expect(target.running.get('customer-2')).toBe(true);
  });

  test('the undo is on disk before the fault is in', async () => {
    const target = fakeTarget();
    let seen: UndoRecord[] = [];
    const spied = {
      ...target,
      host: {
        ...target.host,
        kill: async (id: string) => {
          seen = pendingUndos(runDir);
          await target.host.kill(id);
        },
      },
    };
    await runExperiment('loss', declared, options(spied));
    expect(seen).toMatchObject([{ state: 'armed', undo: [{ action: 'start', service: 'customer-2' }] }]);
    expect(pendingUndos(runDir)).toEqual([]);
  });

  test('what fails while the fault is in does not keep it in', async () => {
    const target = fakeTarget();
    const failing = { ...declared, observe: async () => Promise.reject(new Error('lost sight')) };
    const { experiment: result } = await runExperiment('loss', failing, options(target));
    expect(target.calls).toEqual(['kill customer-2', 'start customer-2']);
    expect(result.verdict).toBe('inconclusive');
    expect(result.reason).toContain('lost sight');
    expect(result.trials[0]).toMatchObject({ valid: false, invalidReason: 'lost sight' });
  });

  test('a failed rollback is an error, and stays in the log', async () => {
    const { experiment: result } = await runExperiment('loss', declared, options(fakeTarget({ startFails: true })));
    expect(result.verdict).toBe('error');
    expect(pendingUndos(runDir)).toHaveLength(1);
  });

  test('a late prober makes it inconclusive', async () => {
    const { experiment: result } = await runExperiment('loss', declared, options(fakeTarget({ lateness_ms: 8 })));
    expect(result.verdict).toBe('inconclusive');
    expect(result.reason).toContain('prober was late');
  });

  test('a trial with a late prober is replaced once, and stays in the record', async () => {
    const target = fakeTarget({ lateness_ms: 8, lateOnce: true });
    const { experiment: result } = await runExperiment('loss', declared, options(target));
    expect(result.verdict).toBe('conforms');
    expect(result.trials.map(({ valid }) => valid)).toEqual([false, true]);
    expect(result.trials[0]?.invalidReason).toContain('prober was late');
  });

  test('a trial that failed in another way is not repeated', async () => {
    const failing = { ...declared, observe: async () => Promise.reject(new Error('lost sight')) };
    const { experiment: result } = await runExperiment('loss', failing, options(fakeTarget()));
    expect(result.trials).toHaveLength(1);
  });

  test('a trial waits for a punctual prober, and tells it', async () => {
    const target = fakeTarget({ lateness_ms: 8 });
    const { experiment: result } = await runExperiment('loss', declared, options(target));
    expect(result.trials[0]?.timeline.map(({ what }) => what).join()).toMatch(/waited \d+ s for a machine/);
  });

  test("a container without this run's label is left alone", async () => {
    const target = fakeTarget({ foreign: true });
    const { experiment: result } = await runExperiment('loss', declared, options(target));
    expect(target.calls).toEqual([]);
    expect(result.verdict).toBe('inconclusive');
    expect(result.reason).toContain('left alone');
  });

  test('an abort undoes the fault', async () => {
    const target = fakeTarget();
    const controller = new AbortController();
    const onPhase = (_: number, phase: string): void => {
      if (phase === 'prove effect') controller.abort(new Error('stopped by hand'));
    };
    await runExperiment('loss', declared, { ...options(target), onPhase, signal: controller.signal });
    expect(target.calls).toEqual(['kill customer-2', 'start customer-2']);
  });
});

describe('declarations', () => {
  test('a fault outside the blast radius is refused', () => {
    expect(() => experiment({ ...declared, blastRadius: [] })).toThrow('outside the blast radius');
  });

  test('an experiment without a claim is refused', () => {
    expect(() => experiment({ ...declared, verifies: [] })).toThrow(RangeError);
    expect(() => experiment({ ...declared, sabotage: [] })).toThrow('does not say why');
  });
});
