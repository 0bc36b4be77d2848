/**
 * Writes that can be told apart afterwards: each has an idempotency key of its own,
 * so that what was acknowledged can be compared with what was stored.
 */
import { addresses } from './addresses.ts';
import { requestText } from './connect.ts';
import { probeEnd, sendOnce } from './http-connection.ts';
import type { WriteSeries } from './protocol.ts';
import type { Sender } from './sender.ts';

/** @throws RangeError when the client block of the series is malformed */
export function writes(series: WriteSeries): Sender {
  const nextAddress = addresses(series.from);
  return {
    send: (probe, done) => {
      const from = nextAddress();
      const key = `${series.keyPrefix}-${probe}`;
      const request = requestText(
        {
          method: 'POST',
          path: series.path,
          host: series.host,
          connection: 'close',
          headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key, ...series.headers },
          body: JSON.stringify({ ...series.body, probe }),
        },
        from,
      );
      sendOnce(series, from, request, series.timeout_ms, (end) => done({ ...probeEnd(series, end), key }));
    },
    close: () => undefined,
  };
}
