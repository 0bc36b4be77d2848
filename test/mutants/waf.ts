import type { Mutant } from './mutant.ts';

const claim = (slug: string): string => `production-gateway.waf.${slug}`;

export default [
  {
    name: 'the firewall only detects',
    base: 'hardened',
    file: 'waf/mode.conf',
    find: 'SecRuleEngine On',
    replace: 'SecRuleEngine DetectionOnly',
    turns: ['sqli-xss', 'modsecurity-crs', 'crs-blocking', 'null-bytes'].map(claim),
  },
  {
    name: 'the firewall does not read bodies',
    base: 'hardened',
    file: 'waf/engine.conf',
    find: 'SecRequestBodyAccess On',
    replace: 'SecRequestBodyAccess Off',
    turns: ['sqli-xss', 'crs-blocking', 'null-bytes'].map(claim),
  },
  {
    name: 'null bytes are let through',
    base: 'hardened',
    file: 'waf/platform.conf',
    find: 'log,deny,status:400,msg:',
    replace: 'log,pass,msg:',
    turns: [claim('null-bytes')],
  },
  {
    name: 'no audit log',
    base: 'hardened',
    file: 'waf/engine.conf',
    find: 'SecAuditEngine RelevantOnly',
    replace: 'SecAuditEngine Off',
    turns: ['modsecurity-crs', 'crs-blocking'].map(claim),
  },
] satisfies Mutant[];
