import { describe, expect, test } from 'vitest';
import { withDefaultDurations, scaleDurations } from '../../../environments/harness/config.ts';
import {
  directivesOf,
  dumpedFiles,
  inForce,
  placeOf,
  wholeConfig,
} from '../../../environments/harness/nginx-config.ts';

const names = (text: string): string[] => directivesOf(text).map(({ name, words }) => [name, ...words].join(' '));

describe('the directives of a file', () => {
  test('end at a semicolon or a block, also around quotes, comments and variables', () => {
    expect(names(`a 1; # b 2;\nlog '{"x":";}' "\\"y";\nreturn 200 '{}';\nset $v "\${w}x"; m ~^a\\;b 1;`)).toEqual([
      'a 1',
      'log {"x":";} \\"y',
      'return 200 {}',
      'set $v ${w}x',
      'm ~^a\\;b 1',
    ]);
  });

  test('are nested, and the code of Lua blocks is left out', () => {
    const [http] = directivesOf('http { init_by_lua_block { if a then b = {1} end } server { listen 80; } }');
    expect(http?.block?.map(({ name }) => name)).toEqual(['init_by_lua_block', 'server']);
    expect(http?.block?.[1]?.block).toEqual([{ name: 'listen', words: ['80'] }]);
  });
});

const FILES = new Map([
  ['nginx.conf', 'events {}\nhttp {\n    include http/*.conf;\n    include /etc/nginx/sites/api.conf;\n}\n'],
  ['http/times.conf', 'send_timeout 10s;\n'],
  [
    'sites/api.conf',
    'server { listen 443 ssl; server_name api.example;\nlocation / {} location = / { a 1; } location /api/ { a 2; }\nlocation ^~ /api/fixed/ { a 3; } location ~ [.]php$ { a 4; } }\n',
  ],
  ['upstreams.conf', 'upstream kept {\n    server x;\n    keepalive 4;\n}\nupstream plain {\n    server x;\n}\n'],
]);

describe('a place', () => {
  const at = (path: string) => inForce(placeOf(wholeConfig(FILES), 'api.example', path), 'a')?.[0];

  test('is the location that nginx chooses', () => {
    expect([at('/'), at('/x'), at('/api/y'), at('/api/fixed/z.php'), at('/api/z.php')]).toEqual([
      '1',
      undefined,
      '2',
      '3',
      '4',
    ]);
  });

  test('inherits from what is around it, includes and all', () => {
    expect(inForce(placeOf(wholeConfig(FILES), 'api.example', '/api/'), 'send_timeout')).toEqual(['10s']);
  });
});

test('the files of a dump are told apart', () => {
  const dump = '# configuration file /etc/nginx/nginx.conf:\na;\n\n# configuration file /etc/nginx/b.conf:\nc;\n';
  expect([...dumpedFiles(dump)].map(([name, text]) => [name, text.trim()])).toEqual([
    ['nginx.conf', 'a;'],
    ['b.conf', 'c;'],
  ]);
});

test('durations that nginx has by default are scaled too, once each', () => {
  const scaled = [...withDefaultDurations(FILES)].map(([name, text]) => [name, scaleDurations(10)(name, text)]);
  const { 'nginx.conf': main, 'upstreams.conf': upstreams } = Object.fromEntries(scaled) as Record<string, string>;
  expect(main).toContain('http {\n    proxy_connect_timeout 6s;');
  expect(main).toContain('    proxy_read_timeout 6s;');
  expect(main).not.toContain(' send_timeout');
  expect(upstreams?.match(/keepalive_timeout 6s;/g)).toHaveLength(1);
  expect(upstreams?.indexOf('keepalive_timeout')).toBeLessThan(upstreams?.indexOf('plain') ?? 0);
});
