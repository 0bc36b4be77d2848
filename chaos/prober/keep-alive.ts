/**
 * Clients with a kept-alive connection each, which take turns. A client whose
 * connection broke while it was idle notices when it sends, as clients do, and connects
 * anew at its next turn. While clients wait for answers, those that are free take their
 * turns; when none is free, a connection from a further address is opened for one probe.
 */
import { addresses } from './addresses.ts';
import { requestText } from './connect.ts';
import { HttpConnection, probeEnd, sendOnce } from './http-connection.ts';
import type { KeepAliveSeries } from './protocol.ts';
import type { Sender } from './sender.ts';

interface Client {
  readonly from: string | undefined;
  connection: HttpConnection | null;
}

/** @throws RangeError when the client block of the series is malformed */
export function keptAlive(series: KeepAliveSeries): Sender {
  const nextAddress = addresses(series.from);
  const clients = Array.from({ length: series.connections }, (): Client => ({ from: nextAddress(), connection: null }));
  let turn = 0;

  const freeClient = (): Client | null => {
    for (let skipped = 0; skipped < clients.length; skipped += 1) {
      const client = clients[(turn + skipped) % clients.length];
      if (client && !client.connection?.busy) {
        turn = (turn + skipped + 1) % clients.length;
        return client;
      }
    }
    return null;
  };
  const requestFrom = (from: string | undefined): string => requestText({ ...series, connection: 'keep-alive' }, from);

  return {
    send: (_probe, done) => {
      const client = freeClient();
      if (client === null) {
        const from = nextAddress();
        sendOnce(series, from, requestFrom(from), series.timeout_ms, (end) => done(probeEnd(series, end)));
        return;
      }
      client.connection ??= new HttpConnection(series, client.from, () => (client.connection = null));
      client.connection.send(requestFrom(client.from), series.timeout_ms, (end) => done(probeEnd(series, end)));
    },
    close: () => {
      for (const client of clients) client.connection?.destroy();
    },
  };
}
