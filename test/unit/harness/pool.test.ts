import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { configTexts } from '../../../environments/harness/config.ts';
import { ENVIRONMENTS_DIR } from '../../../environments/harness/environments.ts';
import { directivesOf, wholeConfig } from '../../../environments/harness/nginx-config.ts';
import { poolOf, withIdle } from '../../../environments/harness/pool.ts';

const config = (locations: string): ReturnType<typeof directivesOf> =>
  directivesOf(`http {
    upstream shop { server shop-1:80 weight=3; server shop-2:80; server shop-3:80 down; server shop-4:80 backup; }
    upstream shop_pinned { server shop-2:80; server shop-1:80 backup; }
    upstream desk { server desk-1:80; }
    map $cookie_a $route { default shop; x shop_pinned; }
    server { listen 443 ssl; server_name a.example; ${locations} }
  }`);

describe('the pool behind some paths', () => {
  test('has the instances that take requests, and those that stand in', () => {
    const pool = poolOf(config('location /s/ { proxy_pass http://shop; }'), 'a.example', ['/s/1?x=/desk', '/s/2']);
    expect(pool).toEqual({ name: 'shop', members: ['shop-1', 'shop-2'], spares: ['shop-3', 'shop-4'] });
  });

  test('is found through the map of a variable, whose upstreams count together', () => {
    const pool = poolOf(config('location / { proxy_pass http://$route/base; }'), 'a.example', ['/s/1']);
    expect(pool).toMatchObject({ name: 'shop', members: ['shop-1', 'shop-2'] });
  });

  test.each([
    ['location / { return 200; }', ['/'], /no pool/],
    ['location /s/ { proxy_pass http://shop; } location / { proxy_pass http://desk; }', ['/s/', '/d'], /shop, desk/],
  ])('%s: there is no single one', (locations, paths, message) => {
    expect(() => poolOf(config(locations), 'a.example', paths)).toThrow(message);
  });

  test.each(['documented', 'hardened'])('of the API is the customer pool in the %s gateway', async (variant) => {
    const files = await configTexts(join(ENVIRONMENTS_DIR, 'production-gateway', variant));
    const pool = poolOf(wholeConfig(files), 'api.insightserenity.com', ['/api/v1/browse/services']);
    expect(pool).toEqual({
      name: 'customer',
      members: [1, 2, 3, 4, 5].map((n) => `customer-${String(n)}`),
      spares: ['customer-6'],
    });
  });
});

describe('a configuration with idle instances', () => {
  const idle = (text: string): string => withIdle(text, ['shop-2', 'shop-10']);

  test('marks them down, and nothing else', () => {
    expect(idle('  server shop-2:80 weight=3;\n  server shop-1:80;\n\tserver shop-10;\n  server shop-20:80;\n')).toBe(
      '  server shop-2:80 weight=3 down;\n  server shop-1:80;\n\tserver shop-10 down;\n  server shop-20:80;\n',
    );
  });

  test('leaves servers of other kinds and those that are down already', () => {
    const text = 'server {\n  listen 80;\n  server_name shop-2;\n}\n  server shop-2:80 down;\n  # server shop-2:80;\n';
    expect(idle(text)).toBe(text);
  });

  test('has the other instances left in its pool', async () => {
    const files = await configTexts(join(ENVIRONMENTS_DIR, 'production-gateway', 'hardened'));
    const without = ['customer-3', 'customer-4', 'customer-5', 'customer-6'];
    const edited = new Map([...files].map(([path, text]) => [path, withIdle(text, without)]));
    const pool = poolOf(wholeConfig(edited), 'api.insightserenity.com', ['/api/v1/browse/services']);
    expect(pool.members).toEqual(['customer-1', 'customer-2']);
  });
});
