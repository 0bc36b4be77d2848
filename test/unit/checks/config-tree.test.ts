import { describe, expect, test } from 'vitest';
import { judgeAdminList } from '../../../conformance/checks/access.ts';
import { admitsOnly, argsOf, configTree, everywhere } from '../../../conformance/checks/config-tree.ts';
import { judgeStatisticsLocations, statisticsLocations } from '../../../conformance/checks/statistics.ts';

const CONFIG = `
# configuration file /etc/nginx/nginx.conf:
events {}
http {
    map $uri $a { "~^/x{2} ;" 'its'; default "\${b}c"; } # { not a block
    include http/*.conf;
}
# configuration file /etc/nginx/api.conf:
location = /nginx_status {
    stub_status on;
    allow 10.0.0.0/8;
    deny all;
}
location /api/v1/admin/ {
    allow 10.0.0.0/8;
    allow 203.0.113.0/24;
    deny all;
    content_by_lua_block { return ngx.time() }
    proxy_pass http://admin_backend;
}
server {
    listen 127.0.0.1:8080;
    location = /stub_status { stub_status; }
}
`;

describe('a configuration', () => {
  const tree = configTree(CONFIG);

  test('is read as directives with their blocks', () => {
    expect(tree.map(({ name }) => name)).toEqual(['events', 'http', 'location', 'location', 'server']);
    expect(everywhere(tree, 'include').map(({ directive }) => directive.args)).toEqual([['http/*.conf']]);
    expect(everywhere(tree, 'map')[0]?.directive.block?.[0]?.name).toBe('~^/x{2} ;');
  });

  test('tells what is around a directive, and what a block says', () => {
    const [first, second] = everywhere(tree, 'stub_status');
    expect(first?.around.map(({ args }) => args.join(' '))).toEqual(['= /nginx_status']);
    expect(second?.around.map(({ name }) => name)).toEqual(['server', 'location']);
    expect(argsOf(second?.around[0] ?? {}, 'listen')).toEqual([['127.0.0.1:8080']]);
  });
});

test('a block admits exactly the named sources, and refuses the rest last', () => {
  const block = (text: string) => configTree(`location / { ${text} }`)[0] ?? {};
  expect(admitsOnly(block('allow 10.0.0.0/8; deny all;'), ['10.0.0.0/8'])).toBe(true);
  expect(admitsOnly(block('allow 10.0.0.0/8; allow 192.0.2.1; deny all;'), ['10.0.0.0/8'])).toBe(false);
  expect(admitsOnly(block('allow 10.0.0.0/8;'), ['10.0.0.0/8'])).toBe(false);
  expect(admitsOnly(block('allow 10.0.0.0/16; deny all;'), ['10.0.0.0/8'])).toBe(false);
});

test('statistics that others can reach need the promised list', () => {
  const verdict = (config: string): string =>
    judgeStatisticsLocations(['10.0.0.0/8'], statisticsLocations(config, ['10.0.0.0/8'])).verdict;
  expect(verdict(CONFIG)).toBe('conforms');
  expect(verdict(CONFIG.replace('listen 127.0.0.1:8080', 'listen 8080'))).toBe('deviates');
  expect(verdict(CONFIG.replace('stub_status on;', 'stub_status on; allow 192.0.2.0/24;'))).toBe('deviates');
  expect(verdict('location / { return 204; }')).toBe('deviates');
});

test('the admin locations name the promised networks and no other', () => {
  const lists = ['10.0.0.0/8', '203.0.113.0/24'];
  expect(judgeAdminList(lists, CONFIG).verdict).toBe('conforms');
  expect(judgeAdminList(lists.slice(1), CONFIG).verdict).toBe('deviates');
  expect(judgeAdminList(lists, '').verdict).toBe('deviates');
});
