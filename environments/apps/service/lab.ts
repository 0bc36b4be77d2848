/**
 * Several instances in one process, each on its own address: for private
 * replicas, mutants and calibration. INSTANCES and, when wanted, AUTH list them
 * (see parseInstances). Prints one line of JSON when all of them listen.
 */
import { parseInstances, readConfig } from './config.ts';
import { createInstance } from './instance.ts';
import { onShutdown } from './shutdown.ts';

const wanted = [...parseInstances(process.env['INSTANCES'] ?? ''), ...parseInstances(process.env['AUTH'] ?? '')];
if (wanted.length === 0) throw new Error('INSTANCES lists nothing to play');
const configs = wanted.map(({ instance, service, host, port }) => ({
  ...readConfig({
    LOG_LEVEL: 'warn',
    ...process.env,
    SERVICE: service,
    INSTANCE: instance,
    HOST: host,
    PORT: String(port),
  }),
}));
const instances = await Promise.all(configs.map((config) => createInstance(config)));
const [first] = instances;
const stopAll = async (): Promise<void> => {
  await Promise.all(instances.map(({ stop }) => stop()));
};
if (first) onShutdown(stopAll, first.config.shutdownTimeout_ms, first.log);
// Gateways wait for the authentication service within a request; the others load their libraries on first use.
await Promise.all(instances.filter(({ config }) => config.service === 'auth').map(({ warm }) => warm()));
await Promise.all(instances.map(({ listen }) => listen()));
const listening = configs.map(({ instance, host, port }) => `${instance}@${host}:${String(port)}`);
process.stdout.write(`${JSON.stringify({ ready: true, pid: process.pid, instances: listening })}\n`);
