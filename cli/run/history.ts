/** The figures of all finished runs that were made as the newest one was. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { changePoints } from '../../measurement/comparison/e-divisive.ts';
import type { ChangePoint } from '../../measurement/comparison/e-divisive.ts';
import { differences, metricsOf } from '../../reports/record/metrics.ts';
import type { RunRecord } from '../../reports/record/types.ts';
import { listRunFolders } from '../runs.ts';

/** A level is told from another one by three values at least, and by rarely so much chance. */
const RUNS_AT_LEAST = 6;

export interface Trend {
  readonly name: string;
  readonly unit: string;
  /** Oldest first, one for each run. */
  readonly values: readonly number[];
  readonly changes: readonly ChangePoint[];
  /** Why nothing is said about changes. */
  readonly reason?: string;
}

export interface History {
  /** Names of the runs, oldest first. */
  readonly runs: readonly string[];
  /** Runs of the environment that were made on another machine or with other versions. */
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
  const alike = records.filter((record) => newest !== undefined && differences([record, newest]).length === 0);
  return {
    runs: alike.map(({ run }) => run.id),
    leftOut: records.length - alike.length,
    trends: trendsOf(alike),
  };
}

/** The trend of every metric that all of the runs have. */
export function trendsOf(records: readonly RunRecord[]): readonly Trend[] {
  const figures = records.map(metricsOf);
  const [newest = []] = figures.slice(-1);
  return newest.flatMap(({ name, unit }) => {
    const values = figures.flatMap((of) => of.filter((metric) => metric.name === name)).map(({ value }) => value);
    if (values.length < records.length) return [];
    if (values.length < RUNS_AT_LEAST)
      return [{ name, unit, values, changes: [], reason: `${RUNS_AT_LEAST} runs are needed to tell a change` }];
    return [{ name, unit, values, changes: changePoints(values) }];
  });
}
