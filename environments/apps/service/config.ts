import { networkInterfaces } from 'node:os';

/** Names that the document gives to its backends, and the authentication service of its admin section. */
export type ServiceName = 'admin-server' | 'customer-services' | 'auth';

const SERVICES: readonly ServiceName[] = ['admin-server', 'customer-services', 'auth'];

/** How many proxies in front are believed: a number of hops, or `all` of them. 0 believes the socket only. */
export type TrustedProxies = number | 'all';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Everything one instance of the service needs to know. */
export interface Config {
  readonly service: ServiceName;
  readonly instance: string;
  readonly version: string;
  readonly host: string;
  readonly port: number;
  /** Index of the worker within its instance, from 0. */
  readonly worker: number;
  readonly trustedProxies: TrustedProxies;
  /** A disabled path answers 404. */
  readonly health: { readonly enabled: boolean; readonly path: string };
  readonly metrics: { readonly enabled: boolean; readonly path: string };
  /** `worker`: each worker shows what it counted itself, as prom-client does; `cluster`: any of them shows the sum. */
  readonly metricsScope: 'worker' | 'cluster';
  readonly metricsAuth: boolean;
  readonly metricsToken: string;
  readonly cookie: {
    readonly secure: boolean;
    readonly httpOnly: boolean;
    readonly sameSite: 'lax' | 'strict' | 'none' | false;
  };
  readonly corsOrigins: readonly string[];
  readonly logLevel: LogLevel;
  readonly logFormat: 'json' | 'text';
  readonly pgUrl: string | null;
  readonly redisUrl: string | null;
  readonly jwtSecret: string;
  readonly loginPassword: string;
  readonly arrivalsDir: string;
  /** Holds the per-instance behaviour files and the sockets of the metrics. */
  readonly runDir: string;
  readonly keepAliveTimeout_ms: number;
  readonly shutdownTimeout_ms: number;
  readonly serviceTimeSeed: number;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Origins that the document allows while CORS_ORIGINS is unset (its section on CORS). */
const FALLBACK_ORIGINS = [
  'http://localhost:3000',
  'https://api.insightserenity.com',
  'https://www.insightserenity.com',
];

const DEFAULT_PORTS: Readonly<Record<ServiceName, number>> = {
  'admin-server': 3000,
  'customer-services': 3001,
  auth: 3100,
};

/**
 * Reads the documented variables and the few of our own.
 * @throws Error naming the variable that has an impossible value.
 */
export function readConfig(env: Env): Config {
  const service = oneOf(env, 'SERVICE', SERVICES, 'customer-services');
  return {
    service,
    instance: env['INSTANCE'] || service,
    version: env['SERVICE_VERSION'] || '2.0.1',
    host: env['HOST'] || internalAddress(),
    port: whole(env, 'PORT', DEFAULT_PORTS[service]),
    worker: whole(env, 'NODE_APP_INSTANCE', 0),
    trustedProxies: trustedProxies(service, env),
    health: { enabled: flag(env, 'ENABLE_HEALTH_CHECK', true), path: env['HEALTH_CHECK_PATH'] || '/health' },
    metrics: { enabled: flag(env, 'ENABLE_METRICS', true), path: env['METRICS_PATH'] || '/metrics' },
    metricsScope: oneOf(env, 'METRICS_SCOPE', ['worker', 'cluster'] as const, 'worker'),
    metricsAuth: flag(env, 'METRICS_AUTH', false),
    metricsToken: env['METRICS_TOKEN'] || '',
    cookie: {
      secure: flag(env, 'SESSION_COOKIE_SECURE', false),
      httpOnly: flag(env, 'SESSION_COOKIE_HTTPONLY', true),
      sameSite: sameSite(env['SESSION_COOKIE_SAMESITE']),
    },
    corsOrigins: list(env['CORS_ORIGINS']) ?? FALLBACK_ORIGINS,
    logLevel: oneOf(env, 'LOG_LEVEL', ['debug', 'info', 'warn', 'error'] as const, 'info'),
    logFormat: oneOf(env, 'LOG_FORMAT', ['json', 'text'] as const, 'json'),
    pgUrl: env['PG_URL'] || null,
    redisUrl: env['REDIS_URL'] || null,
    jwtSecret: env['JWT_SECRET'] || 'a signing key for test environments only',
    loginPassword: env['LOGIN_PASSWORD'] || 'open-sesame',
    arrivalsDir: env['ARRIVALS_DIR'] ?? '/arrivals',
    runDir: env['RUN_DIR'] || '/run/gateproof',
    keepAliveTimeout_ms: whole(env, 'KEEP_ALIVE_TIMEOUT_MS', 75_000),
    shutdownTimeout_ms: whole(env, 'SHUTDOWN_TIMEOUT_MS', 8_000),
    serviceTimeSeed: whole(env, 'SERVICE_TIME_SEED', 1),
  };
}

/** One instance that the lab plays. */
export interface LabInstance {
  readonly instance: string;
  readonly service: ServiceName;
  readonly host: string;
  readonly port: number;
}

/**
 * Parses `admin-1@198.18.64.31:3000,customer-1@…`. The part of the name before
 * the number tells the service.
 * @throws Error naming the entry that cannot be read.
 */
export function parseInstances(text: string): LabInstance[] {
  return (list(text) ?? []).map((entry) => {
    const match = /^([a-z]+)-(\d+)@([0-9.]+|\[[0-9a-f:.]+\]):(\d+)$/i.exec(entry);
    const service = match && SERVICES.find((name) => name.split('-')[0] === match[1]);
    if (!match || !service)
      throw new Error(`INSTANCES: cannot read "${entry}"; expected (admin|customer|auth)-<n>@<address>:<port>`);
    return {
      instance: `${match[1] ?? ''}-${match[2] ?? ''}`,
      service,
      host: (match[3] ?? '').replace(/[[\]]/g, ''),
      port: Number(match[4]),
    };
  });
}

/**
 * The documented code differs between the services: admin-server asks whether
 * the proxy is enabled and takes the number of hops; customer-services looks
 * only whether TRUST_PROXY is a non-empty string (so `false` counts as well)
 * and then believes every hop.
 */
function trustedProxies(service: ServiceName, env: Env): TrustedProxies {
  if (service === 'customer-services') return env['TRUST_PROXY'] ? 'all' : 0;
  return flag(env, 'TRUST_PROXY', false) ? whole(env, 'TRUST_PROXY_HOPS', 1) : 0;
}

/** First address of this machine that is not loopback: the documented services bind to their internal address only. */
function internalAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  return addresses.find(({ family, internal }) => family === 'IPv4' && !internal)?.address ?? '127.0.0.1';
}

