import { asExchange } from '../clients/observe.ts';
import type { WebSocketObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import type { Outcome } from '../outcome.ts';
import type { Client } from '../gateway.ts';
import { judged } from './exchange.ts';
import type { Evidence } from '../../reports/record/types.ts';

/** Query that makes a Socket.IO server accept a WebSocket at once. */
const SOCKET_IO_QUERY = '?EIO=4&transport=websocket';

/** First packet of an Engine.IO session: type 0, open. */
const ENGINE_OPEN = /^0\{/;

/** Whether one handshake led to a session that works: plain WebSockets by their echo, Socket.IO by its first packet. */
export function upgraded(
  path: string,
  seen: Pick<WebSocketObservation, 'status' | 'echoes' | 'hello'>,
  status: number,
): boolean {
  if (seen.status !== status) return false;
  if (isSocketIo(path)) return ENGINE_OPEN.test(seen.hello ?? '');
  return seen.echoes.length > 0 && seen.echoes.every(({ intact }) => intact);
}

/** Every path must accept a handshake and carry messages. */
export async function upgrades(context: CaseContext, paths: readonly string[], status: number): Promise<Outcome> {
  const tried = await Promise.all(
    paths.map(async (path) => {
      const client = context.client();
      const target = isSocketIo(path) ? `${path}${SOCKET_IO_QUERY}` : path;
      const messages = isSocketIo(path) ? [] : [{ after_ms: 0, text: 'hello' }];
      // A Socket.IO server speaks first; its packet is what is waited for.
      const seen = await client.websocket(target, { messages, hold_ms: isSocketIo(path) ? 300 : 0 });
      return { path, seen, evidence: handshake(client, target, seen) };
    }),
  );
  const failed = tried.filter(({ path, seen }) => !upgraded(path, seen, status));
  return judged(
    failed.length === 0,
    `${String(status)} and a working session on ${paths.join(' and ')}`,
    tried
      .map(
        ({ path, seen }) =>
          `${path}: ${seen.status === null ? 'no answer' : String(seen.status)}${upgraded(path, seen, status) ? ', works' : ''}`,
      )
      .join('; '),
    tried.map(({ evidence }) => evidence),
    failed.some(({ seen }) => seen.status === 404)
      ? 'no location matches the path, so that the gateway looks for a file'
      : undefined,
  );
}

/** A handshake as evidence. */
export function handshake(client: Client, path: string, seen: WebSocketObservation): Evidence {
  return asExchange(
    {
      kind: 'websocket',
      id: '0',
      at_ms: 0,
      from: client.address,
      target: client.target,
      path,
      messages: [],
      hold_ms: 0,
      timeout_ms: 0,
    },
    seen,
  );
}

function isSocketIo(path: string): boolean {
  return path.startsWith('/socket.io');
}
