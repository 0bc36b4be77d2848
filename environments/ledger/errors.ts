/** Mistakes of whoever runs or feeds Gateproof: they end a command with exit code 64. */

/** Wrong usage. The message says what was wrong, the remedy what to do instead. */
export class UsageError extends Error {
  readonly exitCode = 64;
  readonly remedy: string;
  constructor(message: string, remedy: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UsageError';
    this.remedy = remedy;
  }
}

/** Where something stands in a data file; line and column are 1-based. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** `file:line:column`, as editors and terminals understand it. */
export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** One thing that is wrong in a data file. */
export interface DataFault {
  readonly place: Place;
  readonly expected: string;
  readonly seen: string;
  readonly remedy: string;
}

/** A data file (claims, baseline, waivers) that cannot be used as it is; names every fault with its place. */
export class DataError extends UsageError {
  readonly faults: readonly DataFault[];
  constructor(faults: readonly DataFault[]) {
    const text = faults
      .map(({ place, expected, seen, remedy }) => `${placeText(place)}: expected ${expected}, seen ${seen}. ${remedy}`)
      .join('\n');
    super(text, 'Mend the file and run the command again.');
    this.name = 'DataError';
    this.faults = faults;
  }
}
