import cookie from '@fastify/cookie';
import jwt from '@fastify/jwt';
import Fastify from 'fastify';
import type { FastifyInstance } from 'fastify';
import type { RequestListener, Server } from 'node:http';
import type { Config } from '../config.ts';
import type { Metrics } from '../metrics.ts';
import type { MetricsSource } from '../metrics-cluster.ts';
import type { Stores } from '../stores/index.ts';
import { trusts } from '../trust.ts';
import { authRoutes } from './auth.ts';
import { businessRoutes } from './business.ts';
import { healthRoute, metricsRoute } from './operations.ts';
import { sessionRoutes } from './session.ts';

/** What the named routes work with. */
export interface RouteContext {
  readonly config: Config;
  readonly metrics: Metrics;
  readonly metricsSource: MetricsSource;
  readonly stores: Stores;
}

const BODY_LIMIT_BYTES = 256 * 1024 ** 2;

/** Builds the routes that have a meaning of their own, for a server that listens by itself. */
export async function namedRoutes(server: Server, context: RouteContext): Promise<RequestListener> {
  const { config } = context;
  let listener: RequestListener | null = null;
  const app = Fastify({
    bodyLimit: BODY_LIMIT_BYTES,
    trustProxy: (_address, distance) => trusts(config.trustedProxies, distance),
    serverFactory: (handler) => {
      listener = handler;
      return server;
    },
  });
  await app.register(cookie);
  await app.register(jwt, { secret: config.jwtSecret });
  acceptAnyType(app);
  if (config.health.enabled) healthRoute(app, context, config.health.path);
  if (config.metrics.enabled) metricsRoute(app, context, config.metrics.path);
  if (config.service === 'auth') authRoutes(app);
  else {
    sessionRoutes(app, context);
    businessRoutes(app, context);
  }
  await app.ready();
  if (listener === null) throw new Error('Fastify did not ask for its server');
  return listener;
}

/** A body of any other type is accepted as text: types are for the gateway's rules, not for this service's. */
function acceptAnyType(app: FastifyInstance): void {
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
}
