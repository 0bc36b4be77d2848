import { describe, expect, test } from 'vitest';

import { configEdit, edited } from '../../../chaos/faults/config-edit.ts';
import { workersOf } from '../../../environments/harness/nginx-workers.ts';
import type { ChaosTarget } from '../../../chaos/runner/target.ts';
import { fakeTarget } from './fake-target.ts';

const FILE = '/etc/nginx/upstreams/customer.conf';

/** One gateway with one file, whose workers are new after each reload. */
function gateway(text: string): { target: ChaosTarget; read: () => string } {
  let content = text;
  let generation = 0;
  const fake = fakeTarget();
  const answer = (stdout: string) => ({ exitCode: 0, stdout, stderr: '' });
  const target: ChaosTarget = {
    ...fake,
    host: {
      ...fake.host,
      exec: async (_id, argv) => {
        if (argv.includes(FILE)) return answer(`640\n${content}`);
        generation += 1;
        return answer('');
      },
      put: async (_id, _path, put) => {
        content = put;
      },
    },
    exec: async () => answer(` ${100 + generation} nginx: worker process\n`),
  };
  return { target, read: () => content };
}

describe('config-edit', () => {
  test('replaces, proves new workers, and keeps the old text for the undo', async () => {
    const { target, read } = gateway('least_conn;\n');
    const fault = configEdit(['gateway-1'], 'upstreams/customer.conf', 'least_conn;', '');
    const undo = await fault.undo(target);
    await fault.inject(target);
    expect(read()).toBe('\n');
    expect(await fault.proveEffect(target)).toContain('all workers began after the reload');
    expect(undo).toEqual([
      expect.objectContaining({ action: 'put', path: FILE, content: 'least_conn;\n', mode: 0o640 }),
      expect.objectContaining({ action: 'exec' }),
    ]);
    for (const action of undo) {
      if (action.action === 'put') await target.host.put('id-gateway-1', action.path, action.content);
      if (action.action === 'exec') await target.host.exec('id-gateway-1', action.argv);
    }
    expect(await fault.proveRemoval(target)).toContain('old files back');
  });

  test('a file that was not put back is told', async () => {
    const { target } = gateway('least_conn;\n');
    const fault = configEdit(['gateway-1'], 'upstreams/customer.conf', 'least_conn;', 'random;');
    await fault.undo(target);
    await fault.inject(target);
    await fault.proveEffect(target);
    await expect(fault.proveRemoval(target)).rejects.toThrow('was not put back');
  });

  test('refuses what is not there', async () => {
    const { target } = gateway('least_conn;\n');
    await expect(configEdit(['gateway-1'], 'upstreams/customer.conf', 'ip_hash;', '').undo(target)).rejects.toThrow(
      'upstreams/customer.conf on gateway-1 does not have ip_hash;',
    );
  });

  test('a pattern replaces as its flags say', () => {
    expect(edited('a=1; a=2;', /a=(\d)/g, 'b=$1', 'x')).toBe('b=1; b=2;');
    expect(edited('a=1; a=1;', 'a=1', 'a=$2', 'x')).toBe('a=$2; a=$2;');
  });

  test('workers that shut down serve nobody', () => {
    const listing =
      '  1 nginx: master process nginx\n 31 nginx: worker process\n 29 nginx: worker process is shutting down\n';
    expect(workersOf(listing)).toEqual(['31']);
  });
});
