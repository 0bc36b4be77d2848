import { describe, expect, test } from 'vitest';
import { judgeKeys, judgeStaples } from '../../../conformance/checks/tls-certificate.ts';
import { judgeHttp3, listenersWithoutHttp2 } from '../../../conformance/checks/tls-listeners.ts';
import { judgeResumption, judgeTickets, ticketLength } from '../../../conformance/checks/tls-sessions.ts';
import {
  acceptedTls12,
  ending,
  established,
  judgeConfiguredVersions,
  judgeSuites,
  only,
  protocolVersions,
  redirects,
} from '../../../conformance/checks/tls.ts';
import { Client } from '../../../conformance/gateway.ts';
import type { Scheduler } from '../../../conformance/gateway.ts';
import type {
  HttpObservation,
  Observation,
  RawObservation,
  RawStep,
  Step,
} from '../../../conformance/clients/protocol.ts';
import { answer } from './observations.ts';

/** A handshake as an agent would observe it: a version, or the alert that ended it. */
function handshake(
  id: string,
  protocol: string | undefined,
  tls: Partial<NonNullable<RawObservation['tls']>> = {},
): RawObservation {
  return {
    kind: 'raw',
    id,
    intended_ms: 0,
    sent_ms: null,
    done_ms: 1,
    localPort: 1,
    handshake_ms: 1,
    firstByte_ms: null,
    closed_ms: null,
    reset: false,
    received_base64: '',
    receivedBytes: 0,
    ...(protocol
      ? { tls: { protocol, cipher: 'TLS_X', alpn: null, reused: false, ...tls } }
      : { error: { code: 'TLS_ALERT_PROTOCOL_VERSION', message: 'refused' } }),
  };
}

/** A client whose server answers each step by a rule. */
function clientOf(rule: (step: Step) => Observation): Client {
  const scheduler: Scheduler = {
    schedule: (steps) => Promise.resolve({ observations: steps.map(rule), lateness_ms_max: 0 }),
  };
  return new Client(
    scheduler,
    { address: '198.18.32.1', network: 'edge', block: 'clients' },
    { address: '198.18.0.11', port: 443, tls: { serverName: 'api.example' } },
    'api.example',
  );
}

/** A server that speaks some versions, one of them at a time being offered. */
const speaking = (...versions: string[]): Client =>
  clientOf((step) => {
    const offered = (step as RawStep).target.tls?.minVersion ?? '';
    return handshake(step.id, versions.includes(offered) ? offered : undefined);
  });

describe('protocol versions', () => {
  test('are judged each by itself', async () => {
    expect((await protocolVersions(speaking('TLSv1.2', 'TLSv1.3'), ['TLSv1.2', 'TLSv1.3'], ['TLSv1.1'])).verdict).toBe(
      'conforms',
    );
    expect((await protocolVersions(speaking('TLSv1.3'), ['TLSv1.2', 'TLSv1.3'], ['TLSv1.1'])).verdict).toBe('deviates');
    expect((await protocolVersions(speaking('TLSv1.1', 'TLSv1.2'), ['TLSv1.2'], ['TLSv1.1'])).verdict).toBe('deviates');
  });

  test('that fail for another reason than the refusal are not refused', async () => {
    const broken = clientOf((step) => ({
      ...handshake(step.id, undefined),
      error: { code: 'ECONNREFUSED', message: 'nobody' },
    }));
    expect((await protocolVersions(broken, [], ['TLSv1.1'])).verdict).toBe('deviates');
  });

  test('are offered alone, old suites included', () => {
    expect(only('TLSv1.2')).toMatchObject({
      minVersion: 'TLSv1.2',
      maxVersion: 'TLSv1.2',
      ciphers: expect.stringContaining('ALL') as string,
    });
    expect(only('TLSv1.3')).not.toHaveProperty('ciphers');
  });
});

