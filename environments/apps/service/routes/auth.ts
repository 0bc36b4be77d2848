import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/**
 * The authentication service that the gateway asks before it forwards. The
 * credentials say what it answers: `Bearer auth-<status>` that status,
 * `Bearer valid:<user>:<role>` 204 with the identity, `Bearer anonymous` 204
 * without one; a token of a login counts too. Everything else is 401.
 */
export function authRoutes(app: FastifyInstance): void {
  for (const path of ['/validate', '/validate/admin']) app.all(path, (request, reply) => validate(app, request, reply));
}

function validate(app: FastifyInstance, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '';
  if (token === 'anonymous') return reply.code(204).send();
  const status = Number(/^auth-([2-5]\d\d)$/.exec(token)?.[1] ?? 0);
  if (status === 401) return refuse(reply);
  if (status > 0) return reply.code(status).send(status === 204 ? undefined : { status });
  const [, user, role] = /^valid:([^:]+):([^:]+)$/.exec(token) ?? [];
  if (user !== undefined && role !== undefined) return accept(reply, user, role);
  try {
    const { sub, role: claimed } = app.jwt.verify<{ sub: string; role: string }>(token);
    return accept(reply, sub, claimed);
  } catch {
    return refuse(reply);
  }
}

function accept(reply: FastifyReply, user: string, role: string): FastifyReply {
  return reply.code(204).headers({ 'X-Auth-User': user, 'X-Auth-Role': role }).send();
}

function refuse(reply: FastifyReply): FastifyReply {
  return reply.code(401).header('WWW-Authenticate', 'Bearer').send({ error: 'not authenticated' });
}
