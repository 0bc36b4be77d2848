/**
 * The open-loop prober: each series has one probe due every interval, counted
 * from its start, and sends it whatever became of the earlier ones.
 */
import { addressWalk } from './addresses.ts';
import { sendProbe } from './http-probe.ts';
import type { ProbeRecord, SeriesConfig } from './protocol.ts';

/** Milliseconds on the kernel's monotonic clock. */
export function now_ms(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export interface RunningSeries {
  /** Sends no more probes; resolves when each sent one has ended. */
  stop(): Promise<void>;
}

/**
 * Starts a series; `record` gets each probe as it ends (not in sending order).
 *
 * @throws RangeError when the client block of the series is malformed
 */
export function startSeries(series: SeriesConfig, record: (probe: ProbeRecord) => void): RunningSeries {
  const nextAddress = series.from ? addressWalk(series.from.cidr, series.from.skip) : () => undefined;
  const started_ms = now_ms();
  let sent = 0;
  let open = 0;
  let stopped: (() => void) | null = null;
  let timer: NodeJS.Timeout;

  const send = (intended_ms: number): void => {
    const sent_ms = now_ms();
    open += 1;
    sendProbe(series, nextAddress(), (end) => {
      record({ intended_ms, sent_ms, done_ms: now_ms(), ...end });
      open -= 1;
      if (open === 0) stopped?.();
    });
  };
  const tick = (): void => {
    // Everything that is due goes out now: a late timer makes probes late, never fewer.
    for (let due_ms = started_ms + sent * series.interval_ms; due_ms <= now_ms(); due_ms += series.interval_ms) {
      sent += 1;
      send(due_ms);
    }
    timer = setTimeout(tick, Math.max(0, started_ms + sent * series.interval_ms - now_ms()));
  };
  tick();

  return {
    stop: () => {
      clearTimeout(timer);
      return new Promise((resolve) => {
        stopped = resolve;
        if (open === 0) resolve();
      });
    },
  };
}
