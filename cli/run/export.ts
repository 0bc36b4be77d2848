/** Scenarios as other tools read them. */
import { stringify } from 'yaml';
import { UsageError } from '../../environments/ledger/errors.ts';
import { loadLedger } from '../../environments/ledger/ledger.ts';
import type { Profile } from '../../reports/record/types.ts';
import { scriptSources } from '../../scenarios/engines/k6.ts';
import { operatorManifests } from '../../scenarios/k6-operator.ts';
import type { OperatorTarget } from '../../scenarios/k6-operator.ts';
import { plan } from './plan.ts';

/** YAML for `kubectl apply`. @throws {UsageError} when another tool than k6 runs the scenario */
export async function exportOperator(
  environment: string,
  name: string,
  { profile, ...target }: OperatorTarget & { readonly profile: Profile },
): Promise<string> {
  const ledger = loadLedger(environment);
  const { scenarios } = await plan({ ledger, profile, only: [], kinds: ['scenario'], scenario: name });
  const [found] = scenarios;
  const script = found?.scenario.engine.script;
  if (!found || script === undefined)
    throw new UsageError(`${name} is not run by k6.`, 'The k6 operator runs scenarios such as api-latency.');
  if (found.scenario.besides !== undefined)
    throw new UsageError(`${name} also asks backends past the gateway.`, 'A cluster cannot be told where they are.');
  const manifests = operatorManifests(name, found.scenario, found.shape, target, await scriptSources(script));
  return manifests.map((manifest) => stringify(manifest, { lineWidth: 0 })).join('---\n');
}
