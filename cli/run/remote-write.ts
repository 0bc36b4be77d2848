import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { HarnessError } from '../../environments/harness/errors.ts';
import { askPrometheus } from '../../environments/harness/prometheus.ts';
import type { ServiceRef, TopologyDescriptor } from '../../environments/harness/types.ts';
import { readSummary, requestsOf } from '../../scenarios/engines/k6-summary.ts';
import { compareWithPrometheus, HISTOGRAMS_QUERY, P95_QUERY } from '../../scenarios/remote-write.ts';
import type { LoadTarget } from './load-target.ts';
import type { Measuring } from './measuring.ts';

/** What the notes of the journal make of it: an error is one of the harness, since Prometheus says nothing about the gateway. */
const LEVEL = { agrees: 'info', differs: 'error', unknown: 'warning' } as const;

/** The topology's Prometheus. @throws {HarnessError} when it has none */
export function monitoringOf({ services, environment }: TopologyDescriptor): ServiceRef {
  const found = services.find(({ role }) => role === 'monitoring');
  if (!found) throw new HarnessError(`${environment} has no monitoring to write to`, 'run without --remote-write');
  return found;
}

/** Compares what arrived in Prometheus with what k6 counted, says so, and keeps Prometheus' answer in the run's folder. */
export async function checkRemoteWrite(scenario: string, target: LoadTarget, run: Measuring): Promise<void> {
  const prometheus = monitoringOf(run.topology);
  const ask = (query: string): ReturnType<typeof askPrometheus> => askPrometheus(prometheus, query);
  const arrived = { histograms: await ask(HISTOGRAMS_QUERY), p95: await ask(P95_QUERY) };
  const folder = join(run.folder.dir, 'raw', run.topology.variant);
  mkdirSync(folder, { recursive: true });
  const kept = { queries: { histograms: HISTOGRAMS_QUERY, p95: P95_QUERY }, ...arrived };
  writeFileSync(join(folder, `prometheus-${scenario}.json`), `${JSON.stringify(kept, null, 2)}\n`);
  for (const [n, { host }] of [target, ...(target.besides ?? [])].entries()) {
    const { state, text } = compareWithPrometheus(n, requestsOf(await readSummary(host, n)), arrived);
    run.progress.note(text);
    run.folder.append({ event: 'note', at: new Date().toISOString(), level: LEVEL[state], text });
  }
}
