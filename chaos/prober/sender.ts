/** What each kind of series implements: it sends when it is told to, and never waits. */
import type { ProbeEnd, SessionLoss } from './protocol.ts';

export interface Sender {
  /**
   * Sends probe number `probe` now and calls back exactly once, at the latest when the
   * series' time for an answer is over.
   */
  send(probe: number, done: (end: ProbeEnd) => void): void;
  /** Closes what is kept open; called when no probe is under way. */
  close(): void;
}

/** Takes losses of sessions as they happen. */
export type ReportLoss = (loss: SessionLoss) => void;
