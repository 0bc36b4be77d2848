import type { FastifyInstance } from 'fastify';
import type { RouteContext } from './named.ts';

interface DependencyCheck {
  /** `disabled`: this instance runs without the dependency, which does not make it unhealthy. */
  readonly status: 'ok' | 'error' | 'disabled';
  /** Milliseconds; null when nothing was asked. */
  readonly latency: number | null;
}

/**
 * The documented health document. Each request asks the dependencies anew, with
 * short time-outs; one that fails makes the answer 503 and `unhealthy`. The lab
 * runs without dependencies: these checks then say `disabled` and count as well.
 */
export function healthRoute(app: FastifyInstance, { config, stores }: RouteContext, path: string): void {
  app.get(path, async (_request, reply) => {
    const [database, redis] = await Promise.all([check(stores.postgres), check(stores.redis)]);
    const healthy = database.status !== 'error' && redis.status !== 'error';
    return reply.code(healthy ? 200 : 503).send({
      status: healthy ? 'healthy' : 'unhealthy',
      timestamp: new Date().toISOString(),
      service: config.service,
      version: config.version,
      uptime: Math.floor(process.uptime()),
      checks: { database, redis, memory: memory() },
    });
  });
}

async function check(dependency: { ping(): Promise<void> } | null): Promise<DependencyCheck> {
  if (dependency === null) return { status: 'disabled', latency: null };
  const start = performance.now();
  const status = await dependency.ping().then(
    () => 'ok' as const,
    () => 'error' as const,
  );
  return { status, latency: Math.round(performance.now() - start) };
}

/** Share of the memory that this process may use (its control group's limit) that it holds. */
function memory(): { readonly status: 'ok' | 'warning'; readonly usagePercentage: number } {
  const allowed = process.constrainedMemory() || process.availableMemory();
  const usagePercentage = Math.min(100, Math.round((100 * process.memoryUsage.rss()) / allowed));
  return { status: usagePercentage < 90 ? 'ok' : 'warning', usagePercentage };
}

/** Metrics of all workers of the instance; with METRICS_AUTH they need the bearer token of METRICS_TOKEN. */
export function metricsRoute(app: FastifyInstance, { config, metricsSource }: RouteContext, path: string): void {
  app.get(path, async (request, reply) => {
    const allowed =
      !config.metricsAuth ||
      (config.metricsToken !== '' && request.headers.authorization === `Bearer ${config.metricsToken}`);
    if (!allowed) return reply.code(401).header('WWW-Authenticate', 'Bearer').send({ error: 'metrics need a token' });
    return reply.type(metricsSource.contentType).send(await metricsSource.text());
  });
}
