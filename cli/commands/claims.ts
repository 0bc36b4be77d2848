import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { styleText } from 'node:util';
import { Command } from 'commander';
import { bindings, unbound } from '../../environments/ledger/bindings.ts';
import type { Binding } from '../../environments/ledger/bindings.ts';
import { compareDocument } from '../../environments/ledger/document.ts';
import { UsageError } from '../../environments/ledger/errors.ts';
import { listEnvironments, loadLedger, requireEnvironment } from '../../environments/ledger/ledger.ts';
import type { Claim, Ledger } from '../../environments/ledger/ledger.ts';
import { EXIT } from '../exit.ts';
import type { ExitCode } from '../exit.ts';
import { lastVerdicts } from '../last-verdicts.ts';
import type { LastVerdicts } from '../last-verdicts.ts';
import { comparisonLines } from '../show-comparison.ts';

interface Options {
  readonly json: boolean;
  readonly document?: string;
  readonly unbound: boolean;
}

/** `gateproof claims`: the ledger, what verifies each claim, and its last verdict. */
export function claims(done: (exitCode: number) => void): Command {
  return new Command('claims')
    .description('the ledger: every claim, what verifies it, its last verdict')
    .argument('[environment]', 'name of an environment; all when absent')
    .option('--json', 'print a list for programs', false)
    .option('--document <file>', 'compare the document with what the ledger remembers; exit 1 when a claim changed')
    .option('--unbound', 'print what no case, experiment or scenario verifies, as unbound.yaml holds it', false)
    .addHelpText(
      'after',
      `
Examples:
  gateproof claims
  gateproof claims production-gateway --json
  gateproof claims production-gateway --document gateway-design.md
  gateproof claims production-gateway --unbound > environments/production-gateway/unbound.yaml`,
    )
    .action((environment: string | undefined, options: Options) => {
      if (environment === undefined && (options.document !== undefined || options.unbound)) {
        throw new UsageError(
          `${options.unbound ? '--unbound' : '--document'} needs an environment.`,
          `Environments: ${listEnvironments().join(', ')}.`,
        );
      }
      const names = environment === undefined ? listEnvironments() : [requireEnvironment(environment)];
      const ledgers = names.map((name) => loadLedger(name));
      if (options.document !== undefined) done(showComparison(ledgers[0]!, options.document, options.json));
      else if (options.unbound) done(showUnbound(ledgers[0]!));
      else done(options.json ? showJson(ledgers) : showText(ledgers));
    });
}

function showComparison(ledger: Ledger, path: string, json: boolean): ExitCode {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${(error as Error).message}).`, 'Name the file of the document.');
  }
  const comparison = compareDocument(ledger, text);
  if (json) console.log(JSON.stringify(comparison, null, 2));
  else for (const line of comparisonLines(ledger, comparison)) console.log(line);
  return comparison.claims.some(({ state }) => state === 'changed') ? EXIT.newDeviation : EXIT.ok;
}

/** Prints `unbound.yaml`: kept in the project, so that a claim which loses its case is noticed. */
export function unboundYaml(ledger: Ledger, bound: readonly Binding[]): string {
  const lists = Object.entries(unbound(ledger.claims, bound)).map(([reason, ids]) =>
    ids.length === 0 ? `${reason}: []` : [`${reason}:`, ...ids.map((id) => `  - ${id}`)].join('\n'),
  );
  return [
    '# Claims that no case, experiment or scenario verifies, and why. Made by',
    `# gateproof claims ${ledger.environment} --unbound`,
    ...lists,
    '',
  ].join('\n');
}

function showUnbound(ledger: Ledger): ExitCode {
  process.stdout.write(unboundYaml(ledger, bindings(ledger.environment)));
  return EXIT.ok;
}

function showJson(ledgers: readonly Ledger[]): ExitCode {
  const environments = ledgers.map((ledger) => {
    const verdicts = lastVerdicts(ledger.environment);
    const bound = bindings(ledger.environment);
    return {
      environment: ledger.environment,
      document: ledger.document,
      run: verdicts.run,
      claims: ledger.claims.map((claim) => ({
        ...claim,
        verifiedBy: bound
          .filter((binding) => binding.claim === claim.id)
          .map(({ by, file, line }) => ({ by, file, line })),
        lastVerdicts: verdicts.of(claim.id),
      })),
    };
  });
  console.log(JSON.stringify(environments, null, 2));
  return EXIT.ok;
}

function showText(ledgers: readonly Ledger[]): ExitCode {
  for (const ledger of ledgers) {
    const verdicts = lastVerdicts(ledger.environment);
    const bound = Map.groupBy(bindings(ledger.environment), ({ claim }) => claim);
    console.log(styleText('bold', `${ledger.environment}: ${ledger.document.title}`));
    console.log(
      `${ledger.claims.length} claims, ${ledger.claims.filter(({ id }) => bound.has(id)).length} verified by something; ` +
        (verdicts.run === null ? 'no run yet' : `last verdicts from run ${verdicts.run}`),
    );
    for (const [topic, group] of Map.groupBy(ledger.claims, ({ topic }) => topic)) {
      console.log(`\n${styleText('bold', topic)}`);
      for (const claim of group) console.log(claimText(claim, bound.get(claim.id) ?? [], verdicts));
    }
    console.log('');
  }
  return EXIT.ok;
}

function claimText(claim: Claim, bound: readonly Binding[], verdicts: LastVerdicts): string {
  const last = Object.entries(verdicts.of(claim.id)).map(([variant, verdict]) => `${variant} ${verdict}`);
  const by =
    bound.length > 0
      ? bound.map(({ by, file, line }) => `${by} ${join(file)}:${line}`).join(', ')
      : `nothing (${claim.kind === 'drill' ? 'drill' : 'not-run yet'})`;
  const needs = claim.needs === undefined ? '' : ', needs NGINX Plus';
  return [
    `  ${claim.id}  ${styleText('dim', `${claim.level}, ${claim.kind}${needs}`)}`,
    `      ${claim.statement}`,
    `      ${styleText('dim', `lines ${claim.source.lines.join('–')} · by ${by}${last.length > 0 ? ` · ${last.join(', ')}` : ''}`)}`,
  ].join('\n');
}
