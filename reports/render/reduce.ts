/** Fewer points for the same picture. */

type Point = readonly [number, number];

/**
 * Keeps the lowest and the highest point of each slice of the x axis, in their
 * order, so that no spike is lost. At most `limit` points come back.
 */
export function reduceSeries(points: readonly Point[], limit: number): readonly Point[] {
  if (points.length <= limit) return points;
  const slices = Math.max(1, Math.floor(limit / 2));
  const width = points.length / slices;
  return Array.from({ length: slices }, (_, index) =>
    extremes(points.slice(Math.floor(index * width), Math.floor((index + 1) * width))),
  ).flat();
}

function extremes(slice: readonly Point[]): readonly Point[] {
  const [first] = slice;
  if (first === undefined) return [];
  let low = first;
  let high = first;
  for (const point of slice) {
    if (point[1] < low[1]) low = point;
    if (point[1] > high[1]) high = point;
  }
  if (low === high) return [low];
  return low[0] <= high[0] ? [low, high] : [high, low];
}
