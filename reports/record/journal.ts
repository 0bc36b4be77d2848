/** Reads the journal of a run, also one that was cut off in the middle of a line. */
import type { JournalEvent } from './events.ts';

/** What a journal held. `broken` is the line that a killed run did not finish. */
export interface Journal {
  readonly events: readonly JournalEvent[];
  readonly broken: { readonly line: number; readonly text: string } | null;
}

const KNOWN: ReadonlySet<string> = new Set<JournalEvent['event']>([
  'run-started',
  'variant-started',
  'claim',
  'experiment',
  'scenario',
  'capacity',
  'scaling',
  'calibration',
  'note',
  'variant-finished',
  'run-finished',
]);

function isEvent(value: unknown): value is JournalEvent {
  return typeof value === 'object' && value !== null && 'event' in value && KNOWN.has(String(value.event));
}

/**
 * Parses `events.ndjson`. One broken last line is what a kill leaves and is
 * reported, not thrown; a broken line with others after it means that the file
 * was damaged. Throws an Error that names the line in that case, and for a line
 * that is JSON but no event.
 */
export function parseJournal(text: string): Journal {
  const lines = text.split('\n').map((line, index) => ({ line: index + 1, text: line.trim() }));
  const filled = lines.filter((line) => line.text !== '');
  const events: JournalEvent[] = [];
  for (const [position, { line, text: content }] of filled.entries()) {
    let value: unknown;
    try {
      value = JSON.parse(content);
    } catch {
      if (position === filled.length - 1) return { events, broken: { line, text: content } };
      throw new Error(`Journal line ${line} is not JSON and others follow it: the file was damaged.`);
    }
    if (!isEvent(value)) throw new Error(`Journal line ${line} is not an event of this version of Gateproof.`);
    events.push(value);
  }
  return { events, broken: null };
}
