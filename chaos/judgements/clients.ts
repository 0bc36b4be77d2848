/** What clients saw of a procedure, told and shown. Pure. */
import type { Evidence } from '../../reports/record/types.ts';
import { stepsOf } from '../operations/journal.ts';
import type { Step } from '../operations/journal.ts';
import type { SessionProbe } from '../prober/session.ts';
import type { TrialData } from '../runner/experiment.ts';
import { countFailures, sentIn, windowOf } from './procedure.ts';
import type { FailureCount } from './procedure.ts';

export interface ClientsSaw {
  /** Requests sent while the procedure ran. */
  readonly during: FailureCount;
  /** Requests of the steady state before, which have ended by then. */
  readonly before: FailureCount;
  readonly told: string;
  readonly evidence: readonly Evidence[];
}

/** Counts the requests of some series over trials. */
export function clientsSaw(trials: readonly TrialData[], names: readonly string[]): ClientsSaw {
  const ran = trials.flatMap((one) => {
    const steps = stepsOf(one);
    const window = windowOf(steps);
    if (!window) return [];
    const series = names.map((name) => ({ name, probes: sentIn(one.series[name] ?? [], window) }));
    return [{ steps, window, series }];
  });
  const during = ran.flatMap(({ series }) => series.flatMap(({ probes }) => probes));
  const failed = during.filter(({ ok }) => !ok);
  const kinds = [...new Set(failed.map(({ kind }) => kind))].join(', ');
  const bySeries = names.map((name) => {
    const count = countFailures(ran.flatMap(({ series }) => series.find((one) => one.name === name)?.probes ?? []));
    return `${name}: ${count.failed} of ${count.total} failed`;
  });
  return {
    during: countFailures(during),
    before: countFailures(trials.flatMap(({ before }) => before)),
    told: `${bySeries.join('; ')}${kinds === '' ? '' : ` (${kinds})`}`,
    evidence: ran.flatMap(({ steps, window, series }) => [
      stepTable('Steps of the procedure', steps),
      failureTable(
        'Failed requests',
        series.flatMap(({ probes }) => probes),
        window.from_ms,
      ),
    ]),
  };
}

/** The steps of a procedure for a reader. */
export function stepTable(title: string, steps: readonly Step[]): Evidence {
  const start_ms = steps[0]?.at_ms ?? 0;
  return {
    kind: 'table',
    title,
    columns: ['s after the start', 'on', 'what'],
    rows: steps.map(({ at_ms, on, what }) => [Number(((at_ms - start_ms) / 1000).toFixed(1)), on, what]),
  };
}

/** Failed requests of a window for a reader. */
function failureTable(title: string, probes: readonly SessionProbe[], start_ms: number): Evidence {
  return {
    kind: 'table',
    title,
    columns: ['sent s after the start', 'took ms', 'result', 'answered by'],
    rows: probes
      .filter(({ ok }) => !ok)
      .slice(0, 20)
      .map(({ sent_ms, done_ms, kind, servedBy }) => [
        Number(((sent_ms - start_ms) / 1000).toFixed(1)),
        Math.round(done_ms - sent_ms),
        kind,
        servedBy ?? '',
      ]),
  };
}
