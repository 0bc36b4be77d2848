/**
 * The command line that measures a part of a run again, such as
 * `./gateproof load production-gateway api-latency --variant hardened --profile nightly`.
 *
 * @param options values by name; those that are undefined are what the command does of itself
 */
export function commandLine(
  words: readonly string[],
  options: Readonly<Record<string, string | number | undefined>>,
): string {
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, String(value)],
  );
  return ['./gateproof', ...words, ...given].join(' ');
}

/** A value, or undefined where a command takes it of itself. */
export const unless = <T>(usual: T, value: T): T | undefined => (value === usual ? undefined : value);
