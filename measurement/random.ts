/** Seeded random numbers, so that a printed seed replays phases and resamples. */

/** Uniform in [0, 1). */
export type Random = () => number;

/**
 * The `sfc32` generator of the PractRand suite (128 bits of state), seeded from
 * one number and warmed up so that neighbouring seeds part.
 */
export function seededRandom(seed: number): Random {
  let a = 0x9e3779b9;
  let b = 0x243f6a88;
  let c = seed >>> 0;
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return (sum >>> 0) / 2 ** 32;
  };
  for (let round = 0; round < 16; round += 1) next();
  return next;
}
