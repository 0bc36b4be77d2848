/**
 * A server with one known leaky bucket a client address header, as a program of
 * its own: argument `{"rate_perS":…,"burst":…}`; prints `{"port":…}`.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { monotonic_ms } from '../clock.ts';
import { leakyBucket } from '../token-bucket.ts';
import type { LeakyBucket } from '../token-bucket.ts';

const accepts = leakyBucket(JSON.parse(process.argv[2] ?? '') as LeakyBucket);
const server = createServer((_request, response) => {
  response.statusCode = accepts(monotonic_ms()) ? 200 : 429;
  response.end();
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${JSON.stringify({ port: (server.address() as AddressInfo).port })}\n`);
});
