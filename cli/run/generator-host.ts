import { createInterface } from 'node:readline';
import { putFiles, streamExec } from '../../environments/harness/containers.ts';
import { allowedCores, containerFigures, machineTime } from '../../environments/harness/observe-containers.ts';
import { tcpCounters } from '../../environments/harness/tcp-counters.ts';
import type { ServiceRef } from '../../environments/harness/types.ts';
import type { GeneratorHost } from '../../scenarios/engines/engine.ts';

/** What is kept of a generator's error output. */
const KEPT_ERROR_CHARS = 20_000;

/** The generator container as load engines use it. */
export function generatorHost({ containerId }: ServiceRef): GeneratorHost {
  return {
    async exec(argv, options = {}) {
      const streams = await streamExec(containerId, argv);
      const abort = (): void => {
        streams.close();
      };
      options.signal?.addEventListener('abort', abort, { once: true });
      let stderr = '';
      streams.stderr.on('data', (chunk: Buffer) => {
        stderr = (stderr + chunk.toString('utf8')).slice(-KEPT_ERROR_CHARS);
      });
      for await (const line of createInterface({ input: streams.stdout, crlfDelay: Infinity })) options.onLine?.(line);
      const exitCode = await streams.ended;
      options.signal?.removeEventListener('abort', abort);
      return { exitCode, stdout: '', stderr };
    },
    putFiles: (files) =>
      putFiles(
        containerId,
        Object.entries(files).map(([path, content]) => ({ path, content })),
      ),
    async cpu() {
      const [{ at_ms, used_ms, throttled_ms }, cores, machine, tcp] = await Promise.all([
        containerFigures(containerId),
        allowedCores(containerId),
        machineTime(containerId),
        tcpCounters(containerId),
      ]);
      return { at_ms, used_ms, throttled_ms, cores, machine, tcp };
    },
  };
}
