import type { Step, WebSocketObservation } from '../clients/protocol.ts';
import type { Client, Scheduler } from '../gateway.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';
import { HOLD_MS, MIDWAY_MS, show, tally, together } from './connection-limit.ts';
import type { HttpPair, WebSocketPair } from './connection-limit.ts';

/** Sessions open one after the other, so far apart. */
const SESSION_GAP_MS = 60;

/** WebSocket sessions of one address that are open at the same time. */
export interface Sessions {
  readonly sessions: readonly WebSocketPair[];
  /** A plain request of the same address while they are open. */
  readonly request: HttpPair;
}

/** Opens sessions one after the other, holds them, and sends a plain request meanwhile. */
export async function webSocketSessions(
  scheduler: Scheduler,
  clients: readonly Client[],
  count: number,
  request: { client: Client; path: string },
): Promise<Sessions> {
  const steps: Step[] = Array.from({ length: count }, (_, index) => {
    const client = clients[index % clients.length] ?? request.client;
    return {
      kind: 'websocket',
      id: String(index),
      at_ms: index * SESSION_GAP_MS,
      from: client.address,
      target: client.target,
      path: '/ws',
      messages: [],
      hold_ms: HOLD_MS + (count - index) * SESSION_GAP_MS,
      timeout_ms: 4 * HOLD_MS,
    };
  });
  const { websocket, http } = await together(scheduler, [
    ...steps,
    request.client.step({ path: request.path, at_ms: MIDWAY_MS + count * SESSION_GAP_MS }, count),
  ]);
  const [plain] = http;
  if (!plain) throw new Error('the agent left out the request');
  return { sessions: websocket, request: plain };
}

function upgraded(sessions: readonly WebSocketPair[]): WebSocketPair[] {
  return sessions.filter(({ seen }) => seen.status === 101);
}

/** Judges that all sessions of one address are open at a time, and a request beside them is served. */
export function judgeManySessions({ sessions, request }: Sessions): Outcome {
  const refused = sessions.filter(({ seen }) => seen.status !== 101);
  const holds = refused.length === 0 && request.seen.status === 200;
  return judge(
    holds,
    `${String(sessions.length)} WebSocket sessions of one address open, and a plain request beside them served`,
    `${tally(sessions)}; plain request ${String(request.seen.status ?? 'not answered')}`,
    show([refused[0] ?? sessions[0], request]),
    holds ? undefined : 'a session keeps its place in limit_conn for as long as it is open',
  );
}

/** Judges that sessions take the places of an address, that a plain request finds none left, and that ending them frees places. */
export function judgeSessionSlots(
  { limit, status }: { readonly limit: number; readonly status: number },
  { sessions, request }: Sessions,
  again: WebSocketObservation,
): Outcome {
  const open = upgraded(sessions);
  const refused = sessions.filter(({ seen }) => seen.status !== 101);
  return judge(
    open.length === limit && [...refused, request].every(({ seen }) => seen.status === status) && again.status === 101,
    `${String(limit)} of ${String(sessions.length)} sessions of one address upgraded, the others and a plain request beside them refused with ${String(status)}, a session after their end upgraded`,
    `${tally(sessions)}; plain request ${String(request.seen.status ?? 'not answered')}; a session afterwards ${String(again.status ?? 'not answered')}`,
    show([refused[0], request]),
  );
}

/** The limit of the whole server made small enough to be reached, and how often it was found. */
export function lowerLimit(
  from: number,
  to: number,
): { readonly edit: (path: string, text: string) => string; readonly found: () => number } {
  let found = 0;
  const directive = new RegExp(`(^\\s*limit_conn\\s+\\S+\\s+)${String(from)}\\s*;`, 'gm');
  return {
    edit: (_path, text) =>
      text.replaceAll(directive, (_line, start: string) => {
        found += 1;
        return `${start}${String(to)};`;
      }),
    found: () => found,
  };
}

/** Judges that sessions of several addresses share the places of the server. */
export function judgeServerSlots(
  { limit: documented, status }: { readonly limit: number; readonly status: number },
  lowered: number,
  configured: number,
  { sessions }: Sessions,
): Outcome {
  const open = upgraded(sessions).length;
  const refused = sessions.filter(({ seen }) => seen.status !== 101);
  return judge(
    configured > 0 && open === lowered && refused.every(({ seen }) => seen.status === status),
    `sessions of all addresses share the server's ${String(documented)} places (lowered to ${String(lowered)} in a replica), others get ${String(status)}`,
    configured === 0
      ? `no limit_conn of ${String(documented)}`
      : `limit_conn of ${String(documented)} configured (nginx -T); lowered to ${String(lowered)}: ${tally(sessions)}`,
    show([refused[0]]),
  );
}
