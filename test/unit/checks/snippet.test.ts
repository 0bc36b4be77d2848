import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AUTHENTICATION_SECTION } from '../../../conformance/checks/authentication-section.ts';
import { withLocations } from '../../../conformance/checks/snippet.ts';
import { directivesOf } from '../../../environments/harness/nginx-config.ts';

const DOCUMENTED = join(import.meta.dirname, '../../../environments/production-gateway/documented/nginx');
const edited = (path: string): string => AUTHENTICATION_SECTION(path, readFileSync(join(DOCUMENTED, path), 'utf8'));

test('a snippet takes the place of the location with its prefix, and of no other', () => {
  const text = 'location /a/ {\n    if ($x) { return 401; }\n    b 1;\n}\n\nlocation /a/b/ {\n    b 2;\n}\n';
  expect(withLocations({ '/a/': '    c $1;' })('x.conf', text)).toBe(
    'location /a/ {\n    c $1;\n}\n\nlocation /a/b/ {\n    b 2;\n}\n',
  );
});

test('the section on authentication replaces both API locations and brings the service that it asks', () => {
  const words = (path: string) => directivesOf(edited(path)).map(({ name, words: rest }) => [name, ...rest].join(' '));
  expect(words('api/customer.conf')).toEqual([
    'location /api/v1/',
    'location = /auth/validate',
    'location = /auth/admin/validate',
  ]);
  expect(words('api/admin.conf')).toEqual(['location /api/v1/admin/']);
  expect(words('upstreams/customer.conf')).toEqual(['upstream auth_service', 'upstream customer_backend']);
  expect(`${edited('api/customer.conf')}${edited('api/admin.conf')}`).not.toContain('limit_req_status');
});
