import { calibrateOutages } from '../../chaos/calibration/outage.ts';
import type { Calibration } from '../../chaos/calibration/trials.ts';
import { startBench } from '../../environments/harness/bench.ts';
import { ensureImages } from '../../environments/harness/images.ts';
import { healLeftovers } from '../../environments/harness/leftovers.ts';
import { calibrateLimiter } from '../../measurement/calibration/limiter.ts';
import { calibrateLoad } from '../../scenarios/calibration/load.ts';
import { calibrateThroughput } from '../../scenarios/calibration/throughput.ts';
import { generatorHost } from './generator-host.ts';
import type { Progress } from './progress.ts';
import { runIdOf } from './run-folder.ts';

/** Measures limiter estimator and prober against servers on loopback whose truth is known; about half a minute. */
export async function calibrate(seed: number): Promise<Calibration> {
  const limiter = await calibrateLimiter();
  const outages = await calibrateOutages(seed);
  return { ...outages, results: [...limiter, ...outages.results] };
}

/** All clients of a bench are addresses of its loopback. */
const BENCH_CLIENTS = '127.8.0.0/16';

/** The same for load engines and the capacity search, in a container of their own; three minutes, and seven or more with `throughput`. */
export async function calibrateEngines(
  progress: Pick<Progress, 'note' | 'phase'>,
  { throughput }: { readonly throughput: boolean },
): Promise<Calibration['results']> {
  await healLeftovers(progress.note);
  const images = await ensureImages({ overrides: {}, progress: progress.note });
  await using bench = await startBench(runIdOf(new Date()), images.roles.generator.reference);
  const host = generatorHost(bench.service);
  progress.phase('load engines and capacity search, about three minutes');
  const results = await calibrateLoad(host, BENCH_CLIENTS);
  if (!throughput) return results;
  progress.phase('what the engines cost, seven to fourteen minutes');
  const url = await bench.nginx(images.roles.gateway.reference);
  return [...results, ...(await calibrateThroughput(host, url, BENCH_CLIENTS))];
}
