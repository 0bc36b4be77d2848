/** A few experiments of each kind on the whole topology; all of them by `gateproof chaos`. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { ExperimentResult, RunRecord } from '../../reports/record/types.ts';
import { gateproof } from './command.ts';

const out = mkdtempSync(join(tmpdir(), 'gateproof-e2e-'));
afterAll(() => {
  rmSync(out, { recursive: true });
});

async function experiments(...args: readonly string[]): Promise<readonly ExperimentResult[]> {
  const ended = await gateproof(['chaos', 'production-gateway', ...args, '--variant', 'hardened', '--out', out]);
  const record = JSON.parse(readFileSync(join(out, 'latest', 'record.json'), 'utf8')) as RunRecord;
  const [hardened] = record.variants;
  expect(hardened, ended.stdout).toBeDefined();
  return hardened?.experiments ?? [];
}

/** A machine that others take time from may leave one open; it never gives a wrong verdict. */
const OPEN_AT_MOST = 1;

test('a gateway, a backend, a worker and a store are lost, and the hardened variant keeps its promises', async () => {
  const names = ['gateway-node-loss', 'pool-refuses', 'pm2-worker-kill', 'redis-restart'];
  const results = await experiments(...names);
  expect(results.map(({ name }) => name).sort()).toEqual(names.toSorted());
  const open = results.filter(({ verdict }) => verdict === 'inconclusive');
  for (const { name, reason } of open) console.warn(`${name}: inconclusive, ${reason ?? ''}`);
  const told = results.map(
    ({ name, verdict, observed, reason }) => `${name}: ${verdict}, ${observed}; ${reason ?? ''}`,
  );
  expect(
    results.every(({ verdict }) => ['conforms', 'inconclusive'].includes(verdict)),
    told.join('\n'),
  ).toBe(true);
  expect(open.length).toBeLessThanOrEqual(OPEN_AT_MOST);
  for (const { rollbacks } of results) expect(rollbacks).toEqual({ done: rollbacks.done, failed: 0 });
});

test('the loss of a node is told from the same loss with adverts that come too rarely', async () => {
  const [sabotaged] = await experiments('gateway-node-loss', '--control', 'sabotage');
  expect(sabotaged?.control).toBe('sabotage');
  expect(['deviates', 'inconclusive'], sabotaged?.observed).toContain(sabotaged?.verdict);
});
