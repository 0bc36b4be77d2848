/** Processor use while a load counted. */
import type { Curve, ScenarioResult } from '../reports/record/types.ts';
import type { LoadShape } from './scenario.ts';

/** Mean processor use of a container while the load counted, in cores; 0 when nobody looked. */
export function meanCores(
  resources: ScenarioResult['resources'],
  container: string,
  { warmup_s, measured_s }: Pick<LoadShape, 'warmup_s' | 'measured_s'>,
): number {
  const points = resources.find((one) => one.container === container)?.cpu_cores ?? [];
  return meanBetween(points, warmup_s, warmup_s + measured_s) ?? 0;
}

/** Mean processor use of the whole system under test between two instants of the load, in cores. */
export function systemCores(resources: ScenarioResult['resources'], from_s: number, to_s: number): number {
  return resources
    .filter(({ role }) => role === 'sut')
    .reduce((sum, { cpu_cores }) => sum + (meanBetween(cpu_cores, from_s, to_s) ?? 0), 0);
}

/** Mean of a curve between two instants; null without a reading there. */
export function meanBetween(points: Curve, from_s: number, to_s: number): number | null {
  const counted = points.filter(([at]) => at >= from_s && at <= to_s);
  return counted.length === 0 ? null : counted.reduce((sum, [, value]) => sum + value, 0) / counted.length;
}