describe('suites of TLS 1.2', () => {
  /** A server that chooses the first of its suites that is not ruled out. */
  const choosing = (...suites: string[]): Client =>
    clientOf((step) => {
      const offered = (step as RawStep).target.tls?.ciphers ?? '';
      const cipher = suites.find((suite) => !offered.split(':').includes(`!${suite}`));
      return handshake(step.id, cipher ? 'TLSv1.2' : undefined, cipher ? { cipher } : {});
    });
  const modern = (suite: string): boolean => suite.includes('GCM');

  test('are found until the server refuses what is left', async () => {
    const found = await acceptedTls12(choosing('A-GCM', 'AES128-CCM'));
    expect(found.accepted).toEqual(['A-GCM', 'AES128-CCM']);
    expect(found.evidence).toMatchObject({ rows: expect.objectContaining({ length: 3 }) as unknown });
    expect(judgeSuites('', found, modern).verdict).toBe('deviates');
  });

  test('have to fit, and the needed ones have to be there', async () => {
    const found = await acceptedTls12(choosing('A-GCM'));
    expect(judgeSuites('', found, modern, ['A-GCM']).verdict).toBe('conforms');
    expect(judgeSuites('', found, modern, ['A-GCM', 'B-GCM']).observed).toBe('accepted: A-GCM; not B-GCM');
    expect(judgeSuites('', await acceptedTls12(choosing()), modern).verdict).toBe('deviates');
  });

  test('are not known when something else than a refusal ends the series', async () => {
    const broken = clientOf((step) => ({ ...handshake(step.id, undefined), error: { code: 'TIMEOUT', message: '' } }));
    expect(judgeSuites('', await acceptedTls12(broken), modern).verdict).toBe('inconclusive');
  });
});

test('versions that a library refuses by itself must not be configured either', () => {
  const accepted = ['TLSv1.2', 'TLSv1.3'];
  expect(judgeConfiguredVersions('  ssl_protocols TLSv1.2 TLSv1.3;', accepted).verdict).toBe('conforms');
  expect(judgeConfiguredVersions('# ssl_protocols TLSv1;', accepted).verdict).toBe('conforms');
  expect(judgeConfiguredVersions('ssl_protocols TLSv1.3;\nssl_protocols TLSv1.1 TLSv1.2;', accepted).verdict).toBe(
    'deviates',
  );
});

test('a handshake ends with a version and a suite, or with an alert', () => {
  expect(ending(handshake('0', 'TLSv1.3'))).toBe('TLSv1.3 with TLS_X');
  expect(ending(handshake('0', undefined))).toBe('TLS_ALERT_PROTOCOL_VERSION');
  expect([established(handshake('0', 'TLSv1.3')), established(handshake('0', undefined))]).toEqual([true, false]);
});

describe('redirects', () => {
  const rows = [{ path: '/a?b=1', status: 301, location: 'https://api.example/a?b=1' }];
  const redirecting = (location: string, status = 301): Client =>
    clientOf((step): HttpObservation => ({ ...answer(status, [['Location', location]]), id: step.id }));

  test('need status and exact location', async () => {
    expect((await redirects(redirecting('https://api.example/a?b=1'), rows)).verdict).toBe('conforms');
    expect((await redirects(redirecting('https://api.example/a'), rows)).verdict).toBe('deviates');
    expect((await redirects(redirecting('https://api.example/a?b=1', 302), rows)).verdict).toBe('deviates');
  });
});

