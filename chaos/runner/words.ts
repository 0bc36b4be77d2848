/** Seconds as sentences say them, to the hundredth. */
export const inSeconds = (value_s: number): string => `${Number(value_s.toFixed(value_s < 10 ? 2 : 1))} s`;

/** `1 trial`, `2 trials`. */
export const trialsOf = (count: number): string => `${count} ${count === 1 ? 'trial' : 'trials'}`;

/** `0.86 to 1.06 s`; a single figure when both are the same. */
export function rangeInSeconds(from_s: number, to_s: number): string {
  const [from, to] = [inSeconds(from_s), inSeconds(to_s)];
  return from === to ? to : `${from.slice(0, -2)} to ${to}`;
}
