/** The API mix over HTTPS at constant arrival rates. */
import exec from 'k6/execution';
import http from 'k6/http';
import type { RefinedResponse } from 'k6/http';
import { Trend } from 'k6/metrics';

import { kindOf } from './kind.ts';
import { BACKEND, CONNECT, CORRECTED } from './load.ts';
import { asUser, optionsOfPlan, plan, routeOf, schedule, summaryFile } from './steps.ts';

/** Both clocks that lateness is the difference of have whole milliseconds; less than this is none. */
const RESOLUTION_MS = 2;

/**
 * Latency from the instant at which the schedule wanted the request to start. k6 numbers the
 * iterations that it started, so dropped ones shift the schedule: its output extension knows
 * them and takes that back.
 */
const corrected = new Trend(CORRECTED, true);
/** Service time that the backend reports. */
const backend = new Trend(BACKEND, true);
const connect = new Trend(CONNECT, true);

export const options = optionsOfPlan;
export const handleSummary = summaryFile;

export default function (): void {
  const { due_ms, every_ms } = schedule();
  const late_ms = Date.now() - due_ms;
  const route = routeOf(exec.scenario.iterationInTest);
  const response = http.request(route.method, plan.baseUrl + route.path, null, {
    headers: { ...asUser(), ...plan.headers },
    tags: { route: route.name, name: route.name },
    timeout: `${plan.timeout_s}s`,
  });
  const tags = { route: route.name, status: String(response.status), kind: kindOf(response) };
  const { blocked, connecting, tls_handshaking, duration } = response.timings;
  const waited_ms = late_ms > Math.min(RESOLUTION_MS, every_ms / 2) ? late_ms : 0;
  corrected.add(waited_ms + blocked + connecting + tls_handshaking + duration, tags);
  if (connecting > 0) connect.add(connecting, tags);
  const service_ms = serviceTime(response);
  if (service_ms !== null) backend.add(service_ms, tags);
}

function serviceTime(response: RefinedResponse<'none'>): number | null {
  const header = response.headers['X-Service-Time-Ms'];
  return header === undefined ? null : Number(header);
}
