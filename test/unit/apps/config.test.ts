import { describe, expect, test } from 'vitest';
import { parseInstances, readConfig } from '../../../environments/apps/service/config.ts';

describe('variables of the service', () => {
  test('have the documented defaults', () => {
    const config = readConfig({ SERVICE: 'admin-server' });
    expect(config).toMatchObject({
      port: 3000,
      trustedProxies: 0,
      health: { enabled: true, path: '/health' },
      metrics: { enabled: true, path: '/metrics' },
      metricsScope: 'worker',
      metricsAuth: false,
      logLevel: 'info',
      logFormat: 'json',
    });
    expect(config.corsOrigins).toEqual([
      'http://localhost:3000',
      'https://api.insightserenity.com',
      'https://www.insightserenity.com',
    ]);
    expect(readConfig({ SERVICE: 'customer-services' }).port).toBe(3001);
  });

  test('never bind to all addresses by default', () => {
    expect(readConfig({}).host).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    expect(readConfig({}).host).not.toBe('0.0.0.0');
    expect(readConfig({ HOST: '127.0.9.1' }).host).toBe('127.0.9.1');
  });

  test('admin-server counts hops, and TRUST_PROXY=false means none', () => {
    const admin = { SERVICE: 'admin-server', TRUST_PROXY: 'true' };
    expect(readConfig(admin).trustedProxies).toBe(1);
    expect(readConfig({ ...admin, TRUST_PROXY_HOPS: '2' }).trustedProxies).toBe(2);
    expect(readConfig({ ...admin, TRUST_PROXY: 'false' }).trustedProxies).toBe(0);
  });

  test('customer-services believes every hop as soon as TRUST_PROXY has any text', () => {
    const customer = { SERVICE: 'customer-services', TRUST_PROXY_HOPS: '1' };
    expect(readConfig({ ...customer, TRUST_PROXY: 'true' }).trustedProxies).toBe('all');
    expect(readConfig({ ...customer, TRUST_PROXY: 'false' }).trustedProxies).toBe('all');
    expect(readConfig({ ...customer, TRUST_PROXY: '' }).trustedProxies).toBe(0);
  });

  test('cookies follow the documented flags', () => {
    const flags = { SESSION_COOKIE_SECURE: 'true', SESSION_COOKIE_HTTPONLY: 'true', SESSION_COOKIE_SAMESITE: 'Lax' };
    expect(readConfig(flags).cookie).toEqual({ secure: true, httpOnly: true, sameSite: 'lax' });
  });

  test.each([
    [{ PORT: 'http' }, /PORT: "http" is not a whole number/],
    [{ SERVICE: 'web' }, /SERVICE: "web" is none of/],
    [{ ENABLE_METRICS: 'maybe' }, /ENABLE_METRICS: "maybe"/],
    [{ SESSION_COOKIE_SAMESITE: 'loose' }, /SESSION_COOKIE_SAMESITE/],
  ])('refuses %o', (env, message) => {
    expect(() => readConfig(env)).toThrow(message);
  });
});

describe('the list of lab instances', () => {
  test('gives each its service and address', () => {
    expect(parseInstances('admin-1@198.18.64.31:3000, customer-2@198.18.64.42:3001,auth-1@127.0.0.1:3100')).toEqual([
      { instance: 'admin-1', service: 'admin-server', host: '198.18.64.31', port: 3000 },
      { instance: 'customer-2', service: 'customer-services', host: '198.18.64.42', port: 3001 },
      { instance: 'auth-1', service: 'auth', host: '127.0.0.1', port: 3100 },
    ]);
    expect(parseInstances('')).toEqual([]);
  });

  test.each(['web-1@127.0.0.1:80', 'admin-1', 'admin-1@127.0.0.1'])('refuses %s', (text) => {
    expect(() => parseInstances(text)).toThrow(/INSTANCES: cannot read/);
  });
});
