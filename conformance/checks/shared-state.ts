import type { CaseContext, CaseReplica } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import { ADMIN_PATH, CUSTOMER_PATH, inTurn, judgeSequence, servedBy } from './balancing.ts';
import { judged, table } from './exchange.ts';
import { ADMIN_POOL, CUSTOMER_POOL, active, pool } from './upstream-block.ts';

const WORKERS = 3;
const ADMIN_EACH = 2;
const CUSTOMER_EACH = 10;

/** What requests through one worker after another met. */
export interface SharedState {
  readonly weights: readonly (readonly [name: string, weight: number])[];
  /** Who served the admin requests, worker by worker. */
  readonly sequence: readonly string[];
  /** Requests that the failing instance got, through each worker. */
  readonly failingHits: readonly number[];
  readonly failing: string;
  readonly maxFails: number;
  /** Turns in which one worker alone was running, and all turns. */
  readonly alone: { readonly turns: number; readonly of: number };
  /** From the first failure to the last request, against the time that a mark lasts. */
  readonly lasted_s: number;
  readonly failTimeout_s: number;
}

/**
 * Sends requests through each worker of a gateway in turn, the others being
 * stopped meanwhile, so that no worker can be left out by chance.
 */
export async function sharedState(context: CaseContext): Promise<SharedState> {
  const replica = await context.replica({ workers: WORKERS });
  const config = await replica.gateway.config();
  const [admin, customer] = [pool(config, ADMIN_POOL), pool(config, CUSTOMER_POOL)];
  const failing = active(customer)[1];
  if (!failing) throw new Error(`${CUSTOMER_POOL} has fewer than two active servers`);
  const workers = await workersOf(replica);
  const sequence: string[] = [];
  const alone: boolean[] = [];
  for (const worker of workers) {
    const stopped = await through(replica, workers, worker, async () => {
      const delivered = await inTurn(context, context.clientFor(ADMIN_PATH, replica.gateway), ADMIN_PATH, ADMIN_EACH);
      sequence.push(...delivered.map(servedBy));
    });
    alone.push(stopped);
  }
  // A reset is a failure whatever statuses are passed on to another instance.
  await replica.behave(failing.host, { reset: true });
  const failingHits: number[] = [];
  const times: number[] = [];
  for (const worker of workers) {
    const stopped = await through(replica, workers, worker, async () => {
      const delivered = await inTurn(
        context,
        context.clientFor(CUSTOMER_PATH, replica.gateway),
        CUSTOMER_PATH,
        CUSTOMER_EACH,
      );
      const arrivals = delivered.flatMap((one) => one.arrivals);
      const hits = arrivals.filter(({ instance }) => instance === failing.host);
      times.push(...hits.map(({ at }) => at), Math.max(...arrivals.map(({ at }) => at)));
      failingHits.push(hits.length);
    });
    alone.push(stopped);
  }
  return {
    weights: active(admin).map(({ host, weight }) => [host, weight]),
    sequence,
    failingHits,
    failing: failing.host,
    maxFails: failing.maxFails,
    alone: { turns: alone.filter(Boolean).length, of: alone.length },
    lasted_s: (Math.max(...times) - Math.min(...times)) / 1000,
    failTimeout_s: failing.failTimeout_s,
  };
}

/** Judges the size of the memory in which workers share what they know of a pool. */
export function judgeZones(zone_kb: number, config: string): Outcome {
  const blocks = [ADMIN_POOL, CUSTOMER_POOL].map((name) => pool(config, name));
  return judged(
    blocks.every((block) => block.zone_kb === zone_kb),
    `a zone of ${String(zone_kb)} KiB for both pools`,
    blocks.map(({ name, zone_kb: size }) => `${name} ${size === undefined ? 'none' : `${String(size)}k`}`).join(', '),
    blocks.map(({ name, text }) => ({ kind: 'config', title: `${name} in nginx -T`, text })),
    'without a zone each worker counts for itself',
  );
}

/** Judges that the workers act as one: one turn through the weights, one count of failures. */
export function judgeShared(state: SharedState): Outcome {
  const { failingHits, maxFails, failing, alone } = state;
  const hits = failingHits.reduce((sum, count) => sum + count, 0);
  const order = judgeSequence(state.weights, state.sequence);
  const expected = `${String(failingHits.length)} workers continue one order of instances, and ${failing} gets ${String(maxFails)} requests in all before it is marked as failed`;
  const observed = `order ${order.verdict === 'conforms' ? 'common to all' : `not common (${order.observed})`}; ${failing} got ${String(hits)} (${failingHits.join(' + ')})`;
  const evidence = [
    ...order.evidence,
    table(
      'requests that the failing instance got',
      ['worker', 'requests'],
      failingHits.map((count, index) => [index + 1, count]),
    ),
  ];
  if (alone.turns < alone.of)
    return { verdict: 'inconclusive', expected, observed, reason: 'a worker that was to rest was running', evidence };
  if (state.lasted_s >= state.failTimeout_s)
    return {
      verdict: 'inconclusive',
      expected,
      observed,
      reason: `the requests took ${String(state.lasted_s)} s, longer than a mark lasts`,
      evidence,
    };
  return judged(
    order.verdict === 'conforms' && hits === maxFails,
    expected,
    observed,
    evidence,
    'without a zone each worker counts for itself',
  );
}

async function workersOf({ gateway }: CaseReplica): Promise<string[]> {
  // The brackets keep the search from finding itself.
  const { stdout } = await gateway.exec([
    'sh',
    '-c',
    "grep -la 'nginx: worker proces[s]' /proc/[0-9]*/cmdline 2>/dev/null",
  ]);
  return [...stdout.matchAll(/\/proc\/(\d+)\//g)].map(([, pid = '']) => pid);
}

/**
 * Lets only one worker run while requests are sent. A stopped worker accepts
 * nothing; the kernel wakes the one that can.
 * @returns whether the others were stopped indeed
 */
async function through(
  { gateway }: CaseReplica,
  workers: readonly string[],
  worker: string,
  send: () => Promise<void>,
): Promise<boolean> {
  const others = workers.filter((pid) => pid !== worker);
  // A signal takes effect when its process is next scheduled: the state is looked at until it has.
  const signal = async (name: 'STOP' | 'CONT'): Promise<boolean> => {
    const stopped = `[ "$(cat ${others.map((pid) => `/proc/${pid}/stat`).join(' ')} | grep -c ') T ')" = ${String(name === 'STOP' ? others.length : 0)} ]`;
    const script = `kill -${name} ${others.join(' ')}; i=0; until ${stopped}; do i=$((i + 1)); [ $i -lt 300 ] || exit 7; sleep 0.01; done`;
    const { exitCode, stderr } = await gateway.exec(['sh', '-c', script]);
    if (exitCode !== 0 && exitCode !== 7) throw new Error(`kill -${name}: ${stderr}`);
    return exitCode === 0;
  };
  const alone = await signal('STOP');
  try {
    await send();
  } finally {
    await signal('CONT');
  }
  return alone;
}
