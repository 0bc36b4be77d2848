import { describe, expect, test } from 'vitest';
import { missingCapabilities, parseProbe } from '../../../environments/harness/image-probe.ts';

const full = `have nginx
version nginx nginx version: nginx/1.29.1
have keepalived
version keepalived Keepalived v2.3.3 (03/30,2025)
have openssl
version openssl OpenSSL 3.5.1 1 Jul 2025
have curl
have ip
have tc
have iptables
have prometheus-nginx-exporter
have /usr/share/modsecurity-crs
have /usr/local/bin/start-node
nginx configure arguments: --with-http_v2_module --with-http_v3_module --with-http_realip_module --with-http_stub_status_module --with-http_auth_request_module
nginx ngx_http_brotli_filter_module.so
nginx ngx_http_modsecurity_module.so
nginx ngx_http_headers_more_filter_module.so
nginx ngx_http_geoip2_module.so
nginx ngx_http_lua_module.so
nginx ngx_http_js_module.so
nginx ngx_http_cache_purge_module.so
`;

const missing = (output: string): Record<string, string> =>
  missingCapabilities('gateway', 'my/nginx:1.29', parseProbe(output));

describe('what a probe printed', () => {
  test('gives versions', () => {
    expect(parseProbe(full).versions).toEqual({ nginx: '1.29.1', keepalived: '2.3.3', openssl: '3.5.1' });
  });

  test('of a complete image misses nothing', () => {
    expect(missing(full)).toEqual({});
  });

  test.each([
    ['brotli', 'nginx ngx_http_brotli_filter_module.so\n'],
    ['keepalived', 'have keepalived\n'],
    ['http3', '--with-http_v3_module '],
    ['modsecurity-crs', 'have /usr/share/modsecurity-crs\n'],
    ['start-node', 'have /usr/local/bin/start-node\n'],
  ])('without %s names it, the image and the role', (capability, line) => {
    const lacks = missing(full.replace(line, ''));
    expect(Object.keys(lacks)).toEqual([capability]);
    expect(lacks[capability]).toContain('my/nginx:1.29');
    expect(lacks[capability]).toContain('gateway');
  });

  test('accepts a module that is compiled in', () => {
    const compiled = full.replace('nginx ngx_http_brotli_filter_module.so\n', 'nginx --add-module=/src/ngx_brotli\n');
    expect(missing(compiled)).toEqual({});
  });
});
