/**
 * Long answers that backends stream in chunks and clients read slowly, and bodies that clients
 * send slowly. A gateway that buffers both, as documented, occupies a backend for as long as that
 * takes itself, a third of a second; without buffers it is occupied for as long as the client
 * takes, by a hundred clients at once. nginx writes down how long that was.
 */
import { slowClients } from '../../engines/driven.ts';
import { scenario } from '../../scenario.ts';
import { occupiedPercentile } from '../../slow.ts';

const SLOW = { headers_perS: 0, bodies_perS: 5, readers_perS: 3, trickle_s: 12 };
/** Four mebibytes, more than the sockets on both sides hold: two were gone before their reader had half of one. */
const STREAM = { chunks: 32, interval_ms: 10, chunkBytes: 128 * 1024 };

export default scenario({
  title: 'Streams to and from slow clients',
  measures: 'latency',
  engine: slowClients(SLOW),
  promises: [],
  figures: [
    {
      claim: 'production-gateway.resources.buffering',
      what: 'P95 of how long a backend was occupied by a body or an answer that took its client 12 s',
      unit: 'ms',
      better: 'lower',
      limit: 1_000,
      of: occupiedPercentile(SLOW, 95),
    },
  ],
  routes: [{ name: 'ping', method: 'GET', path: '/api/v1/ping', weight: 1 }],
  headers: { 'X-Behave': JSON.stringify({ stream: STREAM, contentType: 'application/octet-stream' }) },
  gateway: 'phases logged',
  shapes: {
    smoke: { rate_perS: 20, warmup_s: 14, measured_s: 40 },
    nightly: { rate_perS: 20, warmup_s: 14, measured_s: 120 },
    prerelease: { rate_perS: 20, warmup_s: 14, measured_s: 300 },
  },
  perAddress_perMin: 30,
  timeout_s: 15,
});
