/** Figures of scenarios that count what happened to users, beside or instead of requests. */
import { counted, shareOf } from './figures.ts';
import type { Estimate, FigurePromise, LoadSeen } from './figures.ts';

/** Fewer show nothing: that none of 59 went wrong says that 95 in 100 go well, with 95 % confidence. */
const ENOUGH = 59;

/** What a script counted under a name. */
export const tallied = ({ measured }: LoadSeen, name: string): number => measured.tallies?.[name] ?? 0;

/** Share of the users that were due and were served to their end, %; its interval is exact. */
export const completedShare: FigurePromise['of'] = ({ measured: { outcomes, offered, achieved } }) =>
  share(outcomes.answered, Math.max(offered, achieved));

/** Share of the returning users that another instance served, %; where none may, what was counted has no error. */
export const movedOnReturn: FigurePromise['of'] = (seen) => {
  const moved = tallied(seen, 'moved');
  const returning = moved + tallied(seen, 'returned');
  return {
    ...counted(returning === 0 ? 0 : (100 * moved) / returning),
    excuse: returning < ENOUGH ? `only ${returning} sessions were not the first of their user` : null,
  };
};

/** Half of the users guess passwords (login-storm.ts). */
const GUESSING = 0.5;
/** Other failures than the limiter's may be this share of the guesses. */
const FAILED_MAX = 0.01;

/**
 * Logins a minute that one address got through, on average over those that guess.
 *
 * @param offered_perMin guesses of one address that would exhaust the limit of other routes: with fewer nothing is shown
 */
export const loginsThrough =
  (offered_perMin: number): FigurePromise['of'] =>
  (seen) => {
    const [through, refused, failed] = ['let_through', 'refused', 'failed'].map((how) =>
      tallied(seen, `logins_${how}`),
    );
    const { users } = seen.measured;
    const minutes = (users * GUESSING * seen.shape.measured_s) / 60;
    const all = (through ?? 0) + (refused ?? 0) + (failed ?? 0);
    return {
      ...counted((through ?? 0) / minutes),
      excuse:
        all / minutes < offered_perMin
          ? `only ${Math.round(all / minutes)} logins a minute were tried from an address, ${offered_perMin} are needed`
          : (failed ?? 0) > FAILED_MAX * all
            ? `${failed ?? 0} of ${all} logins failed, and not by a limiter`
            : null,
    };
  };

/** Share of the requests of other clients that were refused or failed while guessers used up their limits, %. */
export const neighboursDisturbed: FigurePromise['of'] = (seen) => {
  const disturbed = tallied(seen, 'neighbours_disturbed');
  const all = disturbed + tallied(seen, 'neighbours_served');
  return {
    ...share(disturbed, all),
    excuse: tallied(seen, 'logins_refused') === 0 ? 'no client used up its limit' : null,
  };
};

/** Fewer uploads show little. */
const UPLOADS_MIN = 10;

/**
 * Uploads that were refused for their size. One such answer says enough; that none came does
 * only when all uploads were taken.
 */
export const uploadsTooLarge: FigurePromise['of'] = (seen) => {
  const accepted = tallied(seen, 'uploads_accepted');
  const tooLarge = tallied(seen, 'uploads_too_large');
  // Those that got another answer, or none before the gateway closed the connection.
  const failed = tallied(seen, 'uploads_begun') - accepted - tooLarge;
  const refused = counted(tooLarge);
  if (tooLarge > 0) return refused;
  if (failed > 0) return { ...refused, excuse: `${failed} uploads failed, and not for their size` };
  return { ...refused, excuse: accepted < UPLOADS_MIN ? `only ${accepted} uploads came to their end` : null };
};

/** A share in percent, when anything was counted. */
function share(part: number, whole: number): Estimate {
  if (whole === 0) return { value: 0, interval: { lower: null, upper: null }, excuse: 'nothing was counted' };
  return { ...shareOf(part, whole), excuse: null };
}
