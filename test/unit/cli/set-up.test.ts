import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { setUpOf } from '../../../cli/run/set-up.ts';

test('a configuration is known by its files, wherever it lies', () => {
  const root = mkdtempSync(join(tmpdir(), 'gateproof-set-up-'));
  const [one, two] = [join(root, 'one'), join(root, 'two')];
  mkdirSync(join(one, 'nginx'), { recursive: true });
  writeFileSync(join(one, 'nginx', 'nginx.conf'), 'events {}\n');
  cpSync(one, two, { recursive: true });
  const of = (path: string): ReturnType<typeof setUpOf>['configuration'] =>
    setUpOf(path, { scenarios: [] }).configuration;
  expect(of(one)?.path).toBe(one);
  expect(of(one)?.sha256).toBe(of(two)?.sha256);
  writeFileSync(join(two, 'nginx', 'nginx.conf'), 'events { }\n');
  expect(of(one)?.sha256).not.toBe(of(two)?.sha256);
  rmSync(root, { recursive: true });
});

test('a run of the variants without a load has neither', () => {
  expect(setUpOf(undefined, { scenarios: [] })).toEqual({});
});
