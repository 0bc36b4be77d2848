/** What a script counts beside its requests: how often something was seen in the measured step. */
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

import { TALLY } from './load.ts';
import { plan } from './steps.ts';

/** The steps before it are warm-up. */
const measured = plan.steps.at(-1)?.name;

/** A count of its own; its name has letters, digits and underscores. To be made when the script is loaded. */
export function tally(name: string): (count?: number) => void {
  const counter = new Counter(TALLY + name);
  return (count = 1) => {
    if (exec.scenario.name === measured) counter.add(count);
  };
}
