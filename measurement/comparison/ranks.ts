/** Ranks of observations, with the mean rank for equal ones. */

export interface Ranked {
  /** Rank of each value, in the order given; equal values share the mean of their ranks. */
  readonly ranks: readonly number[];
  /** Sizes of the groups of equal values, in ascending order of value. */
  readonly ties: readonly number[];
}

/** Ranks from 1 in ascending order. */
export function rank(values: readonly number[]): Ranked {
  const order = values.map((value, index) => ({ value, index })).toSorted((a, b) => a.value - b.value);
  const ranks: number[] = Array.from({ length: values.length }, () => 0);
  const ties: number[] = [];
  for (let from = 0; from < order.length;) {
    let to = from + 1;
    while (to < order.length && order[to]?.value === order[from]?.value) to += 1;
    for (const { index } of order.slice(from, to)) ranks[index] = (from + 1 + to) / 2;
    ties.push(to - from);
    from = to;
  }
  return { ranks, ties };
}

/** Σ (t³ − t) over the groups of equal values: what ties take from a variance of ranks. */
export function tieTerm(ties: readonly number[]): number {
  return ties.reduce((sum, t) => sum + (t ** 3 - t), 0);
}
