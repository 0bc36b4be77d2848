import { loadEnvironment } from '../../environments/harness/environments.ts';
import type { ServiceRef, TopologyDescriptor } from '../../environments/harness/types.ts';

/** Ports of services that are not applications; those say theirs in the environment. */
const PORTS = { gateway: 443, postgres: 5432, redis: 6379, monitoring: 9090 } as const;

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Tells where services of an environment listen among the backends. */
export async function endpointOf({
  environment,
}: Pick<TopologyDescriptor, 'environment'>): Promise<(service: Pick<ServiceRef, 'name' | 'addresses'>) => Endpoint> {
  const { services: declared } = await loadEnvironment(environment);
  return ({ name, addresses }) => {
    const spec = declared[name.replace(/-\d+$/, '')];
    return {
      address: addresses['backend'] ?? '',
      port: spec?.kind === 'app' ? spec.port : PORTS[spec?.kind ?? 'gateway'],
    };
  };
}
