/** What instances received, from their own logs: with the millisecond in which it came. */
import type { ChaosTarget } from '../runner/target.ts';

export interface Arrival {
  readonly instance: string;
  /** Wall clock, ms since the epoch. */
  readonly at: number;
  readonly method: string;
  readonly url: string;
  readonly peer: { readonly address: string };
}

/** The service that reads the logs of all instances. */
const READER = 'inspector';

/** Requests at one instance whose log line has the text, oldest first. */
export async function arrivalsAt(target: ChaosTarget, instance: string, text: string): Promise<readonly Arrival[]> {
  const { stdout } = await target.exec(READER, [
    'sh',
    '-c',
    `grep -haF -- "$1" /arrivals/${instance}-*.ndjson`,
    'find',
    text,
  ]);
  return readArrivals(stdout);
}

/** Reads lines of the log; one that is still being written is left out. */
export function readArrivals(text: string): readonly Arrival[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => {
      const { instance, at, method, url, peer } = JSON.parse(line) as Arrival;
      return { instance, at, method, url, peer: { address: peer.address } };
    })
    .toSorted((a, b) => a.at - b.at);
}
