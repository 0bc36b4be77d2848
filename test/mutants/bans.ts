import type { Mutant } from './mutant.ts';

const REFUSED = ['production-gateway.access-control.fail2ban', 'production-gateway.rate-limit.fail2ban'];
const FAILED_AUTH = 'production-gateway.access-control.ip-blacklist-auto';

export default [
  {
    name: 'a jail whose filter does not exist',
    base: 'hardened',
    file: 'fail2ban/jail.local',
    find: 'filter = nginx-req-limit',
    replace: 'filter = nginx-rate-limit',
    turns: REFUSED,
  },
  {
    name: 'bans of a minute',
    base: 'hardened',
    file: 'fail2ban/jail.local',
    find: 'bantime = 3600',
    replace: 'bantime = 60',
    turns: [...REFUSED, FAILED_AUTH],
  },
  {
    name: 'bans after two failures',
    base: 'hardened',
    file: 'fail2ban/jail.local',
    find: 'maxretry = 10',
    replace: 'maxretry = 2',
    turns: [...REFUSED, FAILED_AUTH],
  },
  {
    name: 'bans on port 443 alone',
    base: 'hardened',
    file: 'fail2ban/jail.local',
    find: 'port="http,https"',
    replace: 'port="https"',
    turns: [...REFUSED, FAILED_AUTH],
  },
  {
    name: 'refusals below the level of the error log',
    base: 'hardened',
    file: 'http/limit-zones.conf',
    find: 'limit_req_status 429;',
    replace: 'limit_req_status 429;\nlimit_req_log_level info;',
    turns: ['production-gateway.access-control.fail2ban'],
  },
  {
    name: 'refusals of the shared limits that no filter knows',
    base: 'hardened',
    file: 'fail2ban/filter.d/nginx-req-limit.conf',
    find: 'by shared zone',
    replace: 'by other zone',
    turns: ['production-gateway.rate-limit.fail2ban'],
  },
  {
    name: 'failed authentications without a line',
    base: 'hardened',
    file: 'http/logging.conf',
    find: '    401 1;',
    replace: '    402 1;',
    turns: [FAILED_AUTH],
  },
] satisfies readonly Mutant[];
