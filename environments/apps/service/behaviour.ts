/** Chunks of filler text, sent at an even pace. The first goes out at once. */
export interface StreamPlan {
  readonly chunks: number;
  readonly interval_ms: number;
  readonly chunkBytes: number;
}

/** What a request (header `x-behave`, JSON) or the file of an instance may ask for. Absent keys change nothing. */
export interface Behaviour {
  readonly status?: number;
  /** Wait before answering, after the request's body was read. */
  readonly delay_ms?: number;
  /** Wait between the status line and the other headers; the connection closes afterwards. */
  readonly headerDelay_ms?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Adds headers `x-filler-<n>` of so many bytes in total. */
  readonly headerBytes?: number;
  /** Literal body. */
  readonly body?: string;
  /** Filler text of so many bytes as the body. */
  readonly bodyBytes?: number;
  readonly contentType?: string;
  /** Sends the body already compressed, with Content-Encoding. */
  readonly gzip?: boolean;
  readonly stream?: StreamPlan;
  /** Announces more than is sent (or leaves the last chunk out), then closes. */
  readonly truncate?: boolean;
  /** Sends RST: before any byte of the answer, or after the chunks of `stream`. */
  readonly reset?: boolean;
  /** Never answers. */
  readonly hang?: boolean;
  /** Answers with Connection: close. */
  readonly closeAfter?: boolean;
  /** Leaves the request's body unread; the connection closes after the answer. */
  readonly neverRead?: boolean;
  /** Applies on these instances only. */
  readonly only?: readonly string[];
  /** Applies only to paths that start with one of these. */
  readonly paths?: readonly string[];
  /** Names a series of requests: counted by this process, and shown as `hits` in the echo. */
  readonly key?: string;
  /** Applies to the first so many requests of `key`. */
  readonly first?: number;
}

/** Change of the drawn service times (see service-time.ts). */
export interface ServiceTimePlan {
  /** Multiplies what was drawn. */
  readonly scale?: number;
  /** Replaces what was drawn. */
  readonly fixed_ms?: number;
}

/** Content of `<runDir>/<instance>.json`. */
export interface InstanceBehaviour extends Behaviour {
  /** False closes the listener and destroys the open connections; true, or absent, listens. */
  readonly listening?: boolean;
  readonly serviceTime?: ServiceTimePlan;
}

interface Rule {
  readonly wanted: string;
  readonly holds: (value: unknown) => boolean;
}

const whole = (low: number, high: number): Rule => ({
  wanted: `a whole number from ${String(low)} to ${String(high)}`,
  holds: (value) => typeof value === 'number' && Number.isInteger(value) && value >= low && value <= high,
});
const amount: Rule = {
  wanted: 'a number of at least 0',
  holds: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
};
const text: Rule = { wanted: 'a text', holds: (value) => typeof value === 'string' };
const truth: Rule = { wanted: 'true or false', holds: (value) => typeof value === 'boolean' };
const texts: Rule = { wanted: 'a list of texts', holds: isTexts };
const headers: Rule = {
  wanted: 'an object of texts or lists of texts',
  holds: (value) =>
    isRecord(value) && Object.values(value).every((entry) => typeof entry === 'string' || isTexts(entry)),
};
const LARGEST = 1024 ** 3;

const STREAM: Readonly<Record<string, Rule>> = {
  chunks: whole(0, 1_000_000),
  interval_ms: amount,
  chunkBytes: whole(1, LARGEST),
};
const SERVICE_TIME: Readonly<Record<string, Rule>> = { scale: amount, fixed_ms: amount };

const REQUEST_RULES: Readonly<Record<keyof Behaviour, Rule>> = {
  status: whole(200, 599),
  delay_ms: amount,
  headerDelay_ms: amount,
  headers,
  headerBytes: whole(0, 1024 ** 2),
  body: text,
  bodyBytes: whole(0, LARGEST),
  contentType: text,
  gzip: truth,
  stream: {
    wanted: '{"chunks", "interval_ms", "chunkBytes"}, all of them',
    holds: (value) => isRecord(value) && matches(value, STREAM) && Object.keys(STREAM).every((key) => key in value),
  },
  truncate: truth,
  reset: truth,
  hang: truth,
  closeAfter: truth,
  neverRead: truth,
  only: texts,
  paths: texts,
  key: text,
  first: whole(1, 1_000_000),
};

