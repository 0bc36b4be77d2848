import { lastWords, startContainer } from './containers.ts';
import { removeContainer } from './docker.ts';
import { waitFor } from './wait.ts';

/**
 * A container that does nothing but hold a network namespace (as a pod's sandbox does
 * in Kubernetes): addresses, routes and names for containers that come and go in it.
 * Making and taking down a namespace on three networks costs the engine twice what the
 * rest of a short-lived container does (0.44 and 0.22 s of processor time, Engine 20.10).
 */
export interface Sandbox extends AsyncDisposable {
  readonly containerId: string;
}

export interface SandboxSpec {
  readonly runId: string;
  readonly name: string;
  readonly image: string;
  /** Network → address. */
  readonly addresses: Readonly<Record<string, string>>;
  /** More addresses on the first network, with prefix length. */
  readonly moreAddresses?: readonly string[];
  /** Arguments of `ip route replace`. */
  readonly routes?: readonly string[];
  /** Names → addresses for /etc/hosts. */
  readonly hosts?: Readonly<Record<string, string>>;
}

const READY = 'sandbox ready';

/** Returns when addresses and routes are set. */
export async function startSandbox(spec: SandboxSpec): Promise<Sandbox> {
  const { runId, name, image, addresses, hosts = {} } = spec;
  const script = [
    ...(spec.moreAddresses ?? []).map((address) => `ip addr add ${address} dev eth0`),
    ...(spec.routes ?? []).map((route) => `ip route replace ${route}`),
    `echo '${READY}'`,
    'exec sleep infinity',
  ];
  const containerId = await startContainer({
    runId,
    name,
    role: 'sandbox',
    image,
    addresses,
    hosts,
    capabilities: ['NET_ADMIN'],
    command: ['sh', '-ec', script.join('\n')],
  });
  let said = '';
  try {
    await waitFor(
      `${name} having its addresses`,
      async () => {
        said = await lastWords(containerId);
        return said.includes(READY);
      },
      { limit_ms: 10_000, every_ms: 20, lastSeen: () => said },
    );
  } catch (error) {
    await removeContainer(containerId);
    throw error;
  }
  return { containerId, [Symbol.asyncDispose]: () => removeContainer(containerId) };
}
