/** Groups of finished runs against each other. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../../environments/ledger/errors.ts';
import { compareMetrics } from '../../measurement/comparison/compare.ts';
import type { MetricComparison, MetricGroups } from '../../measurement/comparison/compare.ts';
import { differences, metricsOf } from '../../reports/record/metrics.ts';
import type { Metric } from '../../reports/record/metrics.ts';
import type { RunRecord, Verdict } from '../../reports/record/types.ts';
import { findRun } from '../runs.ts';

export interface CompareRequest {
  /** Names or folders of runs. */
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly minimumEffect: number;
  readonly paired: boolean;
  /** Compare runs of different machines or versions all the same. */
  readonly mixed: boolean;
}

export interface VerdictChange {
  readonly claim: string;
  readonly was: Verdict;
  readonly is: Verdict;
}

export interface RunsComparison {
  readonly metrics: readonly MetricComparison[];
  /** Between the last run of each group. */
  readonly verdicts: readonly VerdictChange[];
  /** In what the runs' machines and versions differ. */
  readonly differences: readonly string[];
}

/** @throws {UsageError} when a run is unknown, has no record, or was made elsewhere */
export function compareRuns(request: CompareRequest, root: string): RunsComparison {
  const [before, after] = [request.before, request.after].map((runs) => runs.map((run) => recordOf(run, root)));
  if (!before || !after) throw new UsageError('Two groups of runs are compared.', 'gateproof compare <before> <after>');
  const differing = differences([...before, ...after]);
  if (differing.length > 0 && !request.mixed)
    throw new UsageError(
      `These runs were not made alike, so their figures say nothing about each other: ${differing.join('; ')}.`,
      'Compare runs of one machine and one set of versions, or add --mixed.',
    );
  if (request.paired && before.length !== after.length)
    throw new UsageError(
      `${before.length} runs before and ${after.length} after make no pairs.`,
      'Name as many runs on both sides, in the order in which they were made.',
    );
  return {
    metrics: compareMetrics(groups(before, after), request),
    verdicts: verdictChanges(before.at(-1), after.at(-1)),
    differences: differing,
  };
}

function recordOf(run: string, root: string): RunRecord {
  const file = join(findRun(run, root), 'record.json');
  if (!existsSync(file)) throw new UsageError(`The run '${run}' has no record.`, `gateproof report ${run} makes it.`);
  return JSON.parse(readFileSync(file, 'utf8')) as RunRecord;
}

function groups(before: readonly RunRecord[], after: readonly RunRecord[]): readonly MetricGroups[] {
  const [was, is] = [before.flatMap(metricsOf), after.flatMap(metricsOf)];
  const values = (metrics: readonly Metric[], name: string): readonly number[] =>
    metrics.filter((metric) => metric.name === name).map(({ value }) => value);
  return [...new Map([...was, ...is].map((metric) => [metric.name, metric])).values()].map(
    ({ name, unit, better }) => ({
      name,
      unit,
      better,
      before: values(was, name),
      after: values(is, name),
    }),
  );
}

function verdictChanges(before: RunRecord | undefined, after: RunRecord | undefined): readonly VerdictChange[] {
  const was = new Map(verdictsOf(before));
  return verdictsOf(after).flatMap(([claim, is]) => {
    const earlier = was.get(claim);
    return earlier === undefined || earlier === is ? [] : [{ claim, was: earlier, is }];
  });
}

const verdictsOf = (record: RunRecord | undefined): readonly (readonly [string, Verdict])[] =>
  (record?.variants ?? []).flatMap(({ name, claims }) =>
    claims.map(({ id, verdict }) => [`${name}/${id}`, verdict] as const),
  );
