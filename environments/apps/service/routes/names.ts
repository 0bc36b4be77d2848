import type { Config } from '../config.ts';

const PUBLIC_ROUTES = new Set([
  'POST /api/v1/auth/login',
  'POST /api/v1/admin/auth/login',
  'GET /api/v1/me',
  'GET /api/v1/session',
  'POST /api/v1/consultations',
  'POST /api/v1/payments',
  'POST /api/v1/users',
]);

/** Whether a named route answers this; everything else is echoed. */
export function isNamed(config: Config, method: string, path: string): boolean {
  if (path === config.health.path || path === config.metrics.path) return method === 'GET' || method === 'HEAD';
  if (config.service === 'auth') return path === '/validate' || path === '/validate/admin';
  return PUBLIC_ROUTES.has(`${method} ${path}`);
}
