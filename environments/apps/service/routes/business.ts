import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { RouteContext } from './named.ts';

/**
 * Bookings, payments and registrations. `Idempotency-Key` (or the field
 * `idempotencyKey`) makes a repetition answer 200 with the first record instead
 * of 201 with a new one; only the first is counted.
 */
export function businessRoutes(app: FastifyInstance, { config, metrics, stores }: RouteContext): void {
  const kinds = [
    { path: '/api/v1/consultations', kind: 'consultation', counter: metrics.consultations },
    { path: '/api/v1/payments', kind: 'payment', counter: metrics.payments },
    { path: '/api/v1/users', kind: 'user', counter: metrics.registrations },
  ];
  for (const { path, kind, counter } of kinds) {
    app.post(path, async (request, reply) => {
      const id = randomUUID();
      const key = idempotencyKey(request.headers['idempotency-key'], request.body) ?? id;
      const { stored, replayed } = await stores.records.insert(kind, key, id, request.body ?? null);
      if (!replayed) counter.inc();
      return reply
        .code(replayed ? 200 : 201)
        .send({ kind, id: stored.id, replayed, payload: stored.payload, instance: config.instance });
    });
  }
}

function idempotencyKey(header: string | string[] | undefined, body: unknown): string | null {
  if (typeof header === 'string' && header !== '') return header;
  const field = typeof body === 'object' && body !== null && 'idempotencyKey' in body ? body.idempotencyKey : null;
  return typeof field === 'string' && field !== '' ? field : null;
}
