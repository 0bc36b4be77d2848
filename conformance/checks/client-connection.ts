import { header } from '../clients/observe.ts';
import type { HttpObservation } from '../clients/protocol.ts';
import type { CaseContext } from '../context.ts';
import { judge } from '../outcome.ts';
import type { Outcome } from '../outcome.ts';

/** Requests on one client connection over one protocol. */
export interface Reused {
  readonly protocol: 'http/1.1' | 'h2';
  /** Requests that were answered on the connection. */
  readonly answered: number;
  /** Number of the request whose answer said that the connection closes; `undefined` when none did. */
  readonly closing: number | undefined;
}

/** Sends so many requests after one another on one connection over each protocol; what comes after its close gets no answer. */
export async function requestsPerConnection(context: CaseContext, path: string, count: number): Promise<Reused[]> {
  return Promise.all(
    (['http/1.1', 'h2'] as const).map(async (protocol) => {
      const client = context.client();
      const plan = Array.from({ length: count }, (_, index) => ({
        path,
        protocol,
        connection: protocol,
        // HTTP/2 would send them all at once, past what the gateway still takes when it says goodbye: the last one comes later.
        at_ms: protocol === 'h2' ? index * 12 + (index === count - 1 ? 1_000 : 0) : 0,
      }));
      return reused(protocol, await client.all(plan));
    }),
  );
}

/** What a connection carried: answers from its first local port alone count. */
export function reused(protocol: Reused['protocol'], seen: readonly HttpObservation[]): Reused {
  const port = seen[0]?.localPort;
  const closing = seen.findIndex((one) =>
    protocol === 'h2' ? one.closedByPeer : header(one, 'connection')?.toLowerCase() === 'close',
  );
  return {
    protocol,
    answered: seen.filter(({ localPort, status }) => status !== null && localPort === port).length,
    closing: closing < 0 ? undefined : closing + 1,
  };
}

/**
 * HTTP/1.1 announces the close in the last answer itself. HTTP/2 does so in a frame of
 * its own, which a busy client may note with the request after it.
 */
function announced(protocol: Reused['protocol'], closing: number | undefined, requests: number): boolean {
  return closing === requests || (protocol === 'h2' && closing === requests + 1);
}

/** Over each protocol, one connection carries so many requests and no more. */
export function judgeReuse(requests: number, all: readonly Reused[]): Outcome {
  const words = ({ protocol, answered, closing }: Reused): string =>
    `${protocol}: ${String(answered)} answered, ${closing === undefined ? 'no close announced' : `close announced with answer ${String(closing)}`}`;
  return judge(
    all.every(({ protocol, answered, closing }) => answered === requests && announced(protocol, closing, requests)),
    `one connection carries ${String(requests)} requests and is closed, over HTTP/1.1 and HTTP/2`,
    all.map(words).join('; '),
    [
      {
        kind: 'table',
        title: `${String(requests + 1)} requests meant for one connection`,
        columns: ['protocol', 'answered on it', 'close announced with answer'],
        rows: all.map(({ protocol, answered, closing }) => [protocol, answered, closing ?? 'none']),
      },
    ],
  );
}
