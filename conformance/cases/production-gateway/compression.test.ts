import { num, str, strings } from '../../../environments/ledger/values.ts';
import { contentCoding } from '../../checks/compression.ts';
import type { CodingRow } from '../../checks/compression.ts';
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

verify('production-gateway.compression.gzip', async (context) => {
  const least = num(context.claim, 'min_length_bytes');
  return contentCoding(context.client(), [
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

verify('production-gateway.compression.gzip-json', async (context) =>
  contentCoding(context.client(), [
    { name: 'gzip accepted', request: ask({ accept: 'gzip', body: text(2_000) }), coding: 'gzip', vary: true },
    {
      name: 'gzip accepted, behind a proxy',
      request: ask({ accept: 'gzip', body: text(2_000), via: true }),
      coding: 'gzip',
      vary: true,
    },
    { name: 'nothing accepted', request: ask({ body: text(2_000) }), coding: undefined, vary: true },
    { name: 'encoded by the backend', request: ask({ accept: 'gzip', body: text(2_000), gzip: true }), coding: 'gzip' },
  ]),
);

verify('production-gateway.compression.brotli', async (context) => {
  const coding = str(context.claim, 'encoding') as 'br';
  return contentCoding(context.client(), [
    { name: 'br and gzip accepted', request: ask({ accept: 'br, gzip' }), coding, vary: true },
    { name: 'br alone accepted', request: ask({ accept: 'br' }), coding, vary: true },
  ]);
});

/** Types that no list names. */
const OTHERS = ['image/png', 'application/xml', 'application/pdf'];

verify('production-gateway.compression.types', async (context) => {
  const types = strings(context.claim, 'types');
  return contentCoding(context.client(), [
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
});
