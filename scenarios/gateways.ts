/** What a second gateway adds. */
import type { Curve } from '../reports/record/types.ts';
import type { FigurePromise } from './figures.ts';
import { counted } from './figures.ts';

/** Fewer requests would be told from what the gateways ask themselves only badly. */
const REQUESTS_MIN = 1_000;

/**
 * How many times the load of one gateway all of them could carry, if they went on sharing it as
 * they did: what was served over what the busiest one served. A gateway that gets nothing adds
 * nothing, however idle it is; where none is at its limit this needs no search for that limit.
 *
 * @param gateways names of their containers
 */
export const gainOf =
  (gateways: readonly string[]): FigurePromise['of'] =>
  ({ resources, shape: { warmup_s, measured_s } }) => {
    const served = gateways.map((name) => {
      const curve = resources.find(({ container }) => container === name)?.nginx?.requests_perS;
      return curve === undefined ? null : areaUnder(curve, warmup_s, warmup_s + measured_s);
    });
    const known = served.filter((requests) => requests !== null);
    const all = known.reduce((sum, requests) => sum + requests, 0);
    const value = all / Math.max(1, ...known);
    const untold = gateways[served.indexOf(null)];
    const told = `${known.map((requests) => Math.round(requests)).join(' and ')} requests`;
    return {
      ...counted(value),
      excuse:
        untold !== undefined
          ? `nobody knows what ${untold} served`
          : all < REQUESTS_MIN
            ? `the gateways served ${told}, ${REQUESTS_MIN} are needed`
            : null,
    };
  };

/** Area under a curve between two instants; points inside even stretches may be missing. */
export function areaUnder(curve: Curve, from_s: number, to_s: number): number {
  return curve.slice(1).reduce((sum, [end_s, last], index) => {
    const [start_s, first] = curve[index] ?? [end_s, last];
    const at = (t_s: number): number => first + ((last - first) * (t_s - start_s)) / Math.max(end_s - start_s, 1e-9);
    const [left, right] = [Math.max(start_s, from_s), Math.min(end_s, to_s)];
    return right <= left ? sum : sum + ((at(left) + at(right)) / 2) * (right - left);
  }, 0);
}
