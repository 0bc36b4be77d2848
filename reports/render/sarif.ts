/**
 * Record → SARIF 2.1.0. Deviations and inconclusive results are results;
 * every claim is a rule; the place is the claim's ledger, since the document
 * itself lies outside the project. Known and waived deviations are there as
 * suppressed, so that a code-scanning view shows what is new.
 */
import type { Log, ReportingDescriptor, Result, Run } from 'sarif';
import type { ClaimLevel, ClaimResult, RunRecord, VariantName } from '../record/types.ts';

const LEVEL: Readonly<Record<ClaimLevel, Result.level>> = { must: 'error', should: 'warning', target: 'warning' };

/** SARIF text of a record, indented. */
export function renderSarif(record: RunRecord): string {
  return `${JSON.stringify(sarifLog(record), null, 2)}\n`;
}

/** The log as an object. */
export function sarifLog(record: RunRecord): Log {
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [sarifRun(record)],
  };
}

function sarifRun(record: RunRecord): Run {
  const { run, summary } = record;
  const found = record.variants.flatMap((variant) =>
    variant.claims
      .filter((claim) => claim.verdict === 'deviates' || claim.verdict === 'inconclusive')
      .map((claim) => ({ variant: variant.name, claim })),
  );
  const claims = [...new Map(found.map(({ claim }) => [claim.id, claim])).values()];
  const rules = new Map(claims.map((claim, index) => [claim.id, index]));
  return {
    tool: { driver: { name: 'Gateproof', semanticVersion: '0.1.0', rules: claims.map(rule) } },
    automationDetails: { id: `gateproof/${run.environment}/${run.profile}/${run.id}` },
    invocations: [
      {
        commandLine: run.command,
        ...utc('startTimeUtc', run.startedAt),
        ...(run.finishedAt !== null && utc('endTimeUtc', run.finishedAt)),
        exitCode: summary.gate.exitCode,
        exitCodeDescription: summary.gate.sentence,
        executionSuccessful: summary.gate.exitCode !== 3 && !run.partial,
      },
    ],
    columnKind: 'utf16CodeUnits',
    results: found.map(({ variant, claim }) => result(record, variant, claim, rules.get(claim.id) ?? -1)),
    properties: { seed: run.seed, revision: run.revision, partial: run.partial },
  };
}

/** A time that the schema accepts, or nothing. */
function utc(name: 'startTimeUtc' | 'endTimeUtc', iso: string): Readonly<Record<string, string>> {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? {} : { [name]: time.toISOString() };
}

function rule(claim: ClaimResult): ReportingDescriptor {
  return {
    id: claim.id,
    shortDescription: { text: claim.statement },
    fullDescription: { text: `${claim.statement} (${claim.source.section}, lines ${claim.source.lines.join('–')})` },
    defaultConfiguration: { level: LEVEL[claim.level] },
    properties: { tags: [claim.topic, claim.level, claim.kind] },
  };
}

function result(record: RunRecord, variant: VariantName, claim: ClaimResult, ruleIndex: number): Result {
  const inconclusive = claim.verdict === 'inconclusive';
  const lines = [
    `${variant}: ${claim.observed === '' ? claim.verdict : claim.observed}`,
    `Promised: ${claim.expected}`,
    ...(claim.reason === undefined ? [] : [`${inconclusive ? 'Cause' : 'Mechanism'}: ${claim.reason}`]),
    ...(claim.remedy === undefined ? [] : [`Remedy: ${claim.remedy}`]),
    `Reproduce: ${claim.reproduce}`,
  ];
  return {
    ruleId: claim.id,
    ruleIndex,
    kind: inconclusive ? 'open' : 'fail',
    // A result that is not a failure has the level none (SARIF 2.1.0, 3.27.10).
    level: inconclusive ? 'none' : LEVEL[claim.level],
    message: { text: lines.join('\n') },
    locations: [location(record, variant, claim)],
    partialFingerprints: { 'gateproof/v1': `${variant}/${claim.id}/${claim.verdict}` },
    ...suppression(claim),
    properties: { variant, disposition: claim.disposition ?? 'none', topic: claim.topic },
  };
}

function location(
  record: RunRecord,
  variant: VariantName,
  claim: ClaimResult,
): NonNullable<Result['locations']>[number] {
  return {
    physicalLocation: {
      artifactLocation: { uri: `environments/${encodeURIComponent(record.run.environment)}/claims.yaml` },
    },
    logicalLocations: [{ name: claim.id, fullyQualifiedName: `${variant}/${claim.id}`, kind: 'member' }],
  };
}

function suppression(claim: ClaimResult): Pick<Result, 'suppressions'> {
  if (claim.disposition === 'known') {
    return {
      suppressions: [{ kind: 'external', status: 'accepted', justification: claim.reason ?? 'In the baseline.' }],
    };
  }
  if (claim.waiver === undefined) return {};
  const { reason, owner, expires } = claim.waiver;
  return {
    suppressions: [{ kind: 'external', status: 'accepted', justification: `${reason} (${owner}, until ${expires})` }],
  };
}
