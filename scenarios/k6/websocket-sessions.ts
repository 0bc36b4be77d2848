/**
 * WebSocket sessions at a constant arrival rate: each is upgraded, sends messages at a fixed
 * pace whether or not they are answered, and closes when all came back. One session is one
 * request of the load. Its latency is that of its slowest part: until it was greeted, from the
 * intended start of the session, or until a message came back, from the intended send.
 *
 * A virtual user keeps its address, and remembers which instance greeted it last.
 */
import exec from 'k6/execution';
import { Trend } from 'k6/metrics';
import { clearTimeout, setTimeout } from 'k6/timers';
import { WebSocket } from 'k6/websockets';

import { CORRECTED } from './load.ts';
import { optionsOfPlan, plan, routeOf, schedule, summaryFile } from './steps.ts';
import { tally } from './tally.ts';

const MESSAGES = 8;
const PACE_MS = 1_000;
/** Code of an orderly close (RFC 6455, 7.4.1). */
const NORMAL_CLOSE = 1000;
/** A session that is not over by then failed; k6 waits a little longer for it. */
const LONGEST_MS = (plan.timeout_s - 2) * 1000;

const slowest = new Trend(CORRECTED, true);
const returned = tally('returned');
const moved = tally('moved');

export const options = optionsOfPlan;
export const handleSummary = summaryFile;

/** Who greeted this user last. */
let before: string | null = null;

export default function (): void {
  const { due_ms } = schedule();
  const route = routeOf(exec.scenario.iterationInTest);
  const socket = new WebSocket(plan.baseUrl.replace(/^http/, 'ws') + route.path, null, {
    tags: { route: route.name, name: route.name },
  });
  const timers: number[] = [];
  let slowest_ms = 0;
  let ended = false;

  const end = (status: string): void => {
    if (ended) return;
    ended = true;
    timers.forEach(clearTimeout);
    slowest.add(slowest_ms, { route: route.name, status });
    socket.close(NORMAL_CLOSE);
  };
  const late = (since_ms: number): void => {
    slowest_ms = Math.max(slowest_ms, Date.now() - since_ms);
  };
  const fail = (): void => {
    end('0');
  };

  let greeted_ms: number | null = null;
  let answered = 0;
  const due = (n: number): number => (greeted_ms ?? 0) + n * PACE_MS;
  socket.onmessage = (event) => {
    const text = typeof event?.data === 'string' ? event.data : '';
    if (greeted_ms === null) {
      late(due_ms);
      greeted_ms = Date.now();
      note(text);
      for (let n = 0; n < MESSAGES; n += 1)
        timers.push(
          setTimeout(() => {
            socket.send(`${n}`);
          }, n * PACE_MS),
        );
      return;
    }
    if (text !== `${answered}`) {
      fail();
      return;
    }
    late(due(answered));
    answered += 1;
    if (answered === MESSAGES) end('101');
  };
  socket.onerror = fail;
  socket.onclose = fail;
  timers.push(setTimeout(fail, due_ms + LONGEST_MS - Date.now()));
}

/** Compares the instance that greets with the one of the session before. */
function note(greeting: string): void {
  const instance = /"instance":"([^"]+)"/.exec(greeting)?.[1] ?? null;
  if (instance !== null && before !== null) (instance === before ? returned : moved)();
  before = instance;
}
