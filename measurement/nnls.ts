/** Least squares with coefficients that must not be negative, for a few columns. */

/** One equation: the sum of coefficient × `at` ought to be `y`. */
export interface Equation {
  readonly at: readonly number[];
  readonly y: number;
}

/** Sums of squares this close, relative to that of the right sides, are the same. */
const SAME = 1e-12;

/**
 * Solves every choice of columns and keeps the best that has no negative coefficient (Lawson and
 * Hanson, "Solving Least Squares Problems", chapter 23, visit the same choices one by one).
 * The effort doubles with each column. Of equally good choices the one with fewer, and with
 * earlier, columns wins.
 *
 * @returns a coefficient for each column
 * @throws RangeError without equations
 */
export function nonNegativeLeastSquares(equations: readonly Equation[]): number[] {
  const columns = equations[0]?.at.length;
  if (columns === undefined) throw new RangeError('no equations');
  const scale = squares(equations, Array<number>(columns).fill(0));
  let best = { left: scale, coefficients: Array<number>(columns).fill(0) };
  for (const chosen of choices(columns)) {
    const solved = solveNormal(equations, chosen);
    if (solved === null || solved.some((value) => value < 0)) continue;
    const coefficients = Array.from({ length: columns }, (_, column) => solved[chosen.indexOf(column)] ?? 0);
    const left = squares(equations, coefficients);
    if (left < best.left - SAME * scale) best = { left, coefficients };
  }
  return best.coefficients;
}

/** All non-empty choices of columns, small ones first. */
function choices(columns: number): number[][] {
  const all = Array.from({ length: 2 ** columns - 1 }, (_, index) =>
    Array.from({ length: columns }, (_unused, column) => column).filter((column) => ((index + 1) >> column) & 1),
  );
  return all.toSorted((a, b) => a.length - b.length);
}

function squares(equations: readonly Equation[], coefficients: readonly number[]): number {
  return equations.reduce(
    (sum, { at, y }) => sum + (y - at.reduce((value, x, column) => value + x * (coefficients[column] ?? 0), 0)) ** 2,
    0,
  );
}

/** Coefficients of the chosen columns by Gauss elimination of the normal equations; null when the columns depend on each other. */
function solveNormal(equations: readonly Equation[], chosen: readonly number[]): number[] | null {
  const product = (of: (one: Equation) => number, column: number): number =>
    equations.reduce((sum, one) => sum + of(one) * (one.at[column] ?? 0), 0);
  const rows = chosen.map((column) => [
    ...chosen.map((other) => product(({ at }) => at[other] ?? 0, column)),
    product(({ y }) => y, column),
  ]);
  return eliminated(rows);
}

/** A pivot this small, relative to its column's product with itself, is what rounding left of 0. */
const VANISHED = 1e-13;

/** Solves a symmetric system, given as rows with the right side at their end; null when it is singular. */
function eliminated(rows: readonly number[][]): number[] | null {
  const diagonal = rows.map((row, index) => row[index] ?? 0);
  for (const [index, row] of rows.entries()) {
    const pivot = row[index] ?? 0;
    if (!(pivot > VANISHED * (diagonal[index] ?? 0))) return null;
    for (const other of rows) {
      if (other === row) continue;
      const factor = (other[index] ?? 0) / pivot;
      for (const place of row.keys()) other[place] = (other[place] ?? 0) - factor * (row[place] ?? 0);
    }
  }
  return rows.map((row, index) => (row.at(-1) ?? 0) / (row[index] ?? 1));
}
