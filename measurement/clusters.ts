/**
 * What samples are worth that came in clusters. Requests of one second share its queues and pauses, and
 * neighbouring seconds do too: a thousand latencies of ten slow seconds tell less than a thousand independent ones.
 */

/** Samples of one second, and how many of them lie at or below some threshold. */
export interface Cluster {
  readonly samples: number;
  readonly below: number;
}

/**
 * How many independent samples tell as much about the share at or below a threshold, as a part of those that there
 * are, in (0, 1]. The design effect is the variance of the share as a ratio of sums over the clusters (Cochran,
 * "Sampling Techniques", 3rd ed., section 9A.1) against that of independent samples, after Korn and Graubard,
 * "Confidence intervals for proportions with small expected number of positive counts estimated from survey data",
 * Survey Methodology 24 (1998), also for the cap at 1. Neighbours' covariances count, where they add to it, with the
 * weights of Newey and West (Econometrica 55, 1987) over 1.3 √n seconds (Lazarus, Lewis, Stock and Watson, JBES 36,
 * 2018). So few seconds tell their variance badly, which wider critical values make good (`criticalValue`).
 *
 * A share of 0 or 1 shows no clusters: what was never seen cannot be weighed.
 *
 * @param clusters by their second; seconds without samples may be missing
 */
export function effectiveShare(clusters: ReadonlyMap<number, Cluster>): number {
  const all = [...clusters.values()];
  const samples = all.reduce((sum, cluster) => sum + cluster.samples, 0);
  const share = all.reduce((sum, cluster) => sum + cluster.below, 0) / samples;
  const count = all.length;
  if (samples === 0 || share === 0 || share === 1) return 1;
  // A single second says nothing of how seconds differ.
  if (count === 1) return 1 / samples;
  const residual = (second: number): number => {
    const cluster = clusters.get(second);
    return cluster ? cluster.below - share * cluster.samples : 0;
  };
  const lags = Math.min(count - 1, Math.ceil(1.3 * Math.sqrt(count)));
  let own = 0;
  let shared = 0;
  for (const second of clusters.keys()) {
    own += residual(second) ** 2;
    for (let lag = 1; lag < lags; lag += 1) shared += 2 * (1 - lag / lags) * residual(second) * residual(second + lag);
  }
  const designEffect = ((count / (count - 1)) * (own + Math.max(0, shared))) / (samples * share * (1 - share));
  return Math.min(1, (NORMAL / criticalValue(lags / count)) ** 2 / designEffect);
}

/** Two-sided, 95 %. */
const NORMAL = 1.96;

/**
 * Critical value, two-sided 95 %, of a mean whose variance was estimated with weights over a part `b` of the
 * series: Kiefer and Vogelsang, "A new asymptotic theory for heteroskedasticity-autocorrelation robust tests",
 * Econometric Theory 21 (2005), table 1, Bartlett's weights.
 */
const criticalValue = (b: number): number => NORMAL + 2.9694 * b + 0.416 * b ** 2 - 0.5324 * b ** 3;
