import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  BUILD_ROLES,
  contentHash,
  contextFiles,
  imageHashes,
  imageReference,
  isImageRole,
  listFiles,
} from '../../../environments/harness/image-recipes.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gateproof-context-'));
  mkdirSync(join(folder, 'inner/node_modules'), { recursive: true });
  writeFileSync(join(folder, 'Dockerfile'), 'FROM base\n');
  writeFileSync(join(folder, 'inner/start'), '#!/bin/sh\n');
  writeFileSync(join(folder, 'inner/start.test.ts'), 'not shipped');
  writeFileSync(join(folder, 'inner/node_modules/other.js'), 'not shipped');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const hash = (on: readonly string[] = []): string => contentHash(listFiles(folder, ''), on);

describe('the files of a context', () => {
  test('leave out packages and tests', () => {
    expect(listFiles(folder, 'x').map(({ path }) => path)).toEqual(['x/Dockerfile', 'x/inner/start']);
  });

  test('of every role have a Dockerfile and the common scripts', () => {
    for (const role of BUILD_ROLES) {
      const paths = contextFiles(role).map(({ path }) => path);
      expect(paths).toContain('Dockerfile');
      expect(paths).toContain('common/apt-packages');
    }
  });

  test('of the application hold its code and lock file', () => {
    const paths = contextFiles('app').map(({ path }) => path);
    expect(paths).toContain('apps/package-lock.json');
    expect(paths.some((path) => path.startsWith('apps/service/'))).toBe(true);
    expect(paths.filter((path) => path.includes('node_modules'))).toEqual([]);
  });
});

describe('the hash of a content', () => {
  test('repeats, and has 12 hexadecimal digits', () => {
    expect(hash()).toBe(hash());
    expect(hash()).toMatch(/^[0-9a-f]{12}$/);
  });

  test.each([
    [
      'a file changes',
      () => {
        writeFileSync(join(folder, 'Dockerfile'), 'FROM other\n');
      },
    ],
    [
      'a file appears',
      () => {
        writeFileSync(join(folder, 'new'), '');
      },
    ],
    [
      'a file becomes executable',
      () => {
        chmodSync(join(folder, 'inner/start'), 0o755);
      },
    ],
  ])('changes when %s', (_, change) => {
    const before = hash();
    change();
    expect(hash()).not.toBe(before);
  });

  test('changes with what it is built on, and not with what is left out', () => {
    expect(hash(['aaa'])).not.toBe(hash(['bbb']));
    const before = hash();
    writeFileSync(join(folder, 'inner/node_modules/more.js'), '');
    expect(hash()).toBe(before);
  });
});

test('every image has a hash of its own', () => {
  const hashes = imageHashes();
  expect(new Set(Object.values(hashes)).size).toBe(BUILD_ROLES.length);
  expect(imageReference('gateway', hashes.gateway)).toMatch(/^gateproof\/gateway:[0-9a-f]{12}$/);
});

test('foundations are no roles that a user can replace', () => {
  expect(isImageRole('gateway')).toBe(true);
  expect(isImageRole('tools')).toBe(false);
});
