import { describe, expect, test } from 'vitest';

import { parseCpuQuota, parseMemory } from '../../../chaos/faults/cgroup.ts';
import { containerPause } from '../../../chaos/faults/container-pause.ts';
import { containerRestart } from '../../../chaos/faults/container-restart.ts';
import { containerStop } from '../../../chaos/faults/container-stop.ts';
import { cpuQuotaLimit } from '../../../chaos/faults/cpu-quota.ts';
import { diskFull, requireSmall } from '../../../chaos/faults/disk-full.ts';
import { memoryLimit } from '../../../chaos/faults/memory-limit.ts';
import { nginxReload } from '../../../chaos/faults/nginx-reload.ts';
import { pm2Reload } from '../../../chaos/faults/pm2-reload.ts';
import { parseStats } from '../../../chaos/faults/processes.ts';
import { processSignal } from '../../../chaos/faults/process-signal.ts';
import { together } from '../../../chaos/faults/together.ts';
import type { ChaosTarget } from '../../../chaos/runner/target.ts';
import { fakeTarget } from './fake-target.ts';

const stat = (pid: number, state: string, born: number): string =>
  `${pid} (nginx: worker) ${state} 7 ${'0 '.repeat(17)}${born} 0`;

/** A topology whose commands print these texts, by the first word that fits. */
function target(outputs: Readonly<Record<string, string>>): ChaosTarget {
  const exec = async (_: string, argv: readonly string[]) => {
    const line = argv.join(' ');
    const known = Object.keys(outputs).find((part) => line.includes(part));
    return { exitCode: known === undefined ? 1 : 0, stdout: outputs[known ?? ''] ?? '', stderr: 'unknown' };
  };
  const fake = fakeTarget();
  return { ...fake, exec, host: { ...fake.host, exec } };
}

const seen = { seenFrom: 'gateway-1', healthPath: '/health' };
const of = { service: 'customer-1', containerId: 'id-customer-1' };

describe('what undoes a fault is data', () => {
  test('of stopped, restarted and paused containers', async () => {
    expect(await containerStop('customer-1', seen).undo(target({}))).toEqual([{ ...of, action: 'start' }]);
    expect(await containerRestart('customer-1', seen).undo(target({}))).toEqual([{ ...of, action: 'start' }]);
    expect(await containerPause('customer-1', seen).undo(target({}))).toEqual([{ ...of, action: 'unpause' }]);
  });

  test('SIGCONT goes to exactly the processes that were stopped', async () => {
    const two = target({ pgrep: `${stat(31, 'S', 200)}\n${stat(30, 'S', 100)}\n` });
    const signal = { service: 'customer-1', process: 'nginx worker', signal: 'SIGSTOP' } as const;
    const [start, goOn] = await processSignal({ ...signal, which: 'first' }).undo(two);
    expect(start).toEqual({ ...of, action: 'start' });
    expect(goOn).toMatchObject({ action: 'exec', argv: expect.arrayContaining(['30']) as unknown });
    expect(JSON.stringify(goOn)).not.toContain('31');
    const all = await processSignal({ ...signal, which: 'all' }).undo(two);
    expect(JSON.stringify(all[1])).toMatch(/"30","31"/);
  });

  test('a killed process is started by whoever looks after it; a process that is not there is refused', async () => {
    const kill = processSignal({ service: 'customer-1', process: 'Redis', signal: 'SIGKILL', which: 'all' });
    expect(await kill.undo(target({ pgrep: stat(9, 'S', 1) }))).toEqual([{ ...of, action: 'start' }]);
    await expect(kill.undo(target({ pgrep: '' }))).rejects.toThrow('customer-1 has no Redis');
  });

  test('a limit on processors is lifted', async () => {
    expect(await cpuQuotaLimit('customer-1', 0.2).undo(target({}))).toEqual([{ ...of, action: 'limit', limits: {} }]);
  });

  test('the old memory limit comes back', async () => {
    const outputs = { 'memory.max': String(512 * 2 ** 20), 'memory.events': 'oom_kill 0' };
    const fault = memoryLimit({ service: 'customer-1', limit_mib: 128, askedFrom: 'gateway-1' });
    expect(await fault.undo(target(outputs))).toEqual([
      { ...of, action: 'start' },
      { ...of, action: 'limit', limits: { memory_mib: 512 } },
    ]);
    await expect(fault.undo(target({ ...outputs, 'memory.max': 'max' }))).rejects.toThrow('has no memory limit');
  });

  test('a reload needs none, a replaced instance has to run', async () => {
    expect(await nginxReload('customer-1').undo(target({ pgrep: '' }))).toEqual([]);
    expect(await pm2Reload('customer-1').undo(target({ pgrep: '' }))).toEqual([{ ...of, action: 'start' }]);
  });

  test('several faults undo all of theirs', async () => {
    const both = together('both', [containerStop('customer-1', seen), containerPause('customer-2', seen)]);
    expect(both.services).toEqual(['customer-1', 'customer-2']);
    expect((await both.undo(target({}))).map(({ action }) => action)).toEqual(['start', 'unpause']);
  });
});

describe('a file system is filled', () => {
  const small = 'Type 1M-blocks\ntmpfs 64M\n';

  test('only when it is small and lives in memory', async () => {
    expect(() => requireSmall('gateway-1', small)).not.toThrow();
    expect(() => requireSmall('gateway-1', 'Type 1M-blocks\noverlay 64M\n')).toThrow('only a tmpfs');
    expect(() => requireSmall('gateway-1', 'Type 1M-blocks\ntmpfs 2048M\n')).toThrow('only a tmpfs');
    await expect(diskFull('customer-1', '/').undo(target({ df: 'Type 1M-blocks\noverlay 9000M\n' }))).rejects.toThrow();
  });

  test('and emptied by removing the filler alone', async () => {
    const [, remove] = await diskFull('customer-1', '/dev/shm').undo(target({ df: small }));
    expect(remove).toEqual({ ...of, action: 'exec', argv: ['rm', '-f', '/dev/shm/gateproof-filler'] });
  });
});

describe('control groups and processes are read', () => {
  test('quota and memory of both versions', () => {
    expect(parseCpuQuota('20000 100000\n')).toBe(0.2);
    expect(parseCpuQuota('max 100000\n')).toBeNull();
    expect(parseCpuQuota('-1\n100000\n')).toBeNull();
    expect(parseMemory('536870912\n')).toBe(536_870_912);
    expect(parseMemory('max\n')).toBeNull();
    expect(parseMemory('9223372036854771712\n')).toBeNull();
  });

  test('zombies and broken lines are left out; the oldest comes first', () => {
    const text = [stat(12, 'S', 300), stat(11, 'Z', 200), 'nonsense', stat(10, 'T', 100)].join('\n');
    expect(parseStats(text)).toEqual([
      { pid: 10, state: 'T', born: '100' },
      { pid: 12, state: 'S', born: '300' },
    ]);
  });
});
