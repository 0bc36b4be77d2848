/** What a script counts beside its requests: how often something was seen while it counts. */
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

import { TALLY } from './load.ts';
import { plan } from './steps.ts';

/** The first step is warm-up, unless it is the only one. */
const warmUp = plan.steps.length > 1 ? plan.steps[0]?.name : undefined;

/** A count of its own; its name has letters, digits and underscores. To be made when the script is loaded. */
export function tally(name: string): (count?: number) => void {
  const counter = new Counter(TALLY + name);
  return (count = 1) => {
    if (exec.scenario.name !== warmUp) counter.add(count);
  };
}
