import { createHmac } from 'node:crypto';
import { asExchange, headersNamed } from '../clients/observe.ts';
import type { CaseContext } from '../context.ts';
import { marker } from '../gateway.ts';
import type { Outcome } from '../outcome.ts';
import { access } from './access.ts';
import type { Attempt } from './access.ts';
import { deliver, judged, listed, outcomeOf, table } from './exchange.ts';
import { valuesOf } from './forwarded.ts';

/** Key with which the test application signs its tokens; it is public, and used nowhere else. */
const SIGNING_KEY = 'a signing key for test environments only';

/** A signed JSON Web Token (HS256, RFC 7519). */
export function signedToken(claims: Readonly<Record<string, unknown>>, key: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const body = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${body}.${createHmac('sha256', key).update(body).digest('base64url')}`;
}

/** The credentials that the authentication service judges, and what the client must get for each. */
export async function authRequest(
  context: CaseContext,
  path: string,
  statuses: readonly number[],
  otherRoutes: readonly string[] = [],
): Promise<Outcome> {
  const attempt = (who: string, token: string, must: Attempt['must'], more: Partial<Attempt> = {}): Attempt => ({
    who,
    client: context.clientFor(path),
    path,
    headers: { authorization: `Bearer ${token}` },
    must,
    ...more,
  });
  return access(
    context,
    `requests pass when the authentication service accepts them; its ${statuses.join(' or ')} goes to the client and no backend is asked`,
    [
      attempt('accepted', `valid:${marker('user')}:admin`, 'served'),
      ...statuses.map((status) => attempt(`service says ${String(status)}`, `auth-${String(status)}`, status)),
      attempt('service fails with 500', 'auth-500', 500),
      // Routes with locations of their own may leave the question out. A stream would have no end.
      ...otherRoutes.flatMap((route) =>
        statuses.map((status) =>
          attempt(`${route}: service says ${String(status)}`, `auth-${String(status)}`, status, {
            path: route,
            method: 'HEAD',
          }),
        ),
      ),
    ],
    'no auth_request: the credentials are passed on to the backend unseen',
  );
}

/** A valid token passes; expired, wrongly signed and unsigned ones are refused without asking a backend. */
export async function tokensValidated(context: CaseContext): Promise<Outcome> {
  const now_s = Math.floor(Date.now() / 1000);
  const claims = { sub: 'token-holder', role: 'customer', iat: now_s - 7200 };
  const later = { ...claims, exp: now_s + 900 };
  const unsigned = signedToken(later, SIGNING_KEY).split('.').slice(0, 2).join('.');
  const attempt = (who: string, token: string, must: Attempt['must']): Attempt => ({
    who,
    client: context.client(),
    path: '/api/v1/token',
    headers: { authorization: `Bearer ${token}` },
    must,
  });
  return access(
    context,
    'a valid token passes the gateway; expired, wrongly signed and unsigned ones get 401 and reach no backend',
    [
      attempt('valid token', signedToken(later, SIGNING_KEY), 'served'),
      attempt('expired token', signedToken({ ...claims, exp: now_s - 3600 }, SIGNING_KEY), 401),
      attempt('wrongly signed token', signedToken(later, 'another key'), 401),
      attempt('token without signature', `${unsigned}.`, 401),
    ],
    'the gateway does not look at tokens; it forwards whatever the client sends',
  );
}

/** What one request's identity headers were at the backend, and what they must be. */
export interface Identity {
  readonly what: string;
  readonly name: string;
  readonly values: readonly string[];
  /** The value that the authentication service reported; undefined when it reported none. */
  readonly reported: string | undefined;
}

/** What is wrong with one identity header. */
export function identityFault({ what, name, values, reported }: Identity): string | undefined {
  const seen = values.join(' | ') || 'absent';
  if (reported === undefined)
    return values.length === 0 ? undefined : `${what}: ${name} ${seen} though none was reported`;
  return values.length === 1 && values[0] === reported ? undefined : `${what}: ${name} ${seen} instead of ${reported}`;
}

/** Clients forge identity headers; backends may only see what the authentication service reported. */
export async function identityForwarded(
  context: CaseContext,
  [userHeader = '', roleHeader = '']: readonly string[],
): Promise<Outcome> {
  const forged = { [userHeader]: 'forged', [roleHeader]: 'forged' };
  const user = marker('identity');
  const known = { authorization: `Bearer valid:${user}:auditor` };
  const asked = [
    { what: 'customer route', path: '/api/v1/identity', headers: { ...forged, ...known }, user, role: undefined },
    { what: 'admin route', path: '/api/v1/admin/identity', headers: { ...forged, ...known }, user, role: 'auditor' },
    {
      what: 'no identity reported',
      path: '/api/v1/identity',
      headers: { ...forged, authorization: 'Bearer anonymous' },
      user: undefined,
      role: undefined,
    },
  ];
  const delivered = await deliver(
    context,
    asked.map(({ path, headers }) => ({ client: context.clientFor(path), path, headers })),
  );
  const faults = asked.flatMap(({ what, user: reported, role }, index) => {
    const arrival = delivered[index]?.arrivals[0];
    if (!arrival) return [`${what}: no backend received it (${outcomeOf(delivered[index]!.seen)})`];
    const roles = valuesOf(arrival, roleHeader);
    // The customer route need not tell the role; if it does, it must be the reported one.
    const roleReported = role ?? (reported === undefined || roles.length === 0 ? undefined : 'auditor');
    return [
      identityFault({ what, name: userHeader, values: valuesOf(arrival, userHeader), reported }),
      identityFault({ what, name: roleHeader, values: roles, reported: roleReported }),
    ].flatMap((fault) => fault ?? []);
  });
  return judged(
    faults.length === 0,
    `${userHeader} and ${roleHeader} are what the authentication service reported, never what the client sent`,
    faults.length === 0 ? 'as reported on both routes, absent without a report' : listed(faults, 6),
    [
      table(
        'identity at the backend, with forged headers from the client',
        ['request', 'status', userHeader, roleHeader],
        asked.map(({ what }, index) => {
          const { seen, arrivals } = delivered[index]!;
          return [
            what,
            outcomeOf(seen),
            valuesOf(arrivals[0], userHeader).join(' | ') || 'absent',
            valuesOf(arrivals[0], roleHeader).join(' | ') || 'absent',
          ];
        }),
      ),
    ],
    'the gateway asks nobody who the client is and passes its headers as they are',
  );
}

/** The question to the authentication service tells target and method of the request, and has no body. */
export async function originalRequest(
  context: CaseContext,
  [uriHeader = '', methodHeader = '']: readonly string[],
): Promise<Outcome> {
  const body = JSON.stringify({ note: 'for the backend alone' });
  const delivered = await deliver(
    context,
    ['/api/v1/original', '/api/v1/admin/original'].map((path) => ({
      client: context.clientFor(path),
      path,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })),
  );
  const faults = delivered.flatMap(({ probe, path, questions, seen }) => {
    const [question] = questions;
    if (!question) return [`${probe.path}: the authentication service was not asked about it (${outcomeOf(seen)})`];
    const [uri, method, length] = [uriHeader, methodHeader, 'content-length'].map((name) =>
      valuesOf(question, name).join(' | '),
    );
    return [
      ...(uri === path ? [] : [`${probe.path}: ${uriHeader} ${uri || 'absent'}`]),
      ...(method === 'POST' ? [] : [`${probe.path}: ${methodHeader} ${method || 'absent'}`]),
      ...(length === '' || length === '0' ? [] : [`${probe.path}: a body of ${length ?? ''} bytes announced`]),
    ];
  });
  return judged(
    faults.length === 0,
    `the authentication service gets ${uriHeader} and ${methodHeader} on both routes, and no body`,
    faults.length === 0 ? 'both headers on both routes, no body' : listed(faults),
    [
      table(
        'questions at the authentication service',
        ['request', 'asked', uriHeader, methodHeader, 'Content-Length'],
        delivered.map(({ path, questions: [question] }) => [
          `POST ${path}`,
          question?.url ?? 'nothing',
          ...[uriHeader, methodHeader, 'content-length'].map(
            (name) => valuesOf(question, name).join(' | ') || 'absent',
          ),
        ]),
      ),
    ],
    'no auth_request asks the authentication service',
  );
}

/** What is wrong with a Set-Cookie line; names of attributes compare without case. */
export function cookieFaults(
  line: string,
  wanted: { readonly secure: boolean; readonly httpOnly: boolean; readonly sameSite: string },
): string[] {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const has = (attribute: string): boolean => attributes.some((one) => one.toLowerCase() === attribute.toLowerCase());
  const name = pair.split('=')[0] ?? '';
  return [
    ...(has('Secure') === wanted.secure ? [] : [`${name} ${wanted.secure ? 'without' : 'with'} Secure`]),
    ...(has('HttpOnly') === wanted.httpOnly ? [] : [`${name} ${wanted.httpOnly ? 'without' : 'with'} HttpOnly`]),
    ...(has(`SameSite=${wanted.sameSite}`) ? [] : [`${name} without SameSite=${wanted.sameSite}`]),
  ];
}

/** Where clients log in. */
const LOGINS = ['/api/v1/auth/login', '/api/v1/admin/auth/login'];

/** Logs in on both APIs and looks at every cookie that comes back. */
export async function sessionCookies(
  context: CaseContext,
  wanted: { readonly secure: boolean; readonly httpOnly: boolean; readonly sameSite: string },
): Promise<Outcome> {
  const logins = await Promise.all(
    LOGINS.map(async (path) => {
      const client = context.clientFor(path);
      const options = {
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ username: marker('login'), password: 'open-sesame' }),
      };
      const seen = await client.request(path, options);
      const lines = headersNamed(seen, 'set-cookie');
      const none = seen.status !== 200 || lines.length === 0;
      const faults = none
        ? [`${outcomeOf(seen)}, ${String(lines.length)} cookies`]
        : lines.flatMap((line) => cookieFaults(line, wanted));
      return { path, none, lines, faults, proof: asExchange(client.step(options, 0), seen) };
    }),
  );
  const wrong = logins.filter(({ faults }) => faults.length > 0);
  return judged(
    wrong.length === 0,
    `session cookies Secure, HttpOnly and SameSite=${wanted.sameSite}`,
    wrong.length === 0
      ? logins.map(({ path, lines }) => `${path}: ${String(lines.length)}, with these flags`).join('; ')
      : wrong.map(({ path, faults }) => `${path}: ${listed(faults)}`).join('; '),
    logins.map(({ proof }) => proof),
    logins.some(({ none }) => none)
      ? 'the application sends a Secure cookie only when X-Forwarded-Proto tells it that the client came over TLS'
      : undefined,
  );
}
