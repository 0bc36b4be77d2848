import { describe, expect, test } from 'vitest';
import {
  judgeIdleConnections,
  judgeInFlight,
  judgeRefusalStatus,
  judgeStreams,
} from '../../../conformance/checks/connection-limit.ts';
import {
  judgeManySessions,
  judgeServerSlots,
  judgeSessionSlots,
  lowerLimit,
} from '../../../conformance/checks/connection-limit-sessions.ts';
import type { HttpPair, RawPair, WebSocketPair } from '../../../conformance/checks/connection-limit.ts';
import { connectionZones, judgeConnectionZones } from '../../../conformance/checks/connection-limit-zones.ts';
import { TARGET, answer, httpStep } from './limit-observations.ts';

const http = (status: number | null, sent_ms = 0, done_ms = 2500): HttpPair => ({
  step: httpStep('h', sent_ms),
  seen: answer('h', sent_ms, status, { done_ms }),
});
const slow = (served: number, refused: number, status = 503): HttpPair[] => [
  ...Array.from({ length: served }, () => http(200)),
  ...Array.from({ length: refused }, () => http(status, 0, 5)),
];

describe('requests under way', () => {
  const promised = { limit: 10, status: 503 };
  const well = http(200, 1200, 1210);

  test.each([
    ['conforms', slow(10, 4), well, 200],
    ['deviates', slow(14, 0), well, 200],
    ['deviates', slow(10, 4, 429), well, 200],
    ['deviates', slow(10, 4), http(503, 1200, 1210), 200],
    ['deviates', slow(10, 4), well, 503],
    ['inconclusive', [...slow(10, 3), http(200, 3000, 5500)], well, 200],
    ['inconclusive', [...slow(8, 2), ...slow(0, 4, 429)], well, 200],
  ] as const)('%s', (verdict, requests, bystander, afterwards) => {
    expect(judgeInFlight(promised, { slow: requests, bystander }, answer('a', 0, afterwards)).verdict).toBe(verdict);
  });

  test('another route takes no places of its own', () => {
    const seen = (status: number) => ({ slow: slow(10, 4), bystander: well, elsewhere: http(status, 1200, 1210) });
    expect(judgeInFlight(promised, seen(503), answer('a', 0, 200)).verdict).toBe('conforms');
    expect(judgeInFlight(promised, seen(200), answer('a', 0, 200)).verdict).toBe('deviates');
  });

  test('streams of one connection', () => {
    expect(judgeStreams({ slow: slow(14, 0) }).verdict).toBe('conforms');
    expect(judgeStreams({ slow: slow(10, 4) }).verdict).toBe('deviates');
  });

  test('status of a refusal', () => {
    expect(judgeRefusalStatus(429, { slow: slow(10, 6, 429) }).verdict).toBe('conforms');
    expect(judgeRefusalStatus(429, { slow: slow(10, 6) }).verdict).toBe('deviates');
    expect(judgeRefusalStatus(429, { slow: slow(16, 0) }).verdict).toBe('deviates');
  });
});

describe('idle connections', () => {
  const raw = (closed_ms: number | null, handshake_ms = 20): RawPair => ({
    step: {
      kind: 'raw',
      id: 'r',
      at_ms: 0,
      from: '198.18.32.1',
      target: TARGET,
      writes: [],
      until: 'closed',
      timeout_ms: 2500,
    },
    seen: {
      kind: 'raw',
      id: 'r',
      intended_ms: 0,
      sent_ms: null,
      done_ms: 2500,
      localPort: 1,
      handshake_ms,
      firstByte_ms: null,
      closed_ms,
      reset: false,
      received_base64: '',
      receivedBytes: 0,
    },
  });

  test.each([
    ['deviates', Array.from({ length: 14 }, () => raw(null)), 200],
    ['conforms', [...Array.from({ length: 10 }, () => raw(null)), ...Array.from({ length: 4 }, () => raw(30))], null],
    ['inconclusive', [raw(null, 2000)], 200],
  ] as const)('%s', (verdict, idle, status) => {
    expect(judgeIdleConnections(10, { idle, request: http(status, 1200, 1210) }).verdict).toBe(verdict);
  });
});

