import { describe, expect, test } from 'vitest';
import { attemptFault } from '../../../conformance/checks/access.ts';
import { cookieFaults, identityFault, signedToken } from '../../../conformance/checks/authentication.ts';
import { metricNames } from '../../../conformance/checks/backends.ts';
import { blocklistPath, isRefused } from '../../../conformance/checks/blocklist.ts';
import { trialOf } from '../../../conformance/checks/config-trial.ts';
import { corsFault } from '../../../conformance/checks/cors.ts';
import { countryLookups, mappedNetworks } from '../../../conformance/checks/country.ts';
import { portFaults, publicListeners, upstreamHosts } from '../../../conformance/checks/exposed-ports.ts';
import { answer, arrival } from './observations.ts';

describe('attempts', () => {
  const refused = { who: 'stranger', must: 403, status: 403, arrivals: 0, answer: '403' } as const;
  test('a refusal has its status and asks no backend', () => {
    expect(attemptFault(refused)).toBeUndefined();
    expect(attemptFault({ ...refused, status: 200, answer: '200' })).toBe('stranger: 200');
    expect(attemptFault({ ...refused, arrivals: 1 })).toContain('a backend was asked');
  });

  test('who is to be served reaches a backend and gets a success', () => {
    const served = { ...refused, must: 'served', status: 200, arrivals: 1, answer: '200' } as const;
    expect(attemptFault(served)).toBeUndefined();
    expect(attemptFault({ ...served, status: 403, arrivals: 0, answer: '403' })).toContain('403');
    expect(attemptFault({ ...served, must: 'passed on', arrivals: 0 })).toContain('not passed on');
  });

  test('a blocked client is refused without a backend', () => {
    expect(isRefused({ seen: answer(403), arrivals: [] })).toBe(true);
    expect(isRefused({ seen: answer(null), arrivals: [] })).toBe(true);
    expect(isRefused({ seen: answer(200), arrivals: [arrival('customer-services')] })).toBe(false);
  });
});

describe('ports', () => {
  const ss =
    'LISTEN 0 511 0.0.0.0:443 0.0.0.0:*\nLISTEN 0 4096 127.0.0.11:36545 0.0.0.0:*\nLISTEN 0 511 [::]:80 [::]:*\nLISTEN 0 4096 *:9100 *:*\n';
  test('listeners outside loopback', () => {
    expect(publicListeners(ss)).toEqual([
      { address: '0.0.0.0', port: 443 },
      { address: '::', port: 80 },
      { address: '*', port: 9100 },
    ]);
  });

  test('upstream servers of a hosts file', () => {
    const hosts = '127.0.0.1\tlocalhost\n198.18.64.21\tadmin-1\n198.18.64.31\tcustomer-1\n198.18.64.41\tauth-1\n';
    expect(upstreamHosts(hosts)).toEqual([
      { name: 'admin-1', address: '198.18.64.21', port: 3000 },
      { name: 'customer-1', address: '198.18.64.31', port: 3001 },
    ]);
  });

  test('open and closed ports against the promise', () => {
    const port = { name: 'gateway-1', address: 'a', port: 80, open: true, why: 'nothing', mustBeOpen: true };
    expect(portFaults([port, { ...port, port: 22, open: false, mustBeOpen: false }])).toEqual([]);
    expect(portFaults([{ ...port, open: false, why: 'ECONNREFUSED' }])).toEqual([
      'gateway-1:80 is closed (ECONNREFUSED)',
    ]);
    expect(portFaults([{ ...port, port: 3001, mustBeOpen: false }])).toEqual(['gateway-1:3001 is open']);
  });
});

describe('what a configuration offers', () => {
  test('networks of a country, not of a default', () => {
    const config = 'geo $c {\n  default "";\n  198.51.100.0/24 ZZ;\n  # 192.0.2.0/24 ZZ;\n  10.0.0.0/8 "";\n}\n';
    expect(mappedNetworks(config)).toEqual(['198.51.100.0/24']);
    expect(countryLookups(config)).toEqual(['geo $c {']);
    expect(countryLookups('load_module modules/ngx_http_geoip2_module.so;\n# country\n')).toEqual([]);
  });

  test('an interface for blocking', () => {
    expect(blocklistPath('  location = /gateway/blocklist {\n')).toBe('/gateway/blocklist');
    expect(blocklistPath('  # location = /blocklist {\n  location /api/ {\n')).toBeUndefined();
  });

  test('the deciding words of nginx -t', () => {
    const stderr =
      '2026/11/21 12:54:15 [emerg] 327#327: unknown directive "match" in /tmp/tmp.x:3\nnginx: configuration file /tmp/tmp.x test failed\n';
    expect(trialOf({ exitCode: 1, stderr })).toEqual({
      accepted: false,
      says: ['[emerg] unknown directive "match", line 3'],
    });
    expect(trialOf({ exitCode: 0, stderr: 'nginx: test is successful' }).accepted).toBe(true);
  });

  test('names of metrics', () => {
    expect(metricNames('# HELP a b\n# TYPE a counter\na 1\n# TYPE b_seconds histogram\n')).toEqual(['a', 'b_seconds']);
  });
});

describe('browsers', () => {
  const allowed = { origin: 'https://a.test', allowed: true, kind: 'simple', lines: ['https://a.test'] } as const;
  test('an allowed origin is echoed once, others get no permission', () => {
    expect(corsFault(allowed)).toBeUndefined();
    expect(corsFault({ ...allowed, lines: [] })).toContain('no permission');
    expect(corsFault({ ...allowed, lines: ['https://a.test', '*'] })).toContain('|');
    expect(corsFault({ ...allowed, allowed: false, lines: [] })).toBeUndefined();
    expect(corsFault({ ...allowed, allowed: false })).toContain('simple from https://a.test');
    expect(corsFault({ ...allowed, allowed: false, lines: ['*'] })).toContain('*');
  });
});

describe('identity and sessions', () => {
  test('a token is three parts that only its key makes', () => {
    const [head = '', claims = ''] = signedToken({ sub: 'x' }, 'k').split('.');
    expect(JSON.parse(Buffer.from(head, 'base64url').toString())).toEqual({ alg: 'HS256', typ: 'JWT' });
    expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toEqual({ sub: 'x' });
    expect(signedToken({ sub: 'x' }, 'k')).not.toBe(signedToken({ sub: 'x' }, 'other'));
  });

  test('the identity is the reported one', () => {
    const seen = { what: 'route', name: 'X-Auth-User', values: ['me'], reported: 'me' };
    expect(identityFault(seen)).toBeUndefined();
    expect(identityFault({ ...seen, values: ['forged'] })).toContain('forged instead of me');
    expect(identityFault({ ...seen, values: ['me', 'forged'] })).toContain('me | forged');
    expect(identityFault({ ...seen, values: [], reported: undefined })).toBeUndefined();
    expect(identityFault({ ...seen, reported: undefined })).toContain('though none was reported');
  });

  test('flags of a cookie', () => {
    const wanted = { secure: true, httpOnly: true, sameSite: 'Lax' };
    expect(cookieFaults('sid=1; Path=/; HttpOnly; Secure; SameSite=Lax', wanted)).toEqual([]);
    expect(cookieFaults('sid=1; Path=/; samesite=none', wanted)).toEqual([
      'sid without Secure',
      'sid without HttpOnly',
      'sid without SameSite=Lax',
    ]);
  });
});
