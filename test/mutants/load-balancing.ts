import type { Mutant } from './mutant.ts';

const id = (slug: string): string => `production-gateway.load-balancing.${slug}`;
const ADMIN = 'upstreams/admin.conf';
const CUSTOMER = 'upstreams/customer.conf';

export default [
  {
    name: 'balancing: third admin instance weighs as much as the others',
    base: 'documented',
    file: ADMIN,
    find: 'weight=50',
    replace: 'weight=100',
    turns: [id('admin-distribution'), id('admin-weights')],
  },
  {
    name: 'balancing: customer pool in turn instead of by active requests',
    base: 'documented',
    file: CUSTOMER,
    find: 'least_conn;',
    replace: '',
    turns: [id('customer-least-conn')],
  },
  {
    name: 'balancing: customer spare takes part',
    base: 'documented',
    file: CUSTOMER,
    find: 'server customer-6:3001 backup;',
    replace: 'server customer-6:3001;',
    turns: [id('customer-instance-count'), id('customer-equal-when-idle')],
  },
  {
    name: 'balancing: admin spare missing',
    base: 'documented',
    file: ADMIN,
    find: 'server admin-4:3000 backup;',
    replace: '',
    turns: [id('admin-instance-count')],
  },
  {
    name: 'balancing: each worker counts admin turns for itself',
    base: 'documented',
    file: ADMIN,
    find: 'zone admin_backend 64k;',
    replace: '',
    turns: [id('shared-state')],
  },
  {
    name: 'balancing: each worker counts customer failures for itself',
    base: 'hardened',
    file: CUSTOMER,
    find: 'zone customer_backend 64k;',
    replace: '',
    turns: [id('shared-state')],
  },
  {
    name: 'upstream connections: fewer kept for the customer pool',
    base: 'documented',
    file: CUSTOMER,
    find: 'keepalive 64;',
    replace: 'keepalive 32;',
    turns: [id('upstream-keepalive')],
  },
  {
    name: 'upstream connections: closed after each admin request',
    base: 'documented',
    file: 'api/admin.conf',
    find: 'proxy_set_header Connection "";',
    replace: '',
    turns: [id('upstream-keepalive')],
  },
  {
    name: 'upstream connections: retired after 50 requests',
    base: 'documented',
    file: CUSTOMER,
    find: 'keepalive_requests 100;',
    replace: 'keepalive_requests 50;',
    turns: [id('keepalive-100-requests')],
  },
  {
    name: 'upstream connections: idle for 40 s only',
    base: 'documented',
    file: CUSTOMER,
    find: 'keepalive_timeout 60s;',
    replace: 'keepalive_timeout 40s;',
    turns: [id('upstream-idle-60s')],
  },
] satisfies Mutant[];
