/** One probe: a new TCP (and TLS) connection, one HTTP/1.1 request, one whole answer. */
import { addresses } from './addresses.ts';
import { requestText } from './connect.ts';
import { probeEnd, sendOnce } from './http-connection.ts';
import type { NewConnectionSeries } from './protocol.ts';
import type { Sender } from './sender.ts';

/** @throws RangeError when the client block of the series is malformed */
export function newConnections(series: NewConnectionSeries): Sender {
  const nextAddress = addresses(series.from);
  return {
    send: (_probe, done) => {
      const from = nextAddress();
      const request = requestText({ ...series, connection: 'close' }, from);
      sendOnce(series, from, request, series.timeout_ms, (end) => done(probeEnd(series, end)));
    },
    close: () => undefined,
  };
}
