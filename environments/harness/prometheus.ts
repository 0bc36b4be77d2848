/** The monitoring of a topology: what its Prometheus starts with, and what it can be asked. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tree } from './config.ts';
import { exec } from './containers.ts';
import type { FileToPut } from './containers.ts';
import { HarnessError } from './errors.ts';
import type { ServiceRef } from './types.ts';
import type { Variant } from './variant.ts';

const FOLDER = '/etc/prometheus';
/** `start-monitoring` adds these to the command line, one a line: some settings have no place in prometheus.yml. */
const FLAGS = `${FOLDER}/prometheus.flags`;
/** What Prometheus 2 needs to take native histograms from outside; without remote write it runs as its variant says. */
const REMOTE_WRITE_FLAGS = ['--web.enable-remote-write-receiver', '--enable-feature=native-histograms'];
const PORT = 9090;
/** Answers come from memory; a machine under load takes longer. */
const ANSWER_LIMIT_S = 30;

/** Files of the variant's Prometheus; with `remoteWrite` also the flags by which others may write to it. */
export async function monitoringFiles(variant: Pick<Variant, 'dir'>, remoteWrite: boolean): Promise<FileToPut[]> {
  const folder = join(variant.dir, 'prometheus');
  const files = await Promise.all(
    (await tree(folder)).map(async (path) => ({
      path: path.replace(folder, FOLDER),
      content: await readFile(path, 'utf8'),
    })),
  );
  if (!remoteWrite) return files;
  const own = files.find(({ path }) => path === FLAGS)?.content.trimEnd();
  const flags = [...(own ? [own] : []), ...REMOTE_WRITE_FLAGS, ''];
  return [...files.filter(({ path }) => path !== FLAGS), { path: FLAGS, content: flags.join('\n') }];
}

/** Where Prometheus takes samples from the topology's other containers. */
export function remoteWriteUrl({ addresses }: ServiceRef): string {
  return `http://${addresses['backend'] ?? ''}:${String(PORT)}/api/v1/write`;
}

/** A series of an answer: its labels, and a native histogram or the points of a range. */
export interface PrometheusSeries {
  readonly metric: Readonly<Record<string, string>>;
  /** Unix time in seconds, and the value as text. */
  readonly values?: readonly (readonly [number, string])[];
  readonly value?: readonly [number, string];
  readonly histogram?: readonly [number, NativeHistogram];
}

/** Buckets are [kind of boundaries, left, right, count], ascending; numbers come as text. */
export interface NativeHistogram {
  readonly count: string;
  readonly sum: string;
  readonly buckets?: readonly (readonly [number, string, string, string])[];
}

/** Asks Prometheus for the value of an expression now. @throws {HarnessError} when it does not answer or refuses */
export async function askPrometheus({ containerId, name }: ServiceRef, query: string): Promise<PrometheusSeries[]> {
  const { stdout, stderr } = await exec(containerId, [
    'curl',
    '-sS',
    '--max-time',
    String(ANSWER_LIMIT_S),
    '--data-urlencode',
    `query=${query}`,
    `http://127.0.0.1:${String(PORT)}/api/v1/query`,
  ]);
  const refused = (why: string): HarnessError =>
    new HarnessError(`Prometheus does not tell ${query}: ${why}`, `see the log of ${name} in the folder of the run`);
  let answer: { data?: { result: PrometheusSeries[] }; error?: string };
  try {
    answer = JSON.parse(stdout) as typeof answer;
  } catch {
    throw refused((stderr || stdout).trim().slice(0, 200));
  }
  if (!answer.data) throw refused(answer.error ?? 'no data');
  return answer.data.result;
}
