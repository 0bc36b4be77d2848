import { app, environment, monitoring, nginx, postgres, redis, VIRTUAL_ADDRESS } from '../harness/environment.ts';

/** Settings that the document asks of both backend services. */
const documentedEnv = {
  TRUST_PROXY: 'true',
  TRUST_PROXY_HOPS: '1',
  ENABLE_HEALTH_CHECK: 'true',
  HEALTH_CHECK_PATH: '/health',
  ENABLE_METRICS: 'true',
  METRICS_PATH: '/metrics',
  METRICS_AUTH: 'false',
  SESSION_COOKIE_SECURE: 'true',
  SESSION_COOKIE_HTTPONLY: 'true',
  SESSION_COOKIE_SAMESITE: 'lax',
  CORS_ORIGINS: 'https://api.insightserenity.com,https://www.insightserenity.com',
  LOG_LEVEL: 'info',
  LOG_FORMAT: 'json',
  USE_CLUSTER: 'true',
};

/** Of the instances that all cases share every worker tells the same figures (adaptation whole-metrics). */
const sharedEnv = { ...documentedEnv, METRICS_SCOPE: 'cluster' };

export default environment({
  document: 'Production Gateway Integration Architecture',
  serverName: 'api.insightserenity.com',
  services: {
    gateway: nginx({ replicas: 2 }),
    admin: app({ service: 'admin-server', replicas: 4, port: 3000, env: sharedEnv }),
    customer: app({ service: 'customer-services', replicas: 6, port: 3001, env: sharedEnv }),
    auth: app({ service: 'auth', replicas: 1, port: 3100 }),
    postgres: postgres(),
    redis: redis(),
    monitoring: monitoring(),
  },
  documentedAddresses: {
    '10.0.1.100': VIRTUAL_ADDRESS,
    '10.0.1.101': 'gateway-1',
    '10.0.1.102': 'gateway-2',
    ...Object.fromEntries([1, 2, 3, 4].map((n) => [`10.0.2.10${String(n)}`, `admin-${String(n)}`])),
    ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`10.0.3.10${String(n)}`, `customer-${String(n)}`])),
    '10.0.5.101': 'redis-1',
  },
});
