/**
 * What samples are worth that came in clusters. Requests of one second share its queues and pauses, and
 * neighbouring seconds do too: a thousand latencies of ten slow seconds tell less than a thousand independent ones.
 */
import jStat from 'jstat';

import { CONFIDENCE } from './statistics.ts';

/** Samples of one second, and how many of them lie at or below some threshold. */
export interface Cluster {
  readonly samples: number;
  readonly below: number;
}

/**
 * How many independent samples tell as much about the share at or below the threshold, as a part of those that there
 * are, in (0, 1]. The design effect is the variance of the share as a ratio of sums over the clusters (Cochran,
 * "Sampling Techniques", 3rd ed., section 9A.1), with covariances of neighbours weighted as by Newey and West (Econometrica
 * 55, 1987) where they add to it, against that of independent samples. Few clusters tell their variance badly, which the quantiles of t
 * make good: Korn and Graubard, "Confidence intervals for proportions with small expected number of positive
 * counts", Survey Methodology 24 (1998), also for the cap at 1. A share of 0 or 1 shows no clusters.
 *
 * @param clusters by their second; seconds without samples may be missing
 */
export function effectiveShare(clusters: ReadonlyMap<number, Cluster>, confidence = CONFIDENCE): number {
  const all = [...clusters.values()];
  const samples = all.reduce((sum, cluster) => sum + cluster.samples, 0);
  const share = all.reduce((sum, cluster) => sum + cluster.below, 0) / samples;
  const count = all.length;
  if (count < 2 || !(share > 0 && share < 1)) return 1;
  const residual = (second: number): number => {
    const cluster = clusters.get(second);
    return cluster ? cluster.below - share * cluster.samples : 0;
  };
  const lags = Math.floor(4 * (count / 100) ** (2 / 9));
  let own = 0;
  let shared = 0;
  for (const second of clusters.keys()) {
    own += residual(second) ** 2;
    for (let lag = 1; lag <= lags; lag += 1)
      shared += 2 * (1 - lag / (lags + 1)) * residual(second) * residual(second + lag);
  }
  const designEffect = ((count / (count - 1)) * (own + Math.max(0, shared))) / (samples * share * (1 - share));
  const tail = (1 + confidence) / 2;
  const few = jStat.normal.inv(tail, 0, 1) / jStat.studentt.inv(tail, count - 1);
  return Math.min(1, few ** 2 / designEffect);
}
