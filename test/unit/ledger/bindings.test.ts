import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bindings, unbound } from '../../../environments/ledger/bindings.ts';
import { closest } from '../../../environments/ledger/closest.ts';
import { parseLedger } from '../../../environments/ledger/ledger.ts';
import { claimsYaml } from './fixture.ts';

let root: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'gateproof-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  write(
    'conformance/cases/demo/limits.test.ts',
    "\nverify('demo.limits.rate', run);\nconst other = 'demo.limits.burst';\n",
  );
  write('conformance/cases/other/limits.test.ts', "verify('demo.limits.burst', run);\n");
  write('chaos/experiments/demo/loss.ts', "const A = 'demo.routes.api';\nverifies: [A, A, 'demo.routes.api'],\n");
  write('scenarios/definitions/demo/mix.ts', "promises: [{ claim: 'demo.latency.p95' }],\n");
});

afterAll(() => rmSync(root, { recursive: true }));

describe('bindings', () => {
  test('are found in cases, experiments and scenarios of the environment', () => {
    expect(bindings('demo', root)).toEqual([
      { claim: 'demo.limits.rate', by: 'case', file: 'conformance/cases/demo/limits.test.ts', line: 2 },
      { claim: 'demo.routes.api', by: 'experiment', file: 'chaos/experiments/demo/loss.ts', line: 1 },
      { claim: 'demo.latency.p95', by: 'scenario', file: 'scenarios/definitions/demo/mix.ts', line: 1 },
    ]);
  });

  test('leave the others unbound, with the reason', () => {
    const { claims } = parseLedger(
      'demo',
      claimsYaml().replace(/(burst\n(?:.*\n){6} {4}kind: )conformance/, '$1drill'),
    );
    expect(unbound(claims, bindings('demo', root))).toEqual({ drill: ['demo.limits.burst'], 'not-run yet': [] });
    expect(unbound(claims, [])['not-run yet']).toHaveLength(3);
  });
});

test('closest finds what was meant and nothing far away', () => {
  expect(closest('nigthly', ['smoke', 'nightly'])).toBe('nightly');
  expect(closest('verfy', ['verify', 'report'])).toBe('verify');
  expect(closest('nonsense', ['production-gateway'])).toBeUndefined();
});
