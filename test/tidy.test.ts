/** Hygiene that a reviewer would otherwise have to look for: files, claims and what binds them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { unboundYaml } from '../cli/commands/claims.ts';
import type { CapabilityUse } from '../environments/harness/capabilities.ts';
import { missingCapabilities } from '../environments/harness/image-probe.ts';
import { bindings } from '../environments/ledger/bindings.ts';
import { loadBaseline, loadWaivers } from '../environments/ledger/baseline.ts';
import { readDataFile } from '../environments/ledger/data-file.ts';
import { ENVIRONMENTS, listEnvironments, loadLedger } from '../environments/ledger/ledger.ts';

const ROOT = join(import.meta.dirname, '..');
const MAX_LINES = 320;

/** Everything that git has or would take. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && existsSync(join(ROOT, file)));
const sources = files.filter((file) => /\.(ts|js|cjs|css|sh)$/.test(file));

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}

/** `file:line: text` of every line that a pattern matches. */
function hits(among: readonly string[], pattern: RegExp): readonly string[] {
  return among.flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((text, index) => (pattern.test(text) ? [`${file}:${index + 1}: ${text.trim()}`] : [])),
  );
}

describe('files', () => {
  const text = files.filter((file) => !/\.(png|jpg|gz|woff2)$/.test(file));
  const others = text.filter((file) => file !== 'test/tidy.test.ts');

  test(`have at most ${MAX_LINES} lines of source`, () => {
    const long = sources.map((file) => [file, read(file).trimEnd().split('\n').length] as const);
    expect(long.filter(([, lines]) => lines > MAX_LINES)).toEqual([]);
  });

  test('name no path of one machine', () => {
    expect(hits(others, /(^|[\s'"`(=:])\/(work|Users|home\/[a-z]+)\//)).toEqual([]);
    expect(hits(others, /\.\.\/shared\//)).toEqual([]);
  });

  test('name no package registry', () => {
    expect(
      hits(
        others.filter((file) => basename(file) === 'package-lock.json'),
        /"resolved"/,
      ),
    ).toEqual([]);
    expect(hits(others, /^\s*(@[\w-]+:)?registry\s*=|_authToken|\/\/registry\./)).toEqual([]);
  });

  test('leave nothing to be done later', () => {
    expect(
      hits(
        others.filter((file) => file !== 'package-lock.json'),
        /\b(TODO|FIXME|XXX)\b/,
      ),
    ).toEqual([]);
  });

  test('skip no test and prefer none', () => {
    const tests = sources.filter((file) => /\.test\.ts$/.test(file) && file !== 'test/tidy.test.ts');
    expect(hits(tests, /\b(test|it|describe|suite)(\.\w+)*\.(only|skip|todo)\b|\b(xit|xtest|xdescribe)\(/)).toEqual([]);
  });
});

describe('packages', () => {
  interface Manifest {
    readonly dependencies?: Record<string, string>;
    readonly devDependencies?: Record<string, string>;
  }
  const all = ({ dependencies, devDependencies }: Manifest): Record<string, string> => ({
    ...dependencies,
    ...devDependencies,
  });
  const root = all(JSON.parse(read('package.json')) as Manifest);
  const inner = files.filter((file) => file !== 'package.json' && basename(file) === 'package.json');

  test('have one exact version each', () => {
    expect(Object.entries(root).filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  // The root checks types against its own copy, so that the copy in an image has to be the same.
  test.each(inner)('of %s are those of the root', (file) => {
    const differing = Object.entries(all(JSON.parse(read(file)) as Manifest)).filter(
      ([name, version]) => root[name] !== undefined && root[name] !== version,
    );
    expect(differing).toEqual([]);
  });
});

describe('checks', () => {
  const checks = files.filter((file) => /^conformance\/checks\/[^/]+\.ts$/.test(file));
  const tests = files.filter((file) => /^test\/.*\.ts$/.test(file)).map(read);

  test.each(checks)('%s has a comment on each function it exports', (file) => {
    const bare = read(file).matchAll(/(?<!\*\/\n)^export (async )?function (\w+)/gm);
    expect([...bare].map((match) => match[2])).toEqual([]);
  });

  test.each(checks)('%s has a unit test', (file) => {
    expect(tests.some((text) => text.includes(file))).toBe(true);
  });
});

describe.each(listEnvironments())('claims of %s', (environment) => {
  const ledger = loadLedger(environment);
  const ids = new Set(ledger.claims.map(({ id }) => id));
  const bound = bindings(environment);

  test('have unique ids', () => {
    expect(ids.size).toBe(ledger.claims.length);
  });

  test('are all that cases, experiments and scenarios name', () => {
    expect(bound.filter(({ claim }) => !ids.has(claim))).toEqual([]);
  });

  test('have at most one case each', () => {
    const cases = Map.groupBy(
      bound.filter(({ by }) => by === 'case'),
      ({ claim }) => claim,
    );
    expect([...cases.values()].filter((several) => several.length > 1)).toEqual([]);
  });

  test('are bound, or unbound.yaml says why not', () => {
    const file = join(ENVIRONMENTS, environment, 'unbound.yaml');
    const remedy = `run: gateproof claims ${environment} --unbound > environments/${environment}/unbound.yaml`;
    expect(existsSync(file), remedy).toBe(true);
    expect(parse(readFileSync(file, 'utf8')), remedy).toEqual(parse(unboundYaml(ledger, bound)));
  });

  test('are all that baseline and waivers name', () => {
    expect(() => [loadBaseline(ledger), loadWaivers(ledger)]).not.toThrow();
  });

  test('are all that the variants name, and what is given up for another excludes it', () => {
    interface Entry {
      readonly claim?: string;
      readonly contradicts?: string;
      readonly mends?: readonly string[];
    }
    const named = '(?:adaptations|remedies|contradictions|not-applicable)';
    const lists = files.filter((file) => new RegExp(`^environments/${environment}/\\w+/${named}\\.yaml$`).test(file));
    const entries = lists.flatMap((file) => (parse(read(file)) as Entry[]).map((entry) => ({ file, ...entry })));
    for (const { file, claim, contradicts, mends } of entries) {
      for (const id of [claim, contradicts, ...(mends ?? [])]) {
        if (id !== undefined) expect(ids, file).toContain(id);
      }
      if (claim === undefined || contradicts === undefined) continue;
      expect(ledger.claims.find(({ id }) => id === claim)?.conflictsWith, `conflictsWith of ${claim}`).toContain(
        contradicts,
      );
    }
  });

  test('are all that need a capability of the image, and the probe tells each capability', () => {
    const known = Object.keys(missingCapabilities('gateway', '', { present: new Set(), versions: {}, nginx: '' }));
    const schema = join(ROOT, 'environments/ledger/capabilities.schema.json');
    const lists = files.filter((file) =>
      new RegExp(`^environments/${environment}/\\w+/capabilities\\.yaml$`).test(file),
    );
    for (const file of lists) {
      const { data } = readDataFile<CapabilityUse[]>(join(ROOT, file), schema);
      const uses = data.map(({ capability }) => capability);
      expect(uses, file).toEqual([...new Set(uses)]);
      for (const { capability, claims } of data) {
        expect(known, file).toContain(capability);
        for (const claim of claims) expect(ids, file).toContain(claim);
      }
    }
  });
});
