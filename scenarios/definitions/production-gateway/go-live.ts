/**
 * What the document wants tested before go-live: normal load, stress, a five-fold spike and what
 * comes after it, and sustained load, in one run. It names neither rates nor limits, so the rates
 * are multiples of a normal one at which every client keeps its documented limits: nearly all
 * requests must be answered throughout, the SLA's P95 must hold wherever the load is normal, and
 * workers and their open files must not grow while it is sustained.
 */
import { k6 } from '../../engines/k6.ts';
import { scenario } from '../../scenario.ts';
import { answeredIn, growthIn, latencyIn } from '../../stages.ts';
import { BROWSE } from './api-latency.ts';

const CLAIM = 'production-gateway.capacity.load-stress-soak';
const STAGES = [
  { name: 'load', times: 1, share: 0.2 },
  { name: 'stress', times: 3, share: 0.15 },
  { name: 'spike', times: 5, share: 0.1 },
  { name: 'recovery', times: 1, share: 0.175 },
  { name: 'soak', times: 0.7, share: 0.375 },
];

export default scenario({
  title: 'Load, stress, a spike and sustained load before go-live',
  measures: 'latency',
  engine: k6('api-mix.ts'),
  promises: [],
  figures: [
    ...STAGES.map(({ name }) => answeredIn(name, { claim: CLAIM, limit: 99 })),
    ...STAGES.filter(({ times }) => times <= 1).map(({ name }) => latencyIn(name, 95, { claim: CLAIM, limit: 800 })),
    growthIn('soak', 'gateway-1', 'worker_mib', { claim: CLAIM, limit: 10 }),
    growthIn('soak', 'gateway-1', 'descriptors', { claim: CLAIM, limit: 10 }),
  ],
  routes: BROWSE,
  stages: STAGES,
  watchesWorkers: true,
  shapes: {
    smoke: { rate_perS: 20, warmup_s: 10, measured_s: 120 },
    nightly: { rate_perS: 20, warmup_s: 20, measured_s: 600 },
    prerelease: { rate_perS: 20, warmup_s: 30, measured_s: 3_600 },
  },
  perAddress_perMin: 30,
  timeout_s: 15,
});
