/**
 * A stand-in gateway whose outages are known: a program of its own, so that it
 * shares no event loop with the prober. It closes its listener when an outage
 * begins and opens it when it ends, and prints the instants (monotonic ms)
 * between which no connection could be made. A share of requests fails anyway.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { monotonic_ms } from '../../measurement/clock.ts';
import { seededRandom } from '../../measurement/random.ts';

/** Argument of the program, as JSON. */
export interface StandInScript {
  readonly seed: number;
  /** Share of requests that get a 500 without any outage. */
  readonly errorRate: number;
  /** Mean of an exponential wait before each answer; 0 answers at once. */
  readonly jitter_ms_mean: number;
  /** Outages in order, counted from the start of the program. */
  readonly outages: readonly { readonly after_ms: number; readonly lasts_ms: number }[];
}

/** Lines that the program prints. */
export type StandInEvent =
  | { readonly event: 'listening'; readonly port: number }
  | {
      readonly event: 'outage';
      readonly from_ms: number;
      readonly to_ms: number;
      /** How long closing and opening took: the outage may be so much longer than told. */
      readonly slack_ms: number;
    };

const script = JSON.parse(process.argv[2] ?? '') as StandInScript;
const random = seededRandom(script.seed);

const say = (event: StandInEvent): void => void process.stdout.write(`${JSON.stringify(event)}\n`);
const at = (instant_ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, instant_ms - monotonic_ms())));

const newServer = () =>
  createServer((_request, response) => {
    response.statusCode = random() < script.errorRate ? 500 : 200;
    response.setHeader('Connection', 'close');
    const wait_ms = -script.jitter_ms_mean * Math.log(1 - random());
    if (wait_ms > 0) setTimeout(() => response.end('ok'), wait_ms);
    else response.end('ok');
  });

async function listen(port: number): Promise<ReturnType<typeof newServer>> {
  const server = newServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', 1024, resolve);
  });
  return server;
}

const started_ms = monotonic_ms();
let server = await listen(0);
const { port } = server.address() as AddressInfo;
say({ event: 'listening', port });
for (const outage of script.outages) {
  await at(started_ms + outage.after_ms);
  const closing_ms = monotonic_ms();
  server.close();
  const from_ms = monotonic_ms();
  await at(from_ms + outage.lasts_ms);
  const opening_ms = monotonic_ms();
  server = await listen(port);
  say({
    event: 'outage',
    from_ms,
    to_ms: opening_ms,
    slack_ms: from_ms - closing_ms + monotonic_ms() - opening_ms,
  });
}
