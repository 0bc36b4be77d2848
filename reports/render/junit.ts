/**
 * Record → JUnit XML, in the form that Jenkins and most CI systems read: one
 * suite per variant and topic, one case per claim. Only what fails the gate is
 * a failure: known deviations pass with what is known about them as output.
 */
import { create } from 'xmlbuilder2';
import type { ClaimResult, RunRecord, VariantResult } from '../record/types.ts';
import { VERDICT_WORD } from './words.ts';

type Builder = ReturnType<typeof create>;

type Outcome = 'passed' | 'failure' | 'error' | 'skipped';

/** How a result counts in a test view. */
export function junitOutcome(claim: Pick<ClaimResult, 'verdict' | 'disposition'>): Outcome {
  switch (claim.verdict) {
    case 'conforms':
      return 'passed';
    case 'deviates':
      return claim.disposition === 'known' || claim.disposition === 'waived' ? 'passed' : 'failure';
    case 'error':
      return 'error';
    case 'inconclusive':
    case 'not-applicable':
    case 'not-run':
      return 'skipped';
  }
}

/** XML 1.0 has no way to write most control characters and lone surrogates, escaped or not. */
function xmlText(text: string): string {
  return text.toWellFormed().replace(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd');
}

const seconds = (claims: readonly ClaimResult[]): string =>
  (claims.reduce((sum, claim) => sum + claim.duration_ms, 0) / 1000).toFixed(3);

function totals(claims: readonly ClaimResult[]): Record<string, string> {
  const count = (outcome: Outcome): string => String(claims.filter((claim) => junitOutcome(claim) === outcome).length);
  return { tests: String(claims.length), failures: count('failure'), errors: count('error') };
}

/** The whole document, UTF-8, indented. */
export function renderJunit(record: RunRecord): string {
  const all = record.variants.flatMap((variant) => variant.claims);
  const root = create({ version: '1.0', encoding: 'UTF-8' }).ele('testsuites', {
    name: xmlText(`gateproof ${record.run.environment} ${record.run.profile}`),
    time: seconds(all),
    ...totals(all),
  });
  for (const variant of record.variants) {
    const topics = Map.groupBy(variant.claims, (claim) => claim.topic);
    for (const [topic, claims] of topics) writeSuite(root, record, variant, topic, claims);
  }
  return root.end({ prettyPrint: true });
}

function writeSuite(
  root: Builder,
  record: RunRecord,
  variant: VariantResult,
  topic: string,
  claims: readonly ClaimResult[],
): void {
  const skipped = claims.filter((claim) => junitOutcome(claim) === 'skipped').length;
  const suite = root.ele('testsuite', {
    name: xmlText(`${record.run.environment}.${variant.name}.${topic}`),
    ...totals(claims),
    skipped: String(skipped),
    time: seconds(claims),
    timestamp: xmlText(record.run.startedAt),
  });
  const properties = suite.ele('properties');
  for (const [name, value] of Object.entries({
    run: record.run.id,
    seed: String(record.run.seed),
    variant: variant.name,
  }))
    properties.ele('property', { name, value: xmlText(value) });
  for (const claim of claims) writeCase(suite, record, variant, claim);
}

function writeCase(suite: Builder, record: RunRecord, variant: VariantResult, claim: ClaimResult): void {
  const testcase = suite.ele('testcase', {
    name: xmlText(claim.id),
    classname: xmlText(`${record.run.environment}.${variant.name}.${claim.topic}`),
    time: seconds([claim]),
  });
  const outcome = junitOutcome(claim);
  const message = xmlText(claim.observed === '' ? (claim.reason ?? VERDICT_WORD[claim.verdict]) : claim.observed);
  if (outcome === 'skipped') testcase.ele('skipped', { message: `${VERDICT_WORD[claim.verdict]}: ${message}` });
  else if (outcome !== 'passed') testcase.ele(outcome, { type: claim.verdict, message }).txt(details(claim));
  if (outcome !== 'passed' || claim.verdict !== 'conforms') testcase.ele('system-out').txt(details(claim));
}

/** What somebody needs who sees only the test view. */
function details(claim: ClaimResult): string {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['Claim', claim.statement],
    ['Source', `${claim.source.section}, lines ${claim.source.lines[0]}-${claim.source.lines[1]}`],
    ['Verdict', VERDICT_WORD[claim.verdict] + (claim.disposition === undefined ? '' : ` (${claim.disposition})`)],
    ['Expected', claim.expected],
    ['Observed', claim.observed],
    ['Mechanism', claim.reason],
    ['Remedy', claim.remedy],
    ['Waived', claim.waiver && `${claim.waiver.reason} (${claim.waiver.owner}, until ${claim.waiver.expires})`],
    ['Reproduce', claim.reproduce],
  ];
  return xmlText(
    facts
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([name, value]) => `${name}: ${value ?? ''}`)
      .join('\n'),
  );
}
