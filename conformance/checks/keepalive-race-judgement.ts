import { inconclusive } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { judged, outcomeOf, table } from './exchange.ts';
import type { Delivered } from './exchange.ts';

/** How long a backend keeps connections that nobody uses again. */
export interface Closing {
  /** What it tells clients in `Keep-Alive`. */
  readonly announced: string;
  /** From the answer to the closing, ms; null when not all connections were closed. */
  readonly least_ms: number | null;
  readonly most_ms: number | null;
}

/** What was sent and received in one round. */
export interface RoundSeen {
  readonly closing: Closing;
  /** How long the backend holds each answer at least, ms. */
  readonly answer_ms: number;
  readonly opened: readonly Delivered[];
  /** Over the same connections; from their answers on these are idle. */
  readonly reused: readonly Delivered[];
  /** At the instant at which the backend closes them. */
  readonly raced: readonly Delivered[];
  /** Later, when nothing is closed. */
  readonly after: Delivered | undefined;
  /** What kept the backend busy meanwhile. */
  readonly work: Delivered | undefined;
  readonly errorLog: readonly string[];
}

/** One round in figures. */
export interface RaceRound {
  /** The backend's event loop had work at the instant of closing. */
  readonly busy: boolean;
  /** How long it had, ms, from the request for it to its answer. */
  readonly busy_ms: number;
  /** Idle connections that had carried two requests, or more. */
  readonly pooled: number;
  readonly posts: number;
  /** POSTs that were sent while a connection due for closing could not be closed yet; 0 without work. */
  readonly races: number;
  /** POSTs that arrived over one of the idle connections, and over others. */
  readonly arrivedPooled: number;
  readonly arrivedElse: number;
  /** What clients got instead of an answer of the backend: status, or error. */
  readonly failed: readonly string[];
  /** Anything but an answer of the backend to what came before, or after. */
  readonly disturbed: readonly string[];
  readonly errorLog: readonly string[];
}

/** All rounds, and what they were made with. */
export interface RaceSeen {
  /** Idle time of the services in this variant, ms. */
  readonly keep_ms: number;
  /** Both idle times were divided by this. */
  readonly factor: number;
  readonly closing: Closing;
  readonly rounds: readonly RaceRound[];
}

/** Races that tell something about a gateway without failures; where it can lose one, nearly each is lost. */
const ENOUGH_RACES = 60;
/** Connections that must have been used again before failures are the race's. */
const ENOUGH_POOLED = 60;
const LOG_LINES = 12;

const PROVOCATION = [
  'A gateway of its own, with one worker and one instance in the customer pool, which has the idle time of the variant.',
  'When it closes idle connections is measured: Node adds a second to what it announces.',
  'In most rounds the backend compresses an answer while connections are due: its event loop reads no request and',
  'closes nothing meanwhile, so that timer and request wait side by side. Without work the two must meet within about',
  'a millisecond; the first round shows how often they do.',
];

/** Draws the figures of a round from what was seen. All times are of one clock, the clients'. */
export function roundOf(seen: RoundSeen): RaceRound {
  const { opened, reused, raced, after, work, errorLog } = seen;
  const ports = (delivered: readonly Delivered[]): number[] =>
    delivered.flatMap(({ arrivals }) => arrivals.slice(-1).map(({ peer }) => peer.port));
  const first = new Set(ports(opened));
  const pooled = new Set(ports(reused).filter((port) => first.has(port)));
  const arrived = ports(raced);
  const before = [...opened, ...reused, ...(after ? [after] : []), ...(work ? [work] : [])];
  return {
    busy: work !== undefined,
    busy_ms: work ? (work.seen.firstByte_ms ?? 0) - (work.seen.sent_ms ?? 0) : 0,
    pooled: pooled.size,
    posts: raced.length,
    races: Math.min(racesIn(seen), pooled.size),
    arrivedPooled: arrived.filter((port) => pooled.has(port)).length,
    arrivedElse: arrived.filter((port) => !pooled.has(port)).length,
    failed: raced.filter((one) => !isServed(one)).map((one) => outcomeOf(one.seen)),
    disturbed: before.filter((one) => !isServed(one)).map((one) => outcomeOf(one.seen)),
    errorLog,
  };
}

