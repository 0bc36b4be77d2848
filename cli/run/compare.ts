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
  /** Compare runs of different machines, versions or loads all the same. */
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
  /** Whether any of the runs offered the load of a scenario. */
  readonly loads: boolean;
  /** In what the runs' machines, versions and loads differ. */
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
      'Compare runs of one machine, one set of versions and one load, or add --mixed.',
    );
  if (request.paired && before.length !== after.length)
    throw new UsageError(
      `${before.length} runs before and ${after.length} after make no pairs.`,
      'Name as many runs on both sides, in the order in which they were made.',
    );
  return {
    metrics: compareMetrics(groups(before, after, request.paired), request),
    verdicts: verdictChanges(before.at(-1), after.at(-1)),
    loads: [...before, ...after].some(({ variants }) => variants.some(({ scenarios }) => scenarios.length > 0)),
    differences: differing,
  };
}

function recordOf(run: string, root: string): RunRecord {
  const file = join(findRun(run, root), 'record.json');
  if (!existsSync(file)) throw new UsageError(`The run '${run}' has no record.`, `gateproof report ${run} makes it.`);
  return JSON.parse(readFileSync(file, 'utf8')) as RunRecord;
}

/** Values of each figure on both sides; in pairs only those that both runs of a pair have. */
function groups(before: readonly RunRecord[], after: readonly RunRecord[], paired: boolean): readonly MetricGroups[] {
  const [was, is] = comparable(before.map(metricsOf), after.map(metricsOf));
  const all = [...was, ...is].flat();
  const of = (run: readonly Metric[] | undefined, name: string): number | undefined =>
    run?.find((metric) => metric.name === name)?.value;
  return [...new Map(all.map((metric) => [metric.name, metric])).values()].map(({ name, unit, better }) => {
    const [first, second] = [was, is].map((side, index) =>
      side.flatMap((run, pair) => {
        const partner = (index === 0 ? is : was)[pair];
        const value = of(run, name);
        return value === undefined || (paired && of(partner, name) === undefined) ? [] : [value];
      }),
    );
    return { name, unit, better, before: first ?? [], after: second ?? [] };
  });
}

type Runs = readonly (readonly Metric[])[];

/** Where each side is one variant, and another one, figures are those of the scenario alone. */
function comparable(was: Runs, is: Runs): readonly [Runs, Runs] {
  const variants = (side: Runs): string[] => [...new Set(side.flat().map(({ name }) => name.split('/')[0] ?? ''))];
  const [a, b] = [variants(was), variants(is)];
  if (a.length !== 1 || b.length !== 1 || a[0] === b[0]) return [was, is];
  const bare = (side: Runs): Runs =>
    side.map((run) => run.map((metric) => ({ ...metric, name: metric.name.slice(metric.name.indexOf('/') + 1) })));
  return [bare(was), bare(is)];
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
