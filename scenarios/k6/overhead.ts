/**
 * What the gateway adds: each iteration sends one request twice, through the gateway and
 * past it to a backend, right after each other and in turn first, so that what slows the
 * machine for a moment slows both. The difference of a pair is one sample.
 *
 * Times begin when the request is written (k6's `duration` leaves out connecting and TLS),
 * since connections are warm under load.
 */
import exec from 'k6/execution';
import http from 'k6/http';
import type { RefinedResponse } from 'k6/http';
import { Trend } from 'k6/metrics';

import { kindOf } from './kind.ts';
import { CORRECTED, OVERHEAD } from './load.ts';
import { asUser, optionsOfPlan, plan, routeOf, summaryFile } from './steps.ts';

/** Time through the gateway. */
const through = new Trend(CORRECTED, true);
const overhead = new Trend(OVERHEAD, true);

export const options = optionsOfPlan;
export const handleSummary = summaryFile;

export default function (): void {
  const { iterationInTest } = exec.scenario;
  const { method, path, name: route } = routeOf(iterationInTest);
  const ask = (base: string, side: string): RefinedResponse<'none'> =>
    http.request(method, base + path, null, {
      headers: asUser(),
      tags: { route, name: `${route} ${side}` },
      timeout: `${plan.timeout_s}s`,
    });
  const beside = plan.backends[iterationInTest % plan.backends.length] ?? '';
  const gatewayFirst = iterationInTest % 2 === 0;
  const first = gatewayFirst ? ask(plan.baseUrl, 'through') : ask(beside, 'past');
  const second = gatewayFirst ? ask(beside, 'past') : ask(plan.baseUrl, 'through');
  const [gateway, direct] = gatewayFirst ? [first, second] : [second, first];
  // A pair that lacks its direct half says nothing, and counts as failed: status 0.
  const tags =
    direct.status === 200
      ? { route, status: String(gateway.status), kind: kindOf(gateway) }
      : { route, status: '0', kind: 'failed past the gateway' };
  through.add(gateway.timings.duration, tags);
  overhead.add(Math.max(0, gateway.timings.duration - direct.timings.duration), tags);
}
