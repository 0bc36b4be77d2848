import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { surplus } from '../../../cli/commands/prune.ts';
import { unboundYaml } from '../../../cli/commands/claims.ts';
import { failureOf } from '../../../cli/exit.ts';
import { lastVerdicts } from '../../../cli/last-verdicts.ts';
import { addImage, collect, freshSeed, variantsOf } from '../../../cli/options.ts';
import { findRun, listRunFolders, ownerOf } from '../../../cli/runs.ts';
import { comparisonLines } from '../../../cli/show-comparison.ts';
import { typed } from '../../../cli/typed.ts';
import { HarnessError } from '../../../environments/harness/errors.ts';
import { compareDocument } from '../../../environments/ledger/document.ts';
import { UsageError } from '../../../environments/ledger/errors.ts';
import { parseLedger } from '../../../environments/ledger/ledger.ts';
import { claimsYaml, DOCUMENT } from '../ledger/fixture.ts';

describe('failures', () => {
  test.each([
    [new UsageError('what', 'how'), 64, ['what', 'how']],
    [new HarnessError('what', 'how'), 3, ['what', 'how']],
    [new CommanderError(0, 'commander.helpDisplayed', ''), 0, []],
    [new CommanderError(1, 'commander.unknownOption', ''), 64, []],
  ])('%s', (error, exitCode, lines) => {
    expect(failureOf(error)).toEqual({ exitCode, lines });
  });

  test('that nobody foresaw are the harness, with their stack', () => {
    const { exitCode, lines } = failureOf(new RangeError('odd'));
    expect(exitCode).toBe(3);
    expect(lines.join('\n')).toMatch(/RangeError: odd\n\s+at /);
    expect(failureOf('thrown text').lines).toContain('thrown text');
  });
});

describe('options', () => {
  test('both variants run documented first', () => {
    expect(variantsOf('both')).toEqual(['documented', 'hardened']);
    expect(variantsOf('hardened')).toEqual(['hardened']);
  });

  test('images and globs add up', () => {
    expect(addImage('app=a:1', addImage('gateway=r/n:1=x'))).toEqual({ gateway: 'r/n:1=x', app: 'a:1' });
    expect(collect('b', collect('a'))).toEqual(['a', 'b']);
  });

  test('a fresh seed fits into 31 bits', () => {
    for (let n = 0; n < 50; n += 1) expect(freshSeed()).toBeLessThan(2 ** 31);
  });
});

test('a command is shown as it can be typed again', () => {
  expect(typed(['verify', 'a', '--only', '*.x', "it's"])).toBe(`./gateproof verify a --only '*.x' 'it'\\''s'`);
});

describe('run folders', () => {
  let root: string;
  const old = '20260101t000000-1';
  const late = '20260102t000000-2z';

  function run(name: string, environment: string, bytes = 0, more = {}): void {
    mkdirSync(join(root, name, 'raw'), { recursive: true });
    writeFileSync(join(root, name, 'events.ndjson'), '');
    writeFileSync(join(root, name, 'raw/data'), Buffer.alloc(bytes));
    const variants = [{ name: 'documented', claims: [{ id: 'a', verdict: 'conforms' }] }];
    writeFileSync(
      join(root, name, 'record.json'),
      JSON.stringify({ run: { id: name, environment, ...more }, variants }),
    );
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'gateproof-'));
    run(old, 'one', 3 * 2 ** 20);
    run(late, 'two', 2 ** 20);
    symlinkSync(late, join(root, 'latest'));
    mkdirSync(join(root, 'not-a-run'));
  });

  afterEach(() => rmSync(root, { recursive: true }));

  test('are listed newest first, without the pointer', () => {
    expect(listRunFolders(root)).toEqual([late, old]);
    expect(listRunFolders(join(root, 'missing'))).toEqual([]);
  });

  test('are found by pointer, name, beginning and path', () => {
    for (const name of ['latest', late, '20260102', join(root, late), join(root, late, 'record.json')]) {
      expect(findRun(name, root).endsWith(late)).toBe(true);
    }
    expect(() => findRun('2026', root)).toThrow("'2026' could be 2 runs.");
    expect(() => findRun('x', root)).toThrow(UsageError);
    expect(() => findRun('latest', join(root, 'missing'))).toThrow("There is no run 'latest'.");
  });

  test('name their owner', () => {
    expect(ownerOf(late)).toBe(Number.parseInt('2z', 36));
    expect(ownerOf('noowner')).toBeUndefined();
  });

  test('tell the last verdicts of their environment', () => {
    expect(lastVerdicts('one', root).run).toBe(old);
    expect(lastVerdicts('one', root).of('a')).toEqual({ documented: 'conforms' });
    expect(lastVerdicts('one', root).of('b')).toEqual({});
    expect(lastVerdicts('three', root).run).toBeNull();
    // A configuration of the user's own says nothing of the variants.
    run('20260103t000000-3', 'one', 0, { configuration: { path: 'my/configuration', sha256: 'ab' } });
    expect(lastVerdicts('one', root).run).toBe(old);
  });

  test('beyond number or size are surplus, unless their process lives', () => {
    const names = (keep: number, max_mib: number, alive = false): string[] =>
      surplus(root, keep, max_mib, () => alive).map(({ name }) => name);
    expect(names(2, 100)).toEqual([]);
    expect(names(1, 100)).toEqual([old]);
    expect(names(2, 2)).toEqual([old]);
    expect(names(0, 100)).toEqual([late, old]);
    expect(names(0, 100, true)).toEqual([]);
  });
});

describe('texts', () => {
  const ledger = parseLedger('demo', claimsYaml());

  test('of a comparison say what it means first', () => {
    expect(comparisonLines(ledger, compareDocument(ledger, DOCUMENT))).toHaveLength(1);
    const changed = comparisonLines(ledger, compareDocument(ledger, DOCUMENT.replace('20 is', '30 is')));
    expect(changed[0]).toBe('The lines behind 1 of 4 claims changed: read them again.');
    expect(changed.join('\n')).toMatch(/changed Limits: lines 3–6 → lines 3–6, sha256 [0-9a-f]{64}/);
  });

  test('of unbound claims are YAML', () => {
    expect(unboundYaml(ledger, [])).toContain('not-run yet:\n  - demo.limits.rate\n');
  });
});
