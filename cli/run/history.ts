/** The figures of all finished runs that were made as the newest one was. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { changePoints, leastValues } from '../../measurement/comparison/e-divisive.ts';
import type { ChangePoint } from '../../measurement/comparison/e-divisive.ts';
import { differences, metricsOf } from '../../reports/record/metrics.ts';
import type { RunRecord } from '../../reports/record/types.ts';
import { listRunFolders } from '../runs.ts';

export interface Trend {
  readonly name: string;
  readonly unit: string;
  /** Names of the runs that have the figure, oldest first. */
  readonly runs: readonly string[];
  /** One for each of them. */
  readonly values: readonly number[];
  readonly changes: readonly ChangePoint[];
  /** Why nothing is said about changes. */
  readonly reason?: string;
}

export interface History {
  /** Folder of the user's own configuration that the runs are of; absent when they are of the variants'. */
  readonly configuration: string | undefined;
  /** Names of the runs, oldest first. */
  readonly runs: readonly string[];
  /** Runs of the environment that were made on another machine, or with other versions, loads or configuration. */
  readonly leftOut: number;
  readonly trends: readonly Trend[];
}

/** Reads the runs below a folder. */
export function historyOf(environment: string, root: string): History {
  const records = listRunFolders(root)
    .toReversed()
    .map((name) => join(root, name, 'record.json'))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as RunRecord)
    .filter((record) => record.run.environment === environment && metricsOf(record).length > 0);
  const newest = records.at(-1);
  const alike = records.filter(
    (record) =>
      newest !== undefined &&
      record.run.configuration?.sha256 === newest.run.configuration?.sha256 &&
      differences([record, newest]).length === 0,
  );
  return {
    configuration: newest?.run.configuration?.path,
    runs: alike.map(({ run }) => run.id),
    leftOut: records.length - alike.length,
    trends: trendsOf(alike),
  };
}

/** The trend of every metric, over the runs that have it. */
function trendsOf(records: readonly RunRecord[]): readonly Trend[] {
  const figures = records.flatMap((record) => metricsOf(record).map((metric) => ({ ...metric, run: record.run.id })));
  const least = leastValues();
  return [...Map.groupBy(figures, ({ name }) => name)].map(([name, all]) => {
    const [values, runs] = [all.map(({ value }) => value), all.map(({ run }) => run)];
    const trend = { name, unit: all[0]?.unit ?? '', runs, values };
    if (values.length < least)
      return { ...trend, changes: [], reason: `too few runs to tell a change, ${String(least)} needed` };
    return { ...trend, changes: changePoints(values) };
  });
}