describe('sessions', () => {
  const seen = { version: 'TLSv1.2', offered: true, resumed: 6, tried: 6 } as const;
  const promised = { cache_mb: 50, timeout_s: 86_400 };

  test('have to be resumed every time, from the promised cache', () => {
    expect(judgeResumption(promised, [seen], promised).verdict).toBe('conforms');
    expect(judgeResumption(promised, [{ ...seen, resumed: 3 }], promised).verdict).toBe('deviates');
    expect(judgeResumption(promised, [{ ...seen, offered: false, resumed: 0, tried: 0 }], promised).verdict).toBe(
      'deviates',
    );
    expect(judgeResumption(promised, [seen], { ...promised, cache_mb: 10 }).verdict).toBe('deviates');
  });

  test('are kept by the server, not in tickets', () => {
    expect(judgeTickets({ tls12: false, tls13_bytes: 32, log: [] }).verdict).toBe('conforms');
    expect(judgeTickets({ tls12: false, tls13_bytes: undefined, log: [] }).verdict).toBe('conforms');
    expect(judgeTickets({ tls12: true, tls13_bytes: 32, log: [] }).verdict).toBe('deviates');
    expect(judgeTickets({ tls12: false, tls13_bytes: 208, log: [] }).verdict).toBe('deviates');
  });

  test('name the length of their ticket in short and in long form', () => {
    const filler = (bytes: number): Buffer => Buffer.alloc(bytes, 0xaa);
    expect(ticketLength(Buffer.concat([Buffer.from([0x30, 0xaa, 34, 0x04, 32]), filler(32)]))).toBe(32);
    expect(ticketLength(Buffer.concat([Buffer.from([0x30, 0xaa, 0x81, 211, 0x04, 0x81, 208]), filler(208)]))).toBe(208);
    expect(ticketLength(Buffer.concat([Buffer.from([0xaa, 0x82, 1, 4, 0x04, 0x82, 1, 0]), filler(256)]))).toBe(256);
    expect(ticketLength(Buffer.from([0x30, 1, 2]))).toBeUndefined();
  });
});

test('TLS 1.2 has to work with both kinds of keys', () => {
  const rsa = handshake('0', 'TLSv1.2');
  expect(judgeKeys({ rsa, ecdsa: handshake('1', 'TLSv1.2') }).verdict).toBe('conforms');
  expect(judgeKeys({ rsa, ecdsa: handshake('1', undefined) })).toMatchObject({
    verdict: 'deviates',
    reason: expect.stringContaining('RSA') as string,
  });
});

test('one stapled answer is enough, with the promised resolver', () => {
  const promised = { valid_s: 300, timeout_s: 5 };
  const seen = [handshake('0', 'TLSv1.3', { ocsp: null }), handshake('1', 'TLSv1.3', { ocsp: 'MII=' })];
  const configured = { ...promised, verified: true, warnings: [] };
  expect(judgeStaples(promised, seen, configured).verdict).toBe('conforms');
  expect(judgeStaples(promised, seen.slice(0, 1), configured).verdict).toBe('deviates');
  expect(judgeStaples(promised, seen, { ...configured, valid_s: undefined }).verdict).toBe('deviates');
  expect(judgeStaples(promised, seen, { ...configured, verified: false }).verdict).toBe('deviates');
  expect(judgeStaples(promised, seen, { ...configured, warnings: ['"ssl_stapling" ignored'] }).verdict).toBe(
    'deviates',
  );
});

test('each listener speaks HTTP/2, by itself or with its host', () => {
  const dump = (listeners: string): string =>
    `# configuration file /etc/nginx/nginx.conf:\nhttp { server { server_name x; ${listeners} } }`;
  expect(listenersWithoutHttp2(dump('listen 443 ssl http2; listen [::]:443 ssl;'), 'x')).toEqual(['[::]:443 ssl']);
  expect(listenersWithoutHttp2(dump('listen 443 ssl http2; listen [::]:443 ssl http2; listen 80;'), 'x')).toEqual([]);
  expect(listenersWithoutHttp2(dump('listen 443 ssl; http2 on;'), 'x')).toEqual([]);
});

test('HTTP/3 is a listener, an answer and a header', () => {
  const seen = { listens: true, answer: '3 200', altSvc: 'h3=":443"; ma=86400' };
  expect(judgeHttp3(443, seen).verdict).toBe('conforms');
  expect(judgeHttp3(443, { ...seen, altSvc: undefined }).verdict).toBe('deviates');
  expect(judgeHttp3(443, { ...seen, answer: '2 200' }).verdict).toBe('deviates');
  expect(judgeHttp3(443, { ...seen, listens: false })).toMatchObject({
    verdict: 'deviates',
    reason: 'no quic listener is configured',
  });
});
