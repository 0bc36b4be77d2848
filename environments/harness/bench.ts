import { startContainer } from './containers.ts';
import { docker, OWNER_LABEL, removeContainer, RUN_LABEL } from './docker.ts';
import { containerName } from './networks.ts';
import { thisProcess } from './owner.ts';
import { placeOnCores } from './pinning.ts';
import type { ServiceRef } from './types.ts';

/** A container without any network but its own loopback, removed when it goes out of scope. */
export interface Bench extends AsyncDisposable {
  readonly service: ServiceRef;
  /** Starts nginx on the loopback and on cores of its own, which answers faster than any generator asks; returns where. */
  nginx(image: string): Promise<string>;
}

const PORT = 8_080;
const CONFIG = [
  'worker_processes 1;',
  'events { worker_connections 4096; }',
  'http {',
  '  access_log off;',
  '  keepalive_requests 1000000000;',
  `  server { listen 127.0.0.1:${String(PORT)}; location / { return 200 "ok"; } }`,
  '}',
].join(' ');

/** Starts a generator alone: its tools and a server of known behaviour meet on its loopback. */
export async function startBench(runId: string, image: string): Promise<Bench> {
  const name = 'bench';
  const container = await docker().createContainer({
    name: containerName(runId, name),
    Image: image,
    Cmd: ['sleep', 'infinity'],
    Labels: {
      [RUN_LABEL]: runId,
      [OWNER_LABEL]: thisProcess(),
      'gateproof.service': name,
      'gateproof.role': 'generator',
    },
    HostConfig: { NetworkMode: 'none', Init: true, RestartPolicy: { Name: 'no' } },
  });
  await container.start();
  const service: ServiceRef = { name, role: 'generator', containerId: container.id, addresses: {} };
  const started = [container.id];
  return {
    service,
    nginx: async (gatewayImage) => {
      const server = await startContainer({
        runId,
        name: 'bench-nginx',
        role: 'helper',
        image: gatewayImage,
        addresses: {},
        networkOf: container.id,
        command: ['sh', '-c', `echo '${CONFIG}' >/tmp/bench.conf && exec nginx -c /tmp/bench.conf -g 'daemon off;'`],
      });
      started.push(server);
      // As in a run: where the kernel would put the two changes from one arm to the next.
      await placeOnCores(
        [service, { name: 'bench-nginx', role: 'helper', containerId: server, addresses: {} }],
        'separate',
      );
      return `http://127.0.0.1:${String(PORT)}`;
    },
    // A helper first: it lives in the network namespace of the other.
    [Symbol.asyncDispose]: async () => {
      for (const id of started.toReversed()) await removeContainer(id);
    },
  };
}
