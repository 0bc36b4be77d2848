/** Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6 (1979). */

/**
 * Probabilities corrected for having been looked at together, in the order given: with any of them below α,
 * the chance of a single false one among all stays below α.
 */
export function holm(probabilities: readonly number[]): readonly number[] {
  const order = probabilities.map((p, index) => ({ p, index })).toSorted((a, b) => a.p - b.p);
  const corrected: number[] = Array.from({ length: probabilities.length }, () => 1);
  let least = 0;
  order.forEach(({ p, index }, place) => {
    least = Math.min(1, Math.max(least, p * (order.length - place)));
    corrected[index] = least;
  });
  return corrected;
}
