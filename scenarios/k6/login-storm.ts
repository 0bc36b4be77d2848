/**
 * Half of the users guess passwords, several at once and far beyond every limit of an address;
 * the others meanwhile ask the API at their usual pace. A guess that a backend answered got
 * through: 401 is what it deserves.
 */
import exec from 'k6/execution';

import type { Route } from './load.ts';
import { optionsOfPlan, plan, schedule, summaryFile } from './steps.ts';
import { tally } from './tally.ts';
import { count, send } from './timed.ts';

const GUESSES = 5;
const UNAUTHORIZED = 401;
const TOO_MANY = 429;

const letThrough = tally('logins_let_through');
const refused = tally('logins_refused');
const failed = tally('logins_failed');
const served = tally('neighbours_served');
const disturbed = tally('neighbours_disturbed');

export const options = optionsOfPlan;
export const handleSummary = summaryFile;

const [login, api] = plan.routes as [Route, Route];

export default function (): void {
  const { due_ms } = schedule();
  if (exec.vu.idInTest % 2 === 0) guess(due_ms);
  else ask(due_ms);
}

function guess(due_ms: number): void {
  for (let n = 0; n < GUESSES; n += 1) {
    const response = send(login, JSON.stringify({ username: `user-${exec.vu.idInTest}`, password: `guess-${n}` }));
    const { status } = response;
    const wanted = status === UNAUTHORIZED;
    if (n === 0) count(login, response, due_ms, wanted ? 200 : status);
    (wanted ? letThrough : status === TOO_MANY ? refused : failed)();
  }
}

function ask(due_ms: number): void {
  const response = send(api);
  count(api, response, due_ms);
  (response.status === 200 ? served : disturbed)();
}
