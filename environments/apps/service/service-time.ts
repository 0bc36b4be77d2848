/**
 * How long the documented backend takes. The document's timeline of backend
 * processing gives a range for each phase and 30–640 ms for their sum. Ranges
 * that span a factor of 4 to 50 are read on a logarithmic scale: each phase is
 * log-normal, its median at the geometric mean of the range and the documented
 * ends two standard deviations away, clipped to the range. The sum then has its
 * median near 145 ms and never leaves 30–640 ms.
 */
export const BUDGET_MS = {
  authentication: [5, 20],
  database: [10, 100],
  businessLogic: [10, 500],
  serialisation: [5, 20],
} as const satisfies Record<string, readonly [number, number]>;

/** Service times of one process, in milliseconds: the same seed gives the same sequence. */
export function serviceTimes(seed: number): () => number {
  const random = uniform(seed);
  return () => Object.values(BUDGET_MS).reduce((total, [low, high]) => total + phase(low, high, random), 0);
}

function phase(low: number, high: number, random: () => number): number {
  const sigma = Math.log(high / low) / 4;
  const drawn = Math.sqrt(low * high) * Math.exp(sigma * normal(random));
  return Math.min(high, Math.max(low, drawn));
}

/** Box–Muller transform; 1 − u keeps the logarithm finite. */
function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Mulberry32 (Tommy Ettinger, public domain): 32-bit state, uniform on [0, 1). */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** FNV-1a: turns the names of instance and worker into their own seed. */
export function seedOf(base: number, name: string): number {
  let hash = (0x811c9dc5 ^ base) >>> 0;
  for (const character of name) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
