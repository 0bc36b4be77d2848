/** Readings over time as the curves of a record. */
import type { Curve } from '../../reports/record/types.ts';

interface Reading {
  /** Monotonic, ms. */
  readonly at_ms: number;
}

/** What was read before second 0 is not in the record. */
const sinceBegun = (points: Curve): Curve => points.filter(([at_s]) => at_s >= 0);

/** Makes the curves of readings; second 0 is at a monotonic instant. */
export class Curves<R extends Reading> {
  readonly #readings: readonly R[];
  readonly #began_ms: number;

  constructor(readings: readonly R[], began_ms: number) {
    this.#readings = readings;
    this.#began_ms = began_ms;
  }

  /** What each reading says. */
  level(of: (reading: R) => number): Curve {
    return sinceBegun(this.#readings.map((reading) => [this.#second(reading), rounded(of(reading), 1)] as const));
  }

  /** How fast a total grew until each reading, a second; a total that fell began anew, and says nothing. */
  rate(of: (reading: R) => number, digits = 1): Curve {
    const points = this.#readings.slice(1).flatMap((reading, index) => {
      const before = this.#readings[index] ?? reading;
      const grown = of(reading) - of(before);
      if (grown < 0) return [];
      const span_s = Math.max(1, reading.at_ms - before.at_ms) / 1000;
      return [[this.#second(reading), rounded(grown / span_s, digits)] as const];
    });
    return sinceBegun(points);
  }

  #second(reading: R): number {
    return rounded((reading.at_ms - this.#began_ms) / 1000, 1);
  }
}

/** The same curve without the points inside stretches where nothing changes: most of what a container idles. */
export function thinned(curve: Curve): Curve {
  return curve.filter(([, value], index) => value !== curve[index - 1]?.[1] || value !== curve[index + 1]?.[1]);
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
