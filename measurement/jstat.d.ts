/** The part of jstat (which ships no types) that the project uses. */
declare module 'jstat' {
  interface BetaDistribution {
    /** Quantile function of Beta(alpha, beta) at probability `p`. */
    inv(p: number, alpha: number, beta: number): number;
  }
  interface NormalDistribution {
    cdf(x: number, mean: number, deviation: number): number;
    /** Quantile function at probability `p`. */
    inv(p: number, mean: number, deviation: number): number;
  }
  const jStat: {
    readonly beta: BetaDistribution;
    readonly normal: NormalDistribution;
    /** Regularised incomplete beta function I_x(a, b). */
    ibeta(x: number, a: number, b: number): number;
    /** Natural logarithm of the gamma function. */
    gammaln(x: number): number;
  };
  export default jStat;
}
