import { askPrometheus } from '../../environments/harness/prometheus.ts';
import type { PrometheusSeries } from '../../environments/harness/prometheus.ts';
import type { ServiceRef } from '../../environments/harness/types.ts';
import type { ContainerResources, Curve } from '../../reports/record/types.ts';

/** As prom-client names them. */
const LOOP_DELAY = 'nodejs_eventloop_lag_p99_seconds';
const HEAP = 'nodejs_heap_size_used_bytes';

/**
 * What the topology's Prometheus learned of the applications since an instant of this machine's
 * clock, by container: asked once, after the load. Empty where it scrapes none of them.
 */
export async function nodeInternals(
  prometheus: ServiceRef,
  since_ms: number,
): Promise<ReadonlyMap<string, NonNullable<ContainerResources['node']>>> {
  const seconds = Math.ceil((Date.now() - since_ms) / 1000);
  return internalsOf(
    await askPrometheus(prometheus, `{__name__=~"${LOOP_DELAY}|${HEAP}"}[${String(seconds)}s]`),
    since_ms,
  );
}

/** Series of both metrics by the container that their `instance` names. */
export function internalsOf(
  series: readonly PrometheusSeries[],
  since_ms: number,
): ReadonlyMap<string, NonNullable<ContainerResources['node']>> {
  const of = (name: string, container: string, scale: number): Curve =>
    series
      .filter(({ metric }) => metric['__name__'] === name && containerOf(metric) === container)
      .flatMap(({ values = [] }) => values)
      .map(([at_s, value]) => [tenths(at_s - since_ms / 1000), tenths(Number(value) * scale)] as const)
      .filter(([at_s]) => at_s >= 0);
  const containers = new Set(series.map(({ metric }) => containerOf(metric)));
  return new Map(
    [...containers].map((container) => [
      container,
      { loop_delay_ms_p99: of(LOOP_DELAY, container, 1000), heap_mib: of(HEAP, container, 1 / 2 ** 20) },
    ]),
  );
}

const containerOf = (metric: PrometheusSeries['metric']): string => (metric['instance'] ?? '').replace(/:\d+$/, '');
const tenths = (value: number): number => Math.round(value * 10) / 10;