const isServed = ({ seen }: Delivered): boolean => seen.status === 200;

/**
 * Connections whose time ran out while the backend was at work, or POSTs sent meanwhile, whichever are fewer. A POST
 * then waits beside the timer that closes its connection.
 */
function racesIn({ closing, answer_ms, reused, raced, work }: RoundSeen): number {
  const from_ms = work?.seen.sent_ms ?? null;
  const to_ms = work?.seen.firstByte_ms ?? null;
  if (from_ms === null || to_ms === null || closing.least_ms === null || closing.most_ms === null) return 0;
  const [least_ms, most_ms] = [closing.least_ms, closing.most_ms];
  const due = reused.filter(
    ({ seen }) =>
      seen.sent_ms !== null && seen.sent_ms + answer_ms + least_ms > from_ms && seen.done_ms + most_ms < to_ms,
  );
  const sent = raced.filter(({ seen }) => seen.sent_ms !== null && seen.sent_ms > from_ms && seen.sent_ms < to_ms);
  return Math.min(due.length, sent.length);
}

/** Judges that no POST fails because the backend closes its connection meanwhile. */
export function judgeRace({ keep_ms, factor, closing, rounds }: RaceSeen): Outcome {
  const sum = (of: (round: RaceRound) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  const posts = sum((round) => round.posts);
  const races = sum((round) => round.races);
  const failed = rounds.flatMap((round) => round.failed);
  const scaled = factor === 1 ? '' : ` (idle times of gateway and services divided by ${String(factor)})`;
  const expected = `POSTs over pooled connections are answered, also at the instant at which the backend closes them${scaled}`;
  const kinds = [...new Set(failed)].map((kind) => `${String(failed.filter((one) => one === kind).length)} × ${kind}`);
  const kept = closing.least_ms === null ? 'for longer than was looked' : `for ${seconds(closing.least_ms)} s`;
  const observed =
    `services told to keep idle connections for ${seconds(keep_ms)} s; the backend kept them ${kept}${scaled}; ` +
    `of ${String(posts)} POSTs at that instant ${failed.length === 0 ? 'none failed' : `${String(failed.length)} failed: ${kinds.join(', ')}`}`;
  const evidence = [
    table(
      `POSTs when idle connections are due for closing; the backend announces Keep-Alive: ${closing.announced}`,
      ['backend', 'idle connections', 'POSTs', 'races', 'over them', 'over others', 'failed'],
      rounds.map((round) => [
        round.busy ? `at work for ${String(Math.round(round.busy_ms))} ms` : 'idle',
        round.pooled,
        round.posts,
        round.races,
        round.arrivedPooled,
        round.arrivedElse,
        round.failed.length,
      ]),
    ),
    { kind: 'log' as const, title: 'How the race was provoked', lines: PROVOCATION },
    ...(failed.length === 0
      ? []
      : [
          {
            kind: 'log' as const,
            title: 'error log of the gateway',
            lines: rounds.flatMap(({ errorLog }) => errorLog).slice(0, LOG_LINES),
          },
        ]),
  ];
  const fault = unsound(closing, rounds);
  if (fault !== undefined) return inconclusive(expected, observed, fault, evidence);
  if (failed.length === 0 && races < ENOUGH_RACES)
    return inconclusive(expected, observed, `only ${String(races)} POSTs met the instant of closing`, evidence);
  return judged(
    failed.length === 0,
    expected,
    observed,
    evidence,
    'the gateway sends a POST over a connection that the backend is closing, and may not send it again',
  );
}

/** Why the rounds tell nothing, whatever became of the POSTs. */
function unsound(closing: Closing, rounds: readonly RaceRound[]): string | undefined {
  if (closing.least_ms === null) return 'the backend did not close its idle connections while they were watched';
  const disturbed = rounds.flatMap((round) => round.disturbed);
  if (disturbed.length > 0)
    return `requests before or after that instant were not answered either: ${[...new Set(disturbed)].join(', ')}`;
  const pooled = rounds.reduce((sum, round) => sum + round.pooled, 0);
  return pooled < ENOUGH_POOLED ? `only ${String(pooled)} connections of all rounds had been used again` : undefined;
}

const seconds = (duration_ms: number): string => (duration_ms / 1_000).toFixed(3).replace(/\.?0+$/, '');
