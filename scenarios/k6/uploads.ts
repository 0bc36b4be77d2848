/**
 * Small requests, which are what is timed, and now and then a user who then uploads a file.
 * Files are larger than what other routes take; every fifth has the largest promised size.
 */
import exec from 'k6/execution';
import http from 'k6/http';

import { asUser, optionsOfPlan, plan, schedule, summaryFile } from './steps.ts';
import type { Route } from './load.ts';
import { tally } from './tally.ts';
import { count, send } from './timed.ts';

const MIB = 1024 * 1024;
const SIZES_MIB = [100, 11, 11, 11, 11];
/** Small requests to one upload. */
const EVERY = 80;
const TOO_LARGE = 413;

const begun = tally('uploads_begun');
const accepted = tally('uploads_accepted');
const tooLarge = tally('uploads_too_large');

export const options = optionsOfPlan;
export const handleSummary = summaryFile;

const [small, upload] = plan.routes as [Route, Route];

export default function (): void {
  const { iterationInTest } = exec.scenario;
  const { due_ms } = schedule();
  count(small, send(small), due_ms);
  if (iterationInTest % EVERY === 0) sendFile(iterationInTest / EVERY);
}

/** After the small request: with an asynchronous one beside it k6 lost the answer of one upload in ten. */
function sendFile(n: number): void {
  begun();
  const file = new ArrayBuffer((SIZES_MIB[n % SIZES_MIB.length] ?? 0) * MIB);
  const { status } = http.request(upload.method, `${plan.baseUrl}${upload.path}file-${n}`, file, {
    headers: { ...asUser(), 'Content-Type': 'application/octet-stream' },
    tags: { route: upload.name, name: upload.name },
    timeout: `${plan.timeout_s}s`,
  });
  if (status === TOO_LARGE) tooLarge();
  else if (status >= 200 && status < 300) accepted();
}
