import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { User } from '../stores/records.ts';
import { isSecure } from '../trust.ts';
import type { RouteContext } from './named.ts';

const COOKIE = 'sid';
const TOKEN_LIFETIME = '15m';

/** Claims of the token that a login gives. */
interface TokenClaims {
  readonly sub: string;
  readonly role: string;
}

/** Login (JWT and session cookie) and the two ways to ask who one is. */
export function sessionRoutes(app: FastifyInstance, { config, stores }: RouteContext): void {
  for (const path of ['/api/v1/auth/login', '/api/v1/admin/auth/login']) {
    app.post(path, async (request, reply) => {
      const { username, password } = credentials(request.body);
      if (username === '' || password !== config.loginPassword)
        return reply.code(401).send({ error: 'wrong user or password' });
      const user: User = { name: username, role: username.startsWith('admin') ? 'admin' : 'customer' };
      const id = randomUUID();
      await stores.sessions.put(id, user);
      // As the session middleware of Express does: a Secure cookie is not sent at all unless the client came over TLS.
      const { secure, httpOnly, sameSite } = config.cookie;
      if (!secure || isSecure(request.raw, config.trustedProxies)) {
        void reply.setCookie(COOKIE, id, { path: '/', secure, httpOnly, ...(sameSite === false ? {} : { sameSite }) });
      }
      const claims: TokenClaims = { sub: user.name, role: user.role };
      return reply.send({
        token: app.jwt.sign(claims, { expiresIn: TOKEN_LIFETIME }),
        user,
        instance: config.instance,
      });
    });
  }
  app.get('/api/v1/me', async (request, reply) => {
    try {
      const { sub, role } = await request.jwtVerify<TokenClaims>();
      return await reply.send({ user: { name: sub, role }, instance: config.instance });
    } catch {
      return reply.code(401).header('WWW-Authenticate', 'Bearer').send({ error: 'a valid token is needed' });
    }
  });
  app.get('/api/v1/session', async (request, reply) => {
    const id = request.cookies[COOKIE];
    const user = id === undefined ? null : await stores.sessions.get(id);
    if (user === null) return reply.code(401).send({ error: 'no session' });
    return reply.send({ user, instance: config.instance });
  });
}

function credentials(body: unknown): { username: string; password: string } {
  const { username, password } = (typeof body === 'object' && body !== null ? body : {}) as Record<string, unknown>;
  return {
    username: typeof username === 'string' ? username : '',
    password: typeof password === 'string' ? password : '',
  };
}
