/**
 * Negative controls: each mutant breaks one thing in a copy of the configuration
 * and must turn the claims it names from conforms to deviates, while claims that
 * it cannot touch keep their verdict.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTopology } from '../../cli/run/start-topology.ts';
import { saveControls } from '../../cli/run/controls.ts';
import { LANES } from '../../conformance/addresses.ts';
import { Session } from '../../conformance/context.ts';
import { registeredCases, runCase } from '../../conformance/verify.ts';
import { ensureImages } from '../../environments/harness/images.ts';
import { removeRun } from '../../environments/harness/leftovers.ts';
import type { Topology } from '../../environments/harness/topology.ts';
import type { ConfigEdit } from '../../environments/harness/types.ts';
import { loadLedger } from '../../environments/ledger/ledger.ts';
import type { Control, VariantName, Verdict } from '../../reports/record/types.ts';
import type { Mutant } from './mutant.ts';

const ROOT = join(import.meta.dirname, '../..');
const ENVIRONMENT = 'production-gateway';

/** Claims of distant concerns with the file they rest on: a mutant of another file must leave them alone. */
const BYSTANDERS = [
  { claim: `${ENVIRONMENT}.routing.root-info`, file: 'api/local.conf' },
  { claim: `${ENVIRONMENT}.caching.static-30d`, file: 'api/static.conf' },
  { claim: `${ENVIRONMENT}.tls.tls13-negotiated`, file: 'api/tls.conf' },
];

async function load<T>(glob: string): Promise<T[]> {
  const files = globSync(glob, { cwd: ROOT })
    .filter((file) => !/mutant(s\.test)?\.ts$/.test(file))
    .sort();
  return Promise.all(
    files.map(async (file) => ((await import(pathToFileURL(join(ROOT, file)).href)) as { default: T }).default),
  );
}

await load(`conformance/cases/${ENVIRONMENT}/*.test.ts`);
const mutants = (await load<readonly Mutant[]>('test/mutants/*.ts')).flat();
const claims = new Map(loadLedger(ENVIRONMENT).claims.map((claim) => [claim.id, claim]));

/** Runs the case of a claim and returns its verdict. */
async function verdictOf(id: string, session: Session): Promise<{ verdict: Verdict; told: string }> {
  const [entry, claim] = [registeredCases().get(id), claims.get(id)];
  if (!entry || !claim) throw new Error(`${id} has no case`);
  const { outcome } = await runCase(entry, claim, session);
  return {
    verdict: outcome.verdict,
    told: `${id}: ${outcome.observed}${outcome.reason ? ` (${outcome.reason})` : ''}`,
  };
}

function edited(mutant: Mutant): ConfigEdit {
  return (path, text) =>
    [mutant, ...(mutant.besides ? [mutant.besides] : [])]
      .filter(({ file }) => file === path)
      .reduce((current, { find, replace }) => {
        if (!current.includes(find)) throw new Error(`${path} of ${mutant.base} does not contain: ${find}`);
        return current.replaceAll(find, replace);
      }, text);
}

for (const base of ['documented', 'hardened'] satisfies VariantName[]) {
  const own = mutants.filter((mutant) => mutant.base === base);
  describe.skipIf(own.length === 0)(`mutants of ${base}`, () => {
    const runId = `mutants-${base}-${String(process.pid)}`;
    let topology: Topology | undefined;
    const free: Session[] = [];

    beforeAll(async () => {
      const images = await ensureImages({ roles: ['gateway', 'app', 'vantage', 'redis'] });
      const logDir = join(ROOT, '.cache/mutants', base);
      ({ topology } = await startTopology({
        runId,
        environment: ENVIRONMENT,
        variant: base,
        images,
        logDir,
        extent: 'lab',
      }));
      const { descriptor } = topology;
      free.push(...Array.from({ length: LANES }, (_, lane) => Session.open(descriptor, [lane])));
    });

    afterAll(async () => {
      await Promise.all(free.map((session) => session[Symbol.asyncDispose]()));
      await topology?.stop();
      await removeRun(runId);
    });

    /** Lends a lane to a test; vitest runs no more tests side by side than there are lanes. */
    async function inLane(body: (session: Session) => Promise<void>): Promise<void> {
      const session = free.pop();
      if (!session) throw new Error('all lanes are in use: lower maxConcurrency');
      try {
        await body(session);
      } finally {
        free.push(session);
      }
    }

    test.concurrent.each([...new Set(own.flatMap(({ turns }) => turns))])(
      '%s conforms without a mutant',
      async (id) => {
        await inLane(async (session) => {
          const { verdict, told } = await verdictOf(id, session);
          expect(verdict, told).toBe('conforms');
        });
      },
    );

    test.concurrent.each(own)('$name', async (mutant) => {
      await inLane(async (session) => {
        const edit = edited(mutant);
        await using replica = await session.replicas.start({ backends: 'shared', edit, office: true });
        await using broken = session.standingIn({ gateway: replica.gateway, edit });
        await expectTurned(mutant, broken);
      });
    });
  });
}

/** Controls that were tried, by claim: the run record names them. */
const tried: Record<string, Control[]> = {};

/** The named claims deviate, bystanders of other files still conform. */
async function expectTurned(mutant: Mutant, session: Session): Promise<void> {
  for (const id of mutant.turns) {
    const { verdict, told } = await verdictOf(id, session);
    expect(verdict, told).toBe('deviates');
    (tried[id] ??= []).push({ mutant: mutant.name, verdict });
    console.log(`${mutant.name}: caught by ${id}`);
  }
  for (const { claim, file } of BYSTANDERS) {
    if (file === mutant.file || mutant.turns.includes(claim)) continue;
    const { verdict, told } = await verdictOf(claim, session);
    expect(verdict, told).toBe('conforms');
  }
}

afterAll(() => {
  saveControls(tried);
});

test('there are at least 40 mutants, and each name is used once', () => {
  expect(mutants.length).toBeGreaterThanOrEqual(40);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
});
