/**
 * What the document wants tested before go-live: normal load, stress, a spike and sustained
 * load, in one run, with a look after the spike. It names neither rates nor limits, so the rates
 * are multiples of a normal one that keeps every documented limit for a client, nearly all
 * requests must be answered throughout, and the SLA's P95 must hold wherever the load is normal.
 */
import { k6 } from '../../engines/k6.ts';
import { scenario } from '../../scenario.ts';
import { answeredIn, latencyIn } from '../../stages.ts';
import { BROWSE } from './api-latency.ts';

const CLAIM = 'production-gateway.capacity.load-stress-soak';
const STAGES = [
  { name: 'load', times: 1, share: 0.2 },
  { name: 'stress', times: 3, share: 0.2 },
  { name: 'spike', times: 5, share: 0.1 },
  { name: 'recovery', times: 1, share: 0.1 },
  { name: 'soak', times: 1, share: 0.4 },
];

export default scenario({
  title: 'Load, stress, a spike and sustained load before go-live',
  measures: 'latency',
  engine: k6('api-mix.ts'),
  promises: [],
  figures: [
    ...STAGES.map(({ name }) => answeredIn(name, { claim: CLAIM, limit: 99 })),
    ...STAGES.filter(({ times }) => times === 1).map(({ name }) => latencyIn(name, 95, { claim: CLAIM, limit: 800 })),
  ],
  routes: BROWSE,
  stages: STAGES,
  shapes: {
    smoke: { rate_perS: 40, warmup_s: 10, measured_s: 100 },
    nightly: { rate_perS: 60, warmup_s: 20, measured_s: 600 },
    prerelease: { rate_perS: 60, warmup_s: 30, measured_s: 3_600 },
  },
  perAddress_perMin: 30,
  timeout_s: 15,
});
