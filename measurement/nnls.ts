/** Least squares with coefficients that must not be negative, for a few columns. */

/** One equation: the sum of coefficient × `at` ought to be `y`. */
interface Equation {
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
  const product = (a: (one: Equation) => number, b: (one: Equation) => number): number =>
    equations.reduce((sum, one) => sum + a(one) * b(one), 0);
  const column = Array.from({ length: columns }, (_, index) => (one: Equation) => one.at[index] ?? 0);
  const right = ({ y }: Equation): number => y;
  // The normal equations, each with its right side at the end.
  const normal = column.map((one) => [...column, right].map((other) => product(one, other)));
  const whole = product(right, right);
  let best = { left: whole, coefficients: column.map(() => 0) };
  for (const chosen of choices(columns)) {
    const solved = eliminated(chosen.map((row) => [...chosen, columns].map((place) => normal[row]?.[place] ?? 0)));
    if (solved === null || solved.some((value) => value < 0)) continue;
    const explained = chosen.reduce((sum, row, index) => sum + (solved[index] ?? 0) * (normal[row]?.[columns] ?? 0), 0);
    if (whole - explained < best.left - SAME * whole)
      best = { left: whole - explained, coefficients: column.map((_, place) => solved[chosen.indexOf(place)] ?? 0) };
  }
  return best.coefficients;
}

const choicesOf = new Map<number, readonly (readonly number[])[]>();

/** All non-empty choices of columns, small ones first. */
function choices(columns: number): readonly (readonly number[])[] {
  const known = choicesOf.get(columns);
  if (known) return known;
  const all = Array.from({ length: 2 ** columns - 1 }, (_, index) =>
    Array.from({ length: columns }, (_unused, column) => column).filter((column) => ((index + 1) >> column) & 1),
  ).toSorted((a, b) => a.length - b.length);
  choicesOf.set(columns, all);
  return all;
}

/** A pivot this small, relative to its column's product with itself, is what rounding left of 0. */
const VANISHED = 1e-13;

/** Solves a symmetric system by Gauss elimination, given as rows with the right side at their end; null when it is singular. */
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
