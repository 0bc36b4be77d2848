/** What a user sees who types something wrong, or whose machine lacks something. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { gateproof, ROOT } from './command.ts';

describe('wrong usage ends with 64 and says what would be right', () => {
  test('an unknown environment', async () => {
    const { exitCode, stderr } = await gateproof(['verify', 'nonsense']);
    expect(exitCode).toBe(64);
    expect(stderr).toContain("There is no environment 'nonsense'");
    expect(stderr).toContain('production-gateway');
  });

  test('an unknown profile', async () => {
    const { exitCode, stderr } = await gateproof(['verify', 'production-gateway', '--profile', 'weekly']);
    expect(exitCode).toBe(64);
    expect(stderr).toMatch(/smoke.*nightly.*prerelease/s);
  });

  test('a selection that matches nothing', async () => {
    const { exitCode, stderr } = await gateproof(['verify', 'production-gateway', '--only', '*.no-such-topic.*']);
    expect(exitCode).toBe(64);
    expect(stderr).toContain('*.no-such-topic.*');
  });

  test('a claims file with a broken line: file, line and remedy', async () => {
    const name = `broken-${String(process.pid)}`;
    const dir = join(ROOT, 'environments', name);
    mkdirSync(dir);
    try {
      const good = readFileSync(join(ROOT, 'environments/production-gateway/claims.yaml'), 'utf8');
      const level = good.split('\n').findIndex((line) => /^\s+level: must$/.test(line));
      const broken = good.split('\n').with(level, '  level: perhaps');
      writeFileSync(join(dir, 'claims.yaml'), broken.join('\n').replaceAll('production-gateway.', `${name}.`));
      const { exitCode, stderr } = await gateproof(['claims', name]);
      expect(exitCode).toBe(64);
      expect(stderr).toContain(`environments/${name}/claims.yaml:${String(level + 1)}`);
      expect(stderr).toContain('must');
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

test('without an engine: exit 3, and how to start one', async () => {
  const { exitCode, stderr } = await gateproof(['verify', 'production-gateway'], {
    GATEPROOF_NO_ENGINE: '1',
    DOCKER_HOST: 'unix:///var/run/gateproof-no-engine.sock',
  });
  expect(exitCode).toBe(3);
  expect(stderr).toMatch(/start/i);
});
