import type { VariantName } from '../../reports/record/types.ts';

/**
 * One thing broken in the configuration of a variant. The claims in `turns`
 * conform without it and must deviate with it; a check that does not notice
 * proves nothing.
 */
export interface Mutant {
  readonly name: string;
  readonly base: VariantName;
  /** File below `<variant>/nginx/`, or below `<variant>/` when it begins with `firewall/` or `fail2ban/`. */
  readonly file: string;
  /** Literal text that must occur in the file; all its occurrences are replaced. */
  readonly find: string;
  readonly replace: string;
  /** Claim ids. */
  readonly turns: readonly string[];
}
