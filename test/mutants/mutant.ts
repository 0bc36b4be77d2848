import type { VariantName } from '../../reports/record/types.ts';

/** One change of a file. */
export interface MutantEdit {
  /** File below `<variant>/nginx/`, or below `<variant>/` when it begins with `firewall/` or `fail2ban/`. */
  readonly file: string;
  /** Literal text that must occur in the file; all its occurrences are replaced. */
  readonly find: string;
  readonly replace: string;
}

/**
 * One thing broken in the configuration of a variant. The claims in `turns`
 * conform without it and must deviate with it; a check that does not notice
 * proves nothing.
 */
export interface Mutant extends MutantEdit {
  readonly name: string;
  readonly base: VariantName;
  /** A second safeguard that would hide the first one's loss, taken away too. */
  readonly besides?: MutantEdit;
  /** Claim ids. */
  readonly turns: readonly string[];
}
