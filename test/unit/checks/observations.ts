import type { Arrival, HeaderList, HttpObservation } from '../../../conformance/clients/protocol.ts';

/** An answer as an agent would observe it. */
export function answer(status: number | null, headers: HeaderList = [], body = ''): HttpObservation {
  return {
    kind: 'http',
    id: '0',
    intended_ms: 0,
    sent_ms: 0,
    done_ms: 1,
    localPort: 1,
    status,
    headers,
    firstByte_ms: 1,
    body_base64: Buffer.from(body).toString('base64'),
    bodyBytes: body.length,
    bodySha256: '',
    closedByPeer: false,
    ...(status === null ? { error: { code: 'ECONNRESET', message: 'reset' } } : {}),
  };
}

/** A request as a backend would log it. */
export function arrival(service: string, headers: HeaderList = [], rest: Partial<Arrival> = {}): Arrival {
  return {
    instance: 'customer-1',
    service,
    pid: 1,
    at: 0,
    method: 'GET',
    url: '/api/v1/x',
    httpVersion: '1.1',
    headers,
    peer: { address: '198.18.64.11', port: 1 },
    requestOnConnection: 1,
    ip: '198.18.32.1',
    upgrade: false,
    ...rest,
  };
}
