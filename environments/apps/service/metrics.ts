import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { addProcessMetrics } from './process-metrics.ts';

/** The documented metrics of one instance in this process. Durations are in seconds. */
export interface Metrics {
  readonly registry: Registry;
  readonly requestDuration: Histogram<'method' | 'status_code'>;
  readonly requests: Counter<'method' | 'status_code'>;
  readonly activeConnections: Gauge;
  readonly queryDuration: Histogram<'operation'>;
  readonly redisOperations: Counter<'operation'>;
  readonly consultations: Counter;
  readonly payments: Counter;
  readonly registrations: Counter;
}

/** A registry of its own for each instance: the lab plays several in one process. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  addProcessMetrics(registry);
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  return {
    registry,
    requestDuration: new Histogram({
      name: 'http_request_duration_seconds',
      help: 'Time from the head of a request to the end of its answer.',
      labelNames: ['method', 'status_code'],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.8, 1, 1.5, 3, 10],
      registers,
    }),
    requests: new Counter({
      name: 'http_requests_total',
      help: 'Requests answered.',
      labelNames: ['method', 'status_code'],
      registers,
    }),
    activeConnections: new Gauge({
      name: 'active_connections',
      help: 'Open TCP connections, upgraded ones included.',
      registers,
    }),
    queryDuration: new Histogram({
      name: 'database_query_duration_seconds',
      help: 'Time of a database query, the wait for a pooled connection included.',
      labelNames: ['operation'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
      registers,
    }),
    redisOperations: new Counter({
      name: 'redis_operations_total',
      help: 'Commands sent to Redis.',
      labelNames: ['operation'],
      registers,
    }),
    consultations: counter('consultations_booked_total', 'Consultations booked.'),
    payments: counter(
      'payments_processed_total',
      'Payments processed, repetitions of the same idempotency key left out.',
    ),
    registrations: counter('user_registrations_total', 'Users registered.'),
  };
}

/** Methods that get a label of their own; any other text would let a client add series without end. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']);

export function methodLabel(method: string | undefined): string {
  return method !== undefined && METHODS.has(method) ? method : 'OTHER';
}

/** The documented label values: the code itself while all is well, the class (`4xx`, `5xx`) for errors. */
export function statusLabel(status: number): string {
  return status >= 400 ? `${String(Math.floor(status / 100))}xx` : String(status);
}
