/** How a variant counts a request in Redis: as commands that a client sends one after the other. */

/** Long enough that a counter is still there when it is looked at, s. */
const WINDOW_S = 60;
/** What one request adds in the script of a gateway, ms: due times then tell how many were counted. */
const INTERVAL_MS = 1000;
/** A tolerance that refuses nobody, ms. */
const ENDLESS_MS = 10 ** 12;
/** Literal text of a script in a Lua file. */
const SCRIPT = /SCRIPT = \[\[([\s\S]*?)\]\]/;

export interface Counting {
  readonly title: string;
  /** Commands that count one request under a key, as words. */
  readonly commands: (key: string) => readonly (readonly string[])[];
  /** How many requests lie between two states of the counter; NaN when a state cannot be read. */
  readonly counted: (before: string, after: string) => number;
}

/** The documented commands, each sent on its own. @throws RangeError on one that is not known here */
export function countingBy(commands: readonly string[]): Counting {
  return {
    title: `${commands.join(', then ')}, each a command of its own`,
    commands: (key) =>
      commands.map((name) => {
        if (name === 'INCR') return [name, key];
        if (name === 'EXPIRE') return [name, key, String(WINDOW_S)];
        throw new RangeError(`${name} is no command of a counter`);
      }),
    counted: (before, after) => number(after) - number(before),
  };
}

/**
 * The script that a gateway's Lua files send (keys: block, limit; arguments: interval, tolerance, arrival, all ms);
 * undefined when they have none. Its state is the time up to which requests have paid, and the last arrival.
 */
export function countingScript(lua: string): Counting | undefined {
  const script = SCRIPT.exec(lua)?.[1];
  if (script === undefined) return undefined;
  const due = (state: string): number => number(/^(\d+):\d+$/.exec(state)?.[1] ?? '');
  return {
    title: 'one script, sent by EVAL',
    commands: (key) => [['EVAL', script, '2', `${key}:blocked`, key, String(INTERVAL_MS), String(ENDLESS_MS), '0']],
    counted: (before, after) => (due(after) - due(before)) / INTERVAL_MS,
  };
}

const number = (text: string): number => (text === '' ? Number.NaN : Number(text));
