/** Processor use while a load counted. */
import type { ScenarioResult } from '../reports/record/types.ts';
import type { LoadShape } from './scenario.ts';

/** Mean processor use of a container while the load counted, in cores; 0 when nobody looked. */
export function meanCores(
  resources: ScenarioResult['resources'],
  container: string,
  { warmup_s, measured_s }: Pick<LoadShape, 'warmup_s' | 'measured_s'>,
): number {
  const points = resources.find((one) => one.container === container)?.cpu_cores ?? [];
  const counted = points.filter(([at]) => at >= warmup_s && at <= warmup_s + measured_s);
  return counted.length === 0 ? 0 : counted.reduce((sum, [, value]) => sum + value, 0) / counted.length;
}
