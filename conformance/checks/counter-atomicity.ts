/** Counting in Redis: whether updates get lost among many clients, and what a client leaves that dies on the way. */
import { HarnessError } from '../../environments/harness/errors.ts';
import type { ExecResult } from '../../environments/harness/types.ts';
import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import { inconclusive } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { countingBy, countingScript } from './counting.ts';
import type { Counting } from './counting.ts';
import { judged, table } from './exchange.ts';

const STORE = 'redis-1';
const CLIENTS = 50;
const REQUESTS = 10_000;
/** Ended by SIGKILL, as a shell tells it. */
const KILLED = 137;

/**
 * A client of Redis that gets its commands one after the other, each after the answer of the one before it, and is
 * killed after the last: says how it ended, what it was answered, and what the key's time to live is then (s; −1: none).
 */
const DYING_CLIENT = `
key=$1; shift
dir=$(mktemp -d); mkfifo "$dir/in"; : > "$dir/out"
redis-cli < "$dir/in" > "$dir/out" 2>&1 & client=$!
exec 3> "$dir/in"
sent=0
for command in "$@"; do
  printf '%s\\n' "$command" >&3; sent=$((sent + 1))
  for look in $(seq 250); do [ "$(wc -l < "$dir/out")" -ge "$sent" ] && break; sleep 0.02; done
done
kill -KILL "$client"; wait "$client"; echo "$?"
tr '\\n' ' ' < "$dir/out"; echo
redis-cli ttl "$key"
rm -r "$dir"
`;

/** A client that died after some of the commands that count one request. */
export interface DeadClient {
  /** Commands that it was answered before it died. */
  readonly sent: number;
  /** Commands that count one request. */
  readonly of: number;
  readonly exitCode: number;
  readonly answers: string;
  /** Time to live of the counter afterwards, s; −1: none, −2: no counter. */
  readonly ttl_s: number;
}

export interface SeenCounting {
  readonly title: string;
  /** Whether the gateway counts so, or only the document says so. */
  readonly byGateway: boolean;
  readonly clients: number;
  readonly requests: number;
  readonly counted: number;
  readonly dead: readonly DeadClient[];
}

/**
 * Counts as the gateway does, by the script in its Lua files; a gateway that counts nothing in Redis is told, and the
 * documented commands are measured instead.
 */
export async function counterAtomicity(context: CaseContext, commands: readonly string[]): Promise<Outcome> {
  const { stdout: lua } = await context.gateway.exec(['sh', '-c', 'cat /etc/nginx/lua/*.lua 2>/dev/null || true']);
  const script = countingScript(lua);
  const counting = script ?? countingBy(commands);
  const key = marker('counter');
  const counted = await countTogether(context, counting, `${key}:many`);
  const dead: DeadClient[] = [];
  const whole = counting.commands(key).length;
  for (let sent = 1; sent <= whole; sent += 1)
    dead.push(await dieAfter(context, counting, `${key}:dead:${String(sent)}`, sent));
  return judgeCounting({
    title: counting.title,
    byGateway: script !== undefined,
    clients: CLIENTS,
    requests: REQUESTS,
    counted,
    dead,
  });
}

/** Requests that the store has counted after {@link CLIENTS} clients counted {@link REQUESTS} side by side. */
async function countTogether(context: CaseContext, counting: Counting, key: string): Promise<number> {
  const [first = []] = counting.commands(key);
  const state = async (): Promise<string> => (await must(context, ['redis-cli', 'get', key])).trim();
  await must(context, ['redis-cli', ...first]);
  const before = await state();
  const flood = ['redis-benchmark', '-c', String(CLIENTS), '-n', String(REQUESTS), '-q', ...first];
  await must(context, flood);
  const counted = counting.counted(before, await state());
  await must(context, ['redis-cli', 'del', key]);
  return counted;
}

async function dieAfter(context: CaseContext, counting: Counting, key: string, sent: number): Promise<DeadClient> {
  const commands = counting.commands(key);
  const lines = commands.slice(0, sent).map((words) => words.map(quoted).join(' '));
  const stdout = await must(context, ['sh', '-c', DYING_CLIENT, 'dying-client', key, ...lines]);
  await must(context, ['redis-cli', 'del', key]);
  return { sent, of: commands.length, ...parseDead(stdout) };
}

/** Reads what the dying client's script printed. @throws HarnessError when it is something else */
export function parseDead(stdout: string): Pick<DeadClient, 'exitCode' | 'answers' | 'ttl_s'> {
  const [exit = '', answers = '', ttl = ''] = stdout.split('\n');
  if (!/^\d+$/.test(exit) || !/^-?\d+$/.test(ttl))
    throw new HarnessError(`the client of Redis ended with: ${stdout.trim().slice(0, 300)}`, `see the log of ${STORE}`);
  return { exitCode: Number(exit), answers: answers.trim(), ttl_s: Number(ttl) };
}

/** A word as redis-cli reads it from its input: quotes and line ends escaped. */
const quoted = (word: string): string => JSON.stringify(word);

async function must(context: CaseContext, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr }: ExecResult = await context.exec(STORE, argv);
  if (exitCode !== 0)
    throw new HarnessError(
      `${argv[0] ?? ''} ended with ${String(exitCode)}: ${stderr.trim()}`,
      `see the log of ${STORE}`,
    );
  return stdout;
}

/** Judges that no update was lost, and that no client leaves a counter that never ends, whenever it dies. */
export function judgeCounting(seen: SeenCounting): Outcome {
  const { title, byGateway, clients, requests, counted, dead } = seen;
  const expected = `${String(requests)} requests of ${String(clients)} clients are counted, and a client that dies while it counts leaves no counter without time to live`;
  const endless = dead.filter(({ ttl_s }) => ttl_s === -1);
  const observed = [
    `${title}${byGateway ? '' : ' (the gateway counts nothing in Redis)'}: ${String(counted)} of ${String(requests)} counted`,
    ...dead.map(({ sent, of, ttl_s }) => `dead after ${String(sent)} of ${String(of)}: ${inWords(ttl_s)}`),
  ].join('; ');
  const evidence = [
    table(
      'clients that died while they counted',
      ['commands answered', 'of', 'answers', 'exit code', 'time to live s'],
      dead.map(({ sent, of, answers, exitCode, ttl_s }) => [sent, of, answers, exitCode, ttl_s]),
    ),
  ];
  const fault = instrumentFault(seen);
  if (fault !== undefined) return inconclusive(expected, observed, fault, evidence);
  const reasons = [
    ...(counted === requests ? [] : ['updates of clients that counted side by side got lost']),
    ...(endless.length === 0
      ? []
      : ['each command is atomic, not their sequence: a client that dies in between leaves a counter that never ends']),
  ];
  return judged(reasons.length === 0, expected, observed, evidence, reasons.join('; '));
}

/** What was wrong with the clients. */
function instrumentFault({ counted, dead }: SeenCounting): string | undefined {
  if (Number.isNaN(counted)) return 'the counter could not be read';
  if (dead.length === 0) return 'no client died';
  if (dead.some(({ exitCode }) => exitCode !== KILLED)) return 'a client ended before it was killed';
  const refused = dead.find(({ answers }) => answers === '' || /\bERR\b|error/i.test(answers));
  if (refused) return `Redis answered ${refused.answers || 'nothing'}`;
  if (dead.some(({ ttl_s }) => ttl_s === -2)) return 'a client left no counter';
  return undefined;
}

const inWords = (ttl_s: number): string => (ttl_s === -1 ? 'no time to live' : `${String(ttl_s)} s to live`);
