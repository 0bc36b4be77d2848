/**
 * Slow clients beside ordinary users: a hundred a second who never end their header, and some who
 * send a body or read an answer for longer than the documented 10 s, each at an address of its own
 * and so below every limit by address. What the document gives for it is a time-out for the
 * header, which counts for the whole of it; bodies that trickle may do so, and only must not
 * disturb others. About 150 requests are in progress at once: beyond the documented thousand the
 * gateway refuses, whoever asks.
 */
import { slowClients } from '../../engines/driven.ts';
import { scenario } from '../../scenario.ts';
import { answeredBeside, keptHeader } from '../../slow.ts';

const SLOW = { headers_perS: 100, bodies_perS: 10, readers_perS: 2, trickle_s: 12 };
/** More than the sockets on both sides hold: two mebibytes were gone before their reader had half of one. */
const ANSWER_BYTES = 4 * 1024 * 1024;
const HEADER_TIMEOUT_S = 10;
/** Closing takes a moment on a busy core; the other time-out that the document names is 12 s. */
const EDGE_S = 1;
const ANSWERED = 99;

export default scenario({
  title: 'Slow clients beside ordinary users',
  measures: 'latency',
  engine: slowClients(SLOW),
  promises: [],
  figures: [
    {
      claim: 'production-gateway.waf.slowloris',
      what: 'requests of ordinary users that were answered beside slow clients',
      unit: '%',
      better: 'higher',
      limit: ANSWERED,
      of: answeredBeside(SLOW, ANSWERED),
    },
    {
      claim: 'production-gateway.waf.slowloris',
      what: 'P95 of how long a header that never ends kept its connection',
      unit: 's',
      better: 'lower',
      limit: HEADER_TIMEOUT_S + EDGE_S,
      of: keptHeader(SLOW, 95, HEADER_TIMEOUT_S + EDGE_S),
    },
  ],
  routes: [{ name: 'ping', method: 'GET', path: '/api/v1/ping', weight: 1 }],
  headers: { 'X-Behave': JSON.stringify({ bodyBytes: ANSWER_BYTES, contentType: 'application/octet-stream' }) },
  shapes: {
    smoke: { rate_perS: 20, warmup_s: 14, measured_s: 40 },
    nightly: { rate_perS: 20, warmup_s: 14, measured_s: 120 },
    prerelease: { rate_perS: 20, warmup_s: 14, measured_s: 300 },
  },
  perAddress_perMin: 30,
  timeout_s: 15,
});
