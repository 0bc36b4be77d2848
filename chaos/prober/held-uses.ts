/** How held connections are used: requests one after the other, and echoes over WebSocket. */
import { requestText } from './connect.ts';
import type { UseConnection } from './held-client.ts';
import type { Use } from './held-clients-settings.ts';
import { HttpConnection } from './http-connection.ts';
import type { Endpoint } from './protocol.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** The same request on one connection, again and again. */
export const repeatedRequests =
  (endpoint: Endpoint, { path, headers = {}, every_ms, patience_ms }: Use): UseConnection =>
  (from, { answered, ended }) => {
    const parts = { method: 'GET', path, host: endpoint.host, connection: 'keep-alive', headers };
    const request = requestText(parts, from);
    let next: NodeJS.Timeout | undefined;
    let why: string | null = null;
    let over = false;
    const finish = (reason: string): void => {
      if (over) return;
      over = true;
      clearTimeout(next);
      ended(reason);
    };
    // The connection tells that it is gone before it tells what became of the request.
    const connection = new HttpConnection(endpoint, from, () => queueMicrotask(() => finish(why ?? 'closed')));
    const ask = (): void =>
      connection.send(request, patience_ms, (end) => {
        if ('failure' in end) why = end.failure.replace(/-reused$/, '');
        else if (end.status !== 200) why = `status-${String(end.status)}`;
        else answered();
        if (why === null) next = setTimeout(ask, every_ms);
        else connection.destroy();
      });
    ask();
    return () => {
      over = true;
      clearTimeout(next);
      connection.destroy();
    };
  };

/** Numbered messages over one WebSocket session, each answered by its echo. */
export const echoedMessages =
  (endpoint: Endpoint, { path, headers = {}, every_ms, patience_ms }: Use): UseConnection =>
  (from, { answered, ended }) => {
    let number = 0;
    let timer: NodeJS.Timeout | undefined;
    const silent = (): void => {
      connection.close();
      ended('silent');
    };
    const say = (): void => {
      number += 1;
      timer = setTimeout(silent, patience_ms);
      connection.send(JSON.stringify({ probe: number }));
    };
    const connection = new WebSocketConnection({ ...endpoint, path, headers }, from, {
      opened: () => {
        clearTimeout(timer);
        say();
      },
      message: (text) => {
        if (/"probe":(\d+)/.exec(text)?.[1] !== String(number)) return;
        clearTimeout(timer);
        answered();
        timer = setTimeout(say, every_ms);
      },
      lost: (why) => {
        clearTimeout(timer);
        ended(why);
      },
    });
    timer = setTimeout(silent, patience_ms);
    return () => {
      clearTimeout(timer);
      connection.close();
    };
  };
