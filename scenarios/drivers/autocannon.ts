/**
 * autocannon at a fixed rate, followed connection by connection.
 *
 * A connection may send r requests in each second: as many as it can at the second's
 * beginning, one after the other. What it could not send by the end of the second it never
 * sends: it is dropped here. A request that had to wait for the answer before it counts from
 * the instant at which its share of the second began. What the tool reports as corrected is
 * not used: it expects an answer each millisecond, whatever the rate is
 * (`recordValueWithExpectedInterval` in its lib/run.js).
 *
 * Usage: node autocannon.ts '<JSON of DriverPlan>'
 */
import type { EventEmitter } from 'node:events';
import autocannon from 'autocannon';
import { Cells, kindOf } from './cells.ts';
import { watchLoop } from './loop.ts';
import { addressAfter } from './plan.ts';
import type { DriverEnd, DriverPlan } from './plan.ts';

const SECOND_MS = 1_000;
/** autocannon sends the next request while it handles an answer; later ones wait for a second to begin. */
const RIGHT_AFTER_MS = 1;

/** Fields of autocannon's connections that tell what a second still allows. */
interface Connection extends EventEmitter {
  readonly rate: number;
  readonly reqsMadeThisSecond: number;
}

const plan = JSON.parse(process.argv[2] ?? '{}') as DriverPlan;
const duration_s = Math.max(...plan.steps.map((step) => step.start_s + step.duration_s));
const cells = new Cells(plan.steps, plan.route);
const began_ms = performance.now();
const loop = watchLoop((plan.steps.at(-1)?.start_s ?? 0) * SECOND_MS);
const now_ms = (): number => performance.now() - began_ms;

/** Follows one connection: without pipelining at most one of its requests is under way. */
function follow(connection: Connection): void {
  let second_ms = 0;
  let sentInSecond = 0;
  let ended_ms = Number.NEGATIVE_INFINITY;
  let cacheState: string | undefined;
  let open: { readonly intended_ms: number; readonly sent_ms: number } | null = null;

  const end = (status: number | null, kind: string): void => {
    ended_ms = now_ms();
    if (!open) return;
    const { intended_ms, sent_ms } = open;
    open = null;
    cells.take({ intended_ms, corrected_ms: ended_ms - intended_ms, actual_ms: ended_ms - sent_ms, status, kind });
  };
  /** A new second: what the last one still owed, and whole seconds that passed by, are dropped. */
  const nextSecond = (sent_ms: number, waited: boolean): void => {
    if (sentInSecond > 0) {
      const passed = Math.max(1, Math.floor((sent_ms - second_ms) / SECOND_MS));
      for (let n = 0; n < passed; n += 1)
        cells.drop(second_ms + n * SECOND_MS, n === 0 ? connection.rate - sentInSecond : connection.rate);
      second_ms = waited ? second_ms + passed * SECOND_MS : sent_ms;
    } else second_ms = sent_ms;
    sentInSecond = 0;
  };

  connection.on('request', () => {
    // A gateway that closes a connection without an answer makes the tool open it again, and nothing else.
    if (open) end(null, kindOf(null));
    const sent_ms = now_ms();
    const waited = sent_ms - ended_ms < RIGHT_AFTER_MS;
    if (connection.reqsMadeThisSecond <= sentInSecond || sentInSecond === 0) nextSecond(sent_ms, waited);
    const due_ms = second_ms + (sentInSecond * SECOND_MS) / connection.rate;
    open = { intended_ms: waited ? Math.min(due_ms, sent_ms) : sent_ms, sent_ms };
    sentInSecond += 1;
  });
  connection.on('headers', ({ headers }: { readonly headers: readonly string[] }) => {
    cacheState = valueOf(headers, 'x-cache-status');
  });
  connection.on('response', (status: number) => {
    end(status, kindOf(status, { cacheState }));
  });
  connection.on('timeout', () => {
    end(null, 'time-out');
  });
  connection.on('connError', () => {
    end(null, kindOf(null));
  });
  connection.on('done', () => {
    end(null, kindOf(null));
    nextSecond(ended_ms, true);
  });
}

/** Value of a header in the parser's list of names and values. */
function valueOf(headers: readonly string[], name: string): string | undefined {
  // The length tells nearly all names apart, and every answer has some.
  const at = headers.findIndex(
    (one, index) => one.length === name.length && index % 2 === 0 && one.toLowerCase() === name,
  );
  return at === -1 ? undefined : headers[at + 1];
}

let address = 0;
autocannon(
  {
    url: plan.url,
    servername: plan.serverName,
    headers: { host: plan.serverName, ...plan.headers },
    connections: plan.connections,
    overallRate: plan.rate_perS,
    duration: duration_s,
    timeout: plan.timeout_s,
    ignoreCoordinatedOmission: true,
    // autocannon copies its options for each connection and so reads this once for each: every one gets an address.
    tlsOptions: {
      get localAddress() {
        return addressAfter(plan.firstAddress, address++ % plan.connections);
      },
    },
    setupClient: (client: EventEmitter) => {
      follow(client as Connection);
    },
  },
  (error: Error | null) => {
    cells.end();
    if (error) throw error;
    const end: DriverEnd = { requests: cells.counted, loopDelay_ms: loop.stop() };
    process.stdout.write(`${JSON.stringify(end)}\n`);
  },
);
