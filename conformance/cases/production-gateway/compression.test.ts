import { num, str, strings } from '../../../environments/ledger/values.ts';
import { contentCoding, judgeSetting } from '../../checks/compression.ts';
import type { CodingRow } from '../../checks/compression.ts';
import type { CaseContext } from '../../context.ts';
import { together } from '../../outcome.ts';
import { verify } from '../../verify.ts';

/** Text that compresses well, of a given size. */
const text = (bytes: number): string => 'gateproof '.repeat(Math.ceil(bytes / 10)).slice(0, bytes);

const JSON_10K = JSON.stringify({ text: text(10_000) });
const PATH = '/api/v1/document';

interface Asked {
  readonly accept?: string;
  readonly body?: string;
  readonly contentType?: string;
  readonly gzip?: boolean;
  readonly via?: boolean;
}

/** A request for a document with the given body, type and codings. */
function ask({ accept, body = JSON_10K, contentType = 'application/json', gzip, via }: Asked): CodingRow['request'] {
  return {
    path: PATH,
    headers: { ...(accept ? { 'accept-encoding': accept } : {}), ...(via ? { via: '1.1 proxy.example' } : {}) },
    behave: { bodyBytes: body.length, contentType, ...(gzip ? { gzip } : {}) },
  };
}

/** Asks as one ordinary client, but where a row names another. */
const code = (context: CaseContext, rows: readonly CodingRow[]) =>
  contentCoding(context.client(), rows, context.session.vantage);

verify('production-gateway.compression.gzip', async (context) => {
  const least = num(context.claim, 'min_length_bytes');
  return code(context, [
    { name: 'JSON of 10 KB, gzip accepted', request: ask({ accept: 'gzip' }), coding: 'gzip', vary: true },
    { name: 'JSON of 10 KB, nothing accepted', request: ask({}), coding: undefined },
    { name: `JSON of ${String(least)} bytes`, request: ask({ accept: 'gzip', body: text(least) }), coding: 'gzip' },
    {
      name: `JSON of ${String(least - 1)} bytes`,
      request: ask({ accept: 'gzip', body: text(least - 1) }),
      coding: undefined,
    },
    { name: 'PNG', request: ask({ accept: 'gzip', contentType: 'image/png' }), coding: undefined },
    { name: 'encoded by the backend', request: ask({ accept: 'gzip', gzip: true }), coding: 'gzip' },
  ]);
});

verify('production-gateway.compression.gzip-json', async (context) => {
  const body = text(2_000);
  const json = { contentType: 'application/json', body };
  const fresh = { 'cache-control': 'max-age=60', etag: '"1"', 'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT' };
  const accept = { 'accept-encoding': 'gzip' };
  const behindProxy = { ...accept, via: '1.1 proxy.example' };
  const row = (name: string, request: Partial<CodingRow['request']>, rest: Partial<CodingRow> = {}): CodingRow => ({
    name,
    request: { path: PATH, headers: accept, behave: json, ...request },
    coding: 'gzip',
    vary: true,
    body,
    ...rest,
  });
  const measured = await code(context, [
    row('gzip accepted', {}),
    row('gzip accepted, behind a proxy', { headers: behindProxy, behave: { ...json, headers: fresh } }),
    row('gzip accepted, over HTTP/2', { protocol: 'h2' }),
    row('admin API, gzip accepted', { path: '/api/v1/admin/document' }, { by: context.client('operators') }),
    row('nothing accepted', { headers: {} }, { coding: undefined }),
    row('encoded by the backend', { behave: { ...json, gzip: true } }, { vary: false }),
    // The gateway's own file: without credentials, and with validators that let proxies keep it.
    {
      name: 'file, behind a proxy',
      request: { path: '/static/app.js', headers: behindProxy },
      coding: 'gzip',
      vary: true,
      body: (await context.gateway.exec(['cat', '/var/www/static/app.js'])).stdout,
    },
  ]);
  const level = String(num(context.claim, 'level'));
  return together([measured, judgeSetting(await context.gateway.config(), 'gzip_comp_level', [level])]);
});

verify('production-gateway.compression.brotli', async (context) => {
  const coding = str(context.claim, 'encoding') as 'br';
  return code(context, [
    { name: 'br and gzip accepted', request: ask({ accept: 'br, gzip' }), coding, vary: true },
    { name: 'br alone accepted', request: ask({ accept: 'br' }), coding, vary: true },
  ]);
});

/** Types that no list names. */
const OTHERS = ['image/png', 'application/xml', 'application/pdf'];

verify('production-gateway.compression.types', async (context) => {
  const types = strings(context.claim, 'types');
  const measured = await code(context, [
    ...types.map((contentType): CodingRow => ({
      name: contentType,
      request: ask({ accept: 'gzip', contentType, body: text(2_000) }),
      coding: 'gzip',
    })),
    ...OTHERS.map((contentType): CodingRow => ({
      name: contentType,
      request: ask({ accept: 'gzip', contentType, body: text(2_000) }),
      coding: undefined,
    })),
  ]);
  // text/html is always compressed, and nginx warns when a list names it.
  const listed = types.filter((type) => type !== 'text/html');
  return together([measured, judgeSetting(await context.gateway.config(), 'gzip_types', listed)]);
});