describe('sessions', () => {
  const session = (status: number): WebSocketPair => ({
    step: {
      kind: 'websocket',
      id: 'w',
      at_ms: 0,
      from: '198.18.32.1',
      target: TARGET,
      path: '/ws',
      messages: [],
      hold_ms: 100,
      timeout_ms: 1000,
    },
    seen: {
      kind: 'websocket',
      id: 'w',
      intended_ms: 0,
      sent_ms: 0,
      done_ms: 100,
      localPort: 1,
      status,
      headers: [],
      echoes: [],
      closed_ms: null,
      closeCode: null,
    },
  });
  const sessions = (open: number, refused: number): WebSocketPair[] => [
    ...Array.from({ length: open }, () => session(101)),
    ...Array.from({ length: refused }, () => session(503)),
  ];

  test('many of one address', () => {
    expect(judgeManySessions({ sessions: sessions(14, 0), request: http(200) }).verdict).toBe('conforms');
    expect(judgeManySessions({ sessions: sessions(10, 4), request: http(503) }).verdict).toBe('deviates');
  });

  const slots = { limit: 10, status: 503 };
  const server = { limit: 1000, status: 503 };

  test('places of an address', () => {
    const again = session(101).seen;
    expect(judgeSessionSlots(slots, { sessions: sessions(10, 4), request: http(503) }, again).verdict).toBe('conforms');
    expect(judgeSessionSlots(slots, { sessions: sessions(10, 4), request: http(200) }, again).verdict).toBe('deviates');
    expect(judgeSessionSlots(slots, { sessions: sessions(11, 3), request: http(503) }, again).verdict).toBe('deviates');
    expect(judgeSessionSlots(slots, { sessions: sessions(10, 4), request: http(503) }, session(503).seen).verdict).toBe(
      'deviates',
    );
  });

  test('refused otherwise than promised', () => {
    const other = { ...slots, status: 429 };
    expect(judgeSessionSlots(other, { sessions: sessions(10, 4), request: http(429) }, session(101).seen).verdict).toBe(
      'deviates',
    );
    expect(
      judgeServerSlots({ ...server, status: 429 }, 10, 1, { sessions: sessions(10, 4), request: http(200) }).verdict,
    ).toBe('deviates');
  });

  test('places of the server', () => {
    expect(judgeServerSlots(server, 10, 1, { sessions: sessions(10, 4), request: http(200) }).verdict).toBe('conforms');
    expect(judgeServerSlots(server, 10, 0, { sessions: sessions(10, 4), request: http(200) }).verdict).toBe('deviates');
    expect(judgeServerSlots(server, 10, 1, { sessions: sessions(14, 0), request: http(200) }).verdict).toBe('deviates');
  });

  test('only the documented limit is lowered', () => {
    const { edit, found } = lowerLimit(1000, 10);
    expect(edit('a', 'limit_conn addr 10;\nlimit_conn perserver 1000;\n# limit_conn x 1000;\n')).toBe(
      'limit_conn addr 10;\nlimit_conn perserver 10;\n# limit_conn x 1000;\n',
    );
    expect(found()).toBe(1);
  });
});

describe('zones', () => {
  const zones =
    'limit_conn_zone $binary_remote_addr zone=addr:10m;\nlimit_conn_zone $server_name zone=perserver:10m;\nlimit_conn_status 429;\n';
  const documented = ['one', 'other'];

  test.each([
    ['conforms', `${zones}limit_conn addr 10;\nlimit_conn perserver 1000;`],
    ['deviates', `${zones}limit_conn addr 10;\n# limit_conn perserver 1000;`],
    ['deviates', `${zones}limit_conn addr 10;\nlimit_conn perserver 1000;\nlimit_conn third 1;`],
    ['deviates', ''],
  ] as const)('%s', (verdict, config) => {
    expect(judgeConnectionZones(documented, connectionZones(config)).verdict).toBe(verdict);
  });
});
