/** What alert rules can see of a gateway: the series that it really publishes, replayed with other values. */
import type { CaseContext } from '../context.ts';
import type { RuleTrial } from './alert-rules.ts';
import { exporterTexts } from './exporter.ts';
import { scrape, total } from './metric-text.ts';
import { targets } from './prometheus.ts';

type Labels = Readonly<Record<string, string>>;

/** One place where Prometheus looks for a gateway's metrics, and what stands there. */
export interface Source {
  /** `job` and `instance`, as Prometheus adds them. */
  readonly labels: Labels;
  readonly text: string;
}

const GATEWAY = 'gateway-1';
/** Its node exporter tells about the host, and nothing of nginx. */
const HOST_JOB = 'node';
const UP = 'nginx_up';
/** Samples of a replay are so far apart, s. */
const STEP_S = 30;

/**
 * Everything that Prometheus gets of the first gateway: from nginx itself at the addresses that it
 * scrapes, and where only an exporter could answer, from one that runs beside nginx for a moment.
 */
export function gatewaySources(context: CaseContext): Promise<Source[]> {
  return context.session.once('metrics of the first gateway', () => readSources(context));
}

async function readSources(context: CaseContext): Promise<Source[]> {
  // What nginx counts by status is there once there was a request.
  await context.client().request('/health');
  const known = (await targets(context)).filter(({ host, job }) => host === GATEWAY && job !== HOST_JOB);
  const [answers, exported = []] = await Promise.all([
    scrape(
      context,
      known.map(({ url }) => url),
    ),
    exporterTexts(context.gateway),
  ]);
  const reading = exported.find(({ text }) => total(text, UP) === 1) ?? exported[0];
  return known.map(({ job, url }, index) => {
    const { status, text } = answers[index] ?? { status: 0, text: '' };
    const labels = { job, instance: new URL(url).host };
    return { labels, text: status === 200 ? text : (reading?.text ?? '') };
  });
}

/** The label sets under which a series stands in these sources; one without labels where it is only announced. */
export function labelSets(sources: readonly Source[], name: string): Labels[] {
  return sources.flatMap(({ labels, text }) => {
    const own = [...text.matchAll(new RegExp(`^${name}(?:\\{([^}]*)\\})? `, 'gm'))].map(([, inside = '']) => ({
      ...labels,
      ...Object.fromEntries([...inside.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value])),
    }));
    const announced = new RegExp(`^# TYPE ${name.replace(/_bucket$/, '')} `, 'm').test(text);
    return own.length > 0 ? own : announced ? [labels] : [];
  });
}

/** A series as promtool writes it. */
export const seriesOf = (name: string, labels: Labels): string =>
  `${name}{${Object.entries(labels)
    .map(([key, value]) => `${key}="${value}"`)
    .join(', ')}}`;

/** A counter that grows by so much a step, for an hour. */
const growing = (by: number): string => `0+${String(by)}x120`;
const REQUESTS_A_STEP = 3_000;

/** Requests of which a share (0–1) got 500, as far as the gateway's series tell that. */
export function failing(sources: readonly Source[], share: number): RuleTrial['series'] {
  const name = 'nginx_http_requests_total';
  const failed = Math.round(REQUESTS_A_STEP * share);
  const [first, ...others] = labelSets(sources, name);
  if (!first) return {};
  const told = [first, ...others].find(({ status }) => status !== undefined);
  if (!told) return { [seriesOf(name, first)]: growing(REQUESTS_A_STEP) };
  return {
    [seriesOf(name, { ...told, status: '200' })]: growing(REQUESTS_A_STEP - failed),
    [seriesOf(name, { ...told, status: '500' })]: growing(failed),
  };
}

/** Requests that all take so long, as far as the gateway's series tell that. */
export function lasting(sources: readonly Source[], seconds: number): RuleTrial['series'] {
  const name = 'nginx_http_request_duration_seconds_bucket';
  const buckets = labelSets(sources, name).filter(({ le }) => le !== undefined);
  return Object.fromEntries(
    buckets.map((labels) => [
      seriesOf(name, labels),
      growing(Number(labels['le']?.replace('+Inf', 'Infinity')) >= seconds ? REQUESTS_A_STEP : 0),
    ]),
  );
}

/** An upstream server that has failed so often, as far as the gateway's series tell that. */
export function failedServer(sources: readonly Source[], fails: number): RuleTrial['series'] {
  const name = 'nginx_upstream_server_fails_total';
  const [first] = labelSets(sources, name);
  return first ? { [seriesOf(name, { upstream: '192.0.2.1:3001', ...first })]: `${String(fails)}x120` } : {};
}

/**
 * A gateway of which something is gone from the fifth sample on.
 *
 * @param gone nginx alone, which an exporter beside it outlives and tells, or all that answers Prometheus
 */
export function stopped(sources: readonly Source[], gone: 'nginx' | 'all' | 'nothing'): RuleTrial['series'] {
  const before = `1x${String(DOWN_FROM - 1)}`;
  const [stays, falls, ends] = ['1x64', `${before} 0x60`, `${before} stale`];
  return Object.fromEntries(
    sources.flatMap(({ labels, text }): [string, string][] => {
      const exporter = total(text, UP) !== undefined;
      const answers = gone === 'nothing' || (gone === 'nginx' && exporter);
      const up: [string, string] = [seriesOf('up', labels), answers ? stays : falls];
      return exporter ? [up, [seriesOf(UP, labels), { nginx: falls, all: ends, nothing: stays }[gone]]] : [up];
    }),
  );
}
const DOWN_FROM = 4;
/** When that is, in seconds since the beginning of the replay. */
export const DOWN_FROM_S = DOWN_FROM * STEP_S;
