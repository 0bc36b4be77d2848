/** Something that this machine can or cannot do. */
export interface Capability {
  readonly name: string;
  /** `unknown`: nobody could look, for the reason in `found`. */
  readonly state: 'present' | 'missing' | 'unknown';
  /** What was seen: a version, a size, a reason. */
  readonly found: string;
  /** True when `verify` cannot run without it. */
  readonly needed: boolean;
  /** What its absence costs, and what helps. */
  readonly cost: string;
}

/** What looking for one capability found. */
export interface Finding {
  readonly present: boolean | undefined;
  readonly found: string;
}

/** Joins a finding with what the capability is for. */
export function capability(name: string, finding: Finding, cost: string, needed = false): Capability {
  const state = finding.present === undefined ? 'unknown' : finding.present ? 'present' : 'missing';
  return { name, state, found: finding.found, needed, cost };
}

/** `8.6 GB`: decimal, one digit. */
export const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`;
