/**
 * The open-loop prober: each series has one probe due every interval, counted
 * from its start, and sends it whatever became of the earlier ones.
 */
import { now_ms } from './clock.ts';
import { keptAlive } from './keep-alive.ts';
import { newConnections } from './new-connection.ts';
import { CAPPED, OPEN_MAX } from './protocol.ts';
import type { ProbeRecord, SeriesConfig } from './protocol.ts';
import type { ReportLoss, Sender } from './sender.ts';
import { socketIo } from './socketio.ts';
import { webSockets } from './websocket.ts';
import { writes } from './write.ts';

export interface RunningSeries {
  /** Sends no more probes; resolves when each sent one has ended and what was kept open is closed. */
  stop(): Promise<void>;
}

/** What a series tells: each probe as it ends (not in sending order), each session that is lost. */
export interface SeriesReport {
  readonly probe: (probe: ProbeRecord) => void;
  readonly loss: ReportLoss;
}

function senderOf(series: SeriesConfig, loss: ReportLoss): Sender {
  switch (series.kind) {
    case 'new-connection':
      return newConnections(series);
    case 'keep-alive':
      return keptAlive(series);
    case 'write':
      return writes(series);
    case 'websocket':
      return webSockets(series, loss);
    case 'socketio':
      return socketIo(series, loss);
  }
}

/**
 * Starts a series.
 *
 * @throws RangeError when the client block of the series is malformed
 */
export function startSeries(series: SeriesConfig, report: SeriesReport): RunningSeries {
  const sender = senderOf(series, report.loss);
  const open_max = series.open_max ?? OPEN_MAX;
  const drained = Promise.withResolvers<void>();
  const started_ms = now_ms();
  let due = 0;
  let open = 0;
  let stopping = false;
  let timer: NodeJS.Timeout;

  const send = (probe: number, intended_ms: number): void => {
    const sent_ms = now_ms();
    if (open >= open_max) {
      report.probe({ intended_ms, sent_ms, done_ms: sent_ms, ok: false, kind: CAPPED });
      return;
    }
    open += 1;
    sender.send(probe, (end) => {
      report.probe({ intended_ms, sent_ms, done_ms: now_ms(), ...end });
      open -= 1;
      if (stopping && open === 0) drained.resolve();
    });
  };
  const dueAt = (probe: number): number => started_ms + probe * series.interval_ms;
  const tick = (): void => {
    // Everything that is due goes out now: a late timer makes probes late, never fewer.
    for (let due_ms = dueAt(due); due_ms <= now_ms(); due_ms = dueAt(due)) {
      send(due, due_ms);
      due += 1;
    }
    timer = setTimeout(tick, Math.max(0, dueAt(due) - now_ms()));
  };
  tick();

  return {
    stop: async () => {
      clearTimeout(timer);
      stopping = true;
      if (open === 0) drained.resolve();
      await drained.promise;
      sender.close();
    },
  };
}
