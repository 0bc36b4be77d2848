/** Sessions over plain WebSocket: numbered messages, answered by their echo or by whatever comes. */
import { memberOf } from './answer.ts';
import type { WebSocketSeries } from './protocol.ts';
import type { ReportLoss, Sender } from './sender.ts';
import { sessions } from './sessions.ts';
import { WebSocketConnection } from './websocket-connection.ts';

/** @throws RangeError when the client block of the series is malformed */
export function webSockets(series: WebSocketSeries, report: ReportLoss): Sender {
  return sessions(
    series,
    (from, { opened, answered, lost }) => {
      // An echo does not say who sent it; the greeting does.
      let servedBy: string | undefined;
      const connection = new WebSocketConnection(series, from, {
        opened,
        lost,
        message: (text) => {
          servedBy = memberOf(text, series.servedByMember) ?? servedBy;
          const number = /"probe":(\d+)/.exec(text)?.[1];
          if (number !== undefined) answered(Number(number), servedBy);
          else if (series.answer === 'any') answered(null, servedBy);
        },
      });
      return { send: (probe) => connection.send(JSON.stringify({ probe })), close: () => connection.close() };
    },
    report,
  );
}