function sameSite(value: string | undefined): Config['cookie']['sameSite'] {
  const lower = value?.toLowerCase();
  if (lower === undefined || lower === '') return false;
  if (lower === 'lax' || lower === 'strict' || lower === 'none') return lower;
  throw new Error(`SESSION_COOKIE_SAMESITE: "${lower}" is none of lax, strict, none`);
}

function flag(env: Env, name: string, fallback: boolean): boolean {
  const value = env[name]?.trim().toLowerCase();
  if (value === undefined || value === '') return fallback;
  if (value === 'true' || value === '1' || value === 'yes') return true;
  if (value === 'false' || value === '0' || value === 'no') return false;
  throw new Error(`${name}: "${value}" is neither true nor false`);
}

function whole(env: Env, name: string, fallback: number): number {
  const value = env[name]?.trim();
  if (value === undefined || value === '') return fallback;
  if (!/^\d+$/.test(value)) throw new Error(`${name}: "${value}" is not a whole number`);
  return Number(value);
}

function oneOf<T extends string>(env: Env, name: string, allowed: readonly T[], fallback: T): T {
  const value = env[name] || fallback;
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`${name}: "${value}" is none of ${allowed.join(', ')}`);
  return found;
}

function list(value: string | undefined): string[] | null {
  const entries = (value ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  return entries.length > 0 ? entries : null;
}