const INSTANCE_RULES: Readonly<Record<keyof InstanceBehaviour, Rule>> = {
  ...REQUEST_RULES,
  listening: truth,
  serviceTime: {
    wanted: 'an object with "scale" or "fixed_ms"',
    holds: (value) => isRecord(value) && matches(value, SERVICE_TIME),
  },
};

/** The asked behaviour cannot be understood; the message says which key and what it may be. */
export class BehaviourError extends Error {}

/**
 * Reads the value of the header `x-behave`.
 * @throws BehaviourError for anything but known keys with possible values.
 */
export function parseBehaviour(json: string): Behaviour {
  return checked(json, REQUEST_RULES);
}

/**
 * Reads the content of an instance's file.
 * @throws BehaviourError as {@link parseBehaviour} does.
 */
export function parseInstanceBehaviour(json: string): InstanceBehaviour {
  return checked(json, INSTANCE_RULES);
}

function checked(json: string, rules: Readonly<Record<string, Rule>>): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new BehaviourError(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!isRecord(value)) throw new BehaviourError('not a JSON object');
  for (const [key, entry] of Object.entries(value)) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined;
    if (!rule) throw new BehaviourError(`unknown key "${key}"; known: ${Object.keys(rules).join(', ')}`);
    if (!rule.holds(entry)) throw new BehaviourError(`"${key}" must be ${rule.wanted}`);
  }
  if ('first' in value && !('key' in value)) throw new BehaviourError('"first" needs a "key" to count by');
  return value;
}

/** Where and how often a behaviour is to be decided. */
export interface Occasion {
  readonly instance: string;
  readonly path: string;
  /** Paths that the file of an instance leaves alone unless it names them: health and metrics. */
  readonly spared: readonly string[];
  /** Counts one more request of the key and tells how many there were. */
  readonly count: (key: string) => number;
}

/** What holds for one request, and how often its key was seen (null without one). */
export interface Decision {
  readonly behaviour: Behaviour;
  readonly hits: number | null;
}

/** Lays what the request asks for over what the instance's file says, key by key; each only where it applies. */
export function decide(asked: Behaviour, instance: Behaviour, occasion: Occasion): Decision {
  const paths = instance.paths;
  const spared = paths === undefined && occasion.spared.includes(occasion.path);
  const base = spared ? { behaviour: {}, hits: null } : layer(instance, occasion);
  const top = layer(asked, occasion);
  return { behaviour: { ...base.behaviour, ...top.behaviour }, hits: top.hits ?? base.hits };
}

function layer(behaviour: Behaviour, { instance, path, count }: Occasion): Decision {
  const { only, paths, key, first } = behaviour;
  const elsewhere = only?.includes(instance) === false || paths?.some((prefix) => path.startsWith(prefix)) === false;
  if (elsewhere) return { behaviour: {}, hits: null };
  const hits = key === undefined ? null : count(key);
  return { behaviour: first !== undefined && (hits ?? 0) > first ? {} : behaviour, hits };
}

/** Whether the answer itself changes, so that a route of its own meaning must not give it. */
export function shapes({
  status,
  headers,
  headerBytes,
  body,
  bodyBytes,
  contentType,
  gzip,
  stream,
  truncate,
  headerDelay_ms,
  closeAfter,
  neverRead,
}: Behaviour): boolean {
  return [
    status,
    headers,
    headerBytes,
    body,
    bodyBytes,
    contentType,
    gzip,
    stream,
    truncate,
    headerDelay_ms,
    closeAfter,
    neverRead,
  ].some((key) => key !== undefined);
}

function matches(value: Record<string, unknown>, rules: Readonly<Record<string, Rule>>): boolean {
  return Object.entries(value).every(([key, entry]) => Object.hasOwn(rules, key) && rules[key]?.holds(entry) === true);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
