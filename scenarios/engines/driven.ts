/** Engines whose tool is led by a program of `scenarios/drivers` in the generator container. */
import { block } from '../../environments/harness/addresses.ts';
import { SLOW_ADDRESSES } from '../drivers/plan.ts';
import type { DriverEnd, DriverPlan, SlowPlan } from '../drivers/plan.ts';
import type { LoadPlan } from '../k6/load.ts';
import type { EngineRun, LoadEngine } from './engine.ts';
import { runTool, sources } from './tool.ts';

/** Beside the packages of the image, which the drivers import. */
const FOLDER = '/opt/gateproof/drivers';
const SHARED = ['asking.ts', 'cells.ts', 'clock.ts', 'loop.ts', 'plan.ts'] as const;

/** autocannon: HTTP/1.1, each user a connection with an address of its own that is kept. */
export const autocannon = driven('autocannon', 'autocannon.ts');

/** h2load: HTTP/1.1, all users at one address, each with a connection that the next one follows. Does not log when a request was due. */
export const h2load: LoadEngine = { ...driven('h2load', 'h2load.ts'), latencyFrom: 'send' };

/** Connections that are opened at the rate and kept until the end; each sends a request when it is open, and one in the measured step. */
export const connections = driven('connections', 'connections.ts');

/** The client of Socket.IO: sessions that begin at the rate, open by polling, are upgraded and end. */
export const socketio = driven('socket.io', 'socketio.ts');

/** Commands to Redis over connections that are kept, one at a time on each. */
export const redis = driven('redis', 'redis.ts');

/** Requests at the rate over connections that are kept, beside clients that are slow; each has an address of its own. */
export const slowClients = (slow: SlowPlan): LoadEngine =>
  driven('slow-clients', 'slow-clients.ts', ['slow-connection.ts'], slow);

function driven(name: string, program: string, parts: readonly string[] = [], slow?: SlowPlan): LoadEngine {
  return {
    name,
    async run(host, run) {
      await host.putFiles(await sources('drivers', [program, ...parts, ...SHARED], FOLDER));
      const ends: DriverEnd[] = [];
      const measured = await runTool(host, run, {
        engine: name,
        argv: ['node', `${FOLDER}/${program}`, JSON.stringify(driverPlan(run, slow))],
        onLine: (line) => {
          if (line.startsWith('{"requests":')) ends.push(JSON.parse(line) as DriverEnd);
        },
        counted: async () => Promise.resolve(ends[0]?.requests ?? null),
      });
      const { connections: held, loopDelay_ms, slow: seen } = ends[0] ?? {};
      return {
        ...measured,
        ...(held ? { connections: held } : {}),
        ...(loopDelay_ms === undefined ? {} : { loopDelay_ms }),
        ...(seen ? { slow: seen } : {}),
      };
    },
  };
}

/** @throws RangeError when the plan asks for what these tools cannot do */
export function driverPlan({ plan, clientBlock }: EngineRun, slow?: SlowPlan): DriverPlan {
  const { baseUrl, hosts, steps, routes, virtualUsers, timeout_s } = plan;
  const [route] = routes;
  const rates = new Set(steps.map(({ rate_perS }) => rate_perS));
  if (!route || routes.length > 1 || rates.size !== 1) throw new RangeError('this engine asks one route at one rate');
  const owned = block(clientBlock);
  const users = virtualUsers + (slow ? SLOW_ADDRESSES : 0);
  if (users > owned.size - 2)
    throw new RangeError(`${String(users)} users need more addresses than ${clientBlock} has`);
  return {
    url: gatewayUrl(baseUrl, hosts, route.path),
    serverName: new URL(baseUrl).hostname,
    headers: plan.headers,
    route: route.name,
    steps: steps.map(({ name, start_s, duration_s }) => ({ name, start_s, duration_s })),
    rate_perS: steps[0]?.rate_perS ?? 0,
    connections: virtualUsers,
    firstAddress: owned.at(1),
    timeout_s,
    ...(slow ? { slow } : {}),
  };
}

function gatewayUrl(baseUrl: string, hosts: LoadPlan['hosts'], path: string): string {
  const url = new URL(path, baseUrl);
  url.hostname = hosts[url.hostname] ?? url.hostname;
  return url.href;
}
