/**
 * Small requests, which are what is timed, and now and then a user who uploads a file beside
 * the small request. Files are larger than what other routes take; every fifth has the largest
 * promised size.
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

export default async function (): Promise<void> {
  const { iterationInTest } = exec.scenario;
  const { due_ms } = schedule();
  const uploaded = iterationInTest % EVERY === 0 ? sendFile(iterationInTest / EVERY) : null;
  count(small, send(small), due_ms);
  if (uploaded === null) return;
  const status = await uploaded;
  if (status === TOO_LARGE) tooLarge();
  else if (status >= 200 && status < 300) accepted();
}

async function sendFile(n: number): Promise<number> {
  begun();
  const file = new ArrayBuffer((SIZES_MIB[n % SIZES_MIB.length] ?? 0) * MIB);
  const { status } = await http.asyncRequest(upload.method, `${plan.baseUrl}${upload.path}file-${n}`, file, {
    headers: { ...asUser(), 'Content-Type': 'application/octet-stream' },
    tags: { route: upload.name, name: upload.name },
    timeout: `${plan.timeout_s}s`,
  });
  return status;
}
